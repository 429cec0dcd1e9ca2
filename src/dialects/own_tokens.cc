#include "dialects/own_tokens.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "api/problem.h"

namespace latchkey::dialects {
namespace {

bool is_json(std::string_view type) {
    std::string_view essence = type.substr(0, type.find(';'));
    while (essence.ends_with(' ') || essence.ends_with('\t')) {
        essence.remove_suffix(1);
    }
    constexpr std::string_view kSuffix = "+json";
    const auto tail = essence.substr(essence.size() - std::min(essence.size(), kSuffix.size()));
    return http::equal_without_case(essence, "application/json") ||
           http::equal_without_case(essence, "text/json") ||
           http::equal_without_case(tail, kSuffix);
}

// What the owner may do with his tokens; nothing when he is gone.
std::vector<std::string> owned(verify::Replica::Reader& reader, const UserId& owner) {
    std::vector<std::string> patterns;
    const verify::ReadGuard guard(reader);
    if (!reader.find_user_patterns(owner, authority::kManagementApi, patterns)) patterns.clear();
    return patterns;
}

}  // namespace

Result<api::Principal> enter(api::Services& services, std::size_t reactor,
                             const http::Request& request, const OwnTokensDoor& door) {
    auto principal = TRY(api::authenticate(services, reactor, request, api::CookieRule::kRefused));
    if (principal.access) return api::invalid_token("an access token manages no tokens");
    if (!principal.token || principal.token_api == authority::kManagementApi) {
        authority::confine(principal.actor, door.door);
        return principal;
    }
    if (principal.token_api != door.api_slug) {
        return api::invalid_token("this token is for another API");
    }
    auto& state = *services.reactors[reactor];
    authority::let_in(principal.actor, door.door, principal.scopes,
                      owned(*state.reader, principal.actor.user));
    // So that nobody takes from it, as never used, what it comes in with.
    if (principal.actor.may("token:write")) {
        state.usage.record_scope(*principal.token, principal.generation,
                                 services.authority.clock().now(), door.door.write_scope);
    }
    return principal;
}

Result<authority::PreparedToken> create_own_token(api::Call& call, authority::CreateToken wanted) {
    auto& services = call.services;
    wanted.api = call.actor().only_api->uuid();
    wanted.kind = services.authority.site()->default_kind;
    if (wanted.kind == store::TokenKind::kKey) wanted.kind = store::TokenKind::kJwt;
    auto made = [&] {
        const std::lock_guard lock(services.worker_reader_mutex);
        return authority::prepare_token(services.authority, *services.worker_reader, call.actor(),
                                        std::move(wanted));
    }();
    if (!made) return made;
    TRY(services.authority.store().mutate([&](store::Transaction& tx) {
        return authority::insert_token(services.authority, tx, *made);
    }));
    return made;
}

Result<std::optional<Timestamp>> read_end(const api::Call& call, api::Body& body,
                                          std::string_view name) {
    const auto end = TRY(body.optional_time(name));
    if (body.has(name)) return end;
    const auto days = call.services.authority.site()->default_life_days;
    if (!days) return std::optional<Timestamp>{};
    return std::optional{call.services.authority.clock().now() + std::chrono::hours(24) * *days};
}

Result<authority::OwnTokens> list_own_tokens(api::Call& call,
                                             const authority::OwnTokensQuery& query) {
    return call.services.authority.store().query<authority::OwnTokens>(
        [&](store::Connection& db) { return authority::list_own_tokens(db, call.actor(), query); });
}

Result<authority::TokenDetails> change_own_token(api::Call& call, authority::TokenChange change) {
    std::optional<authority::TokenDetails> details;
    TRY(call.services.authority.store().mutate(
        [&](store::Transaction& tx) -> Status {
            details =
                TRY(authority::change_token(tx, call.actor(), call.parameters[0], change, ""));
            return {};
        },
        true));
    return std::move(*details);
}

Result<api::Body> read_object(const http::Request& request) {
    const auto type = request.find("Content-Type");
    if (type && !is_json(*type)) {
        return invalid("the body must be JSON", "unsupported_media_type");
    }
    auto value = TRY(parse_json(request.body));
    json::object* object = value.if_object();
    if (object == nullptr) return invalid("the body must be a JSON object", "wrong_type");
    return api::Body(std::move(*object));
}

int status_of(const Error& error) {
    const int status = api::status_of(error);
    return status == 422 ? 400 : status;
}

std::string sentence_of(const Error& error) {
    std::string text = api::detail_of(error);
    if (error.code == ErrorCode::kPermissionDenied) {
        for (const auto& scope : error.scopes) {
            if (text.find(scope) == std::string::npos) text += ": " + api::readable(scope);
        }
    }
    if (!error.hint.empty()) text += " (" + api::readable(error.hint) + ")";
    return text;
}

void add_error_fields(const api::Services& services, const Error& error, http::Response& response) {
    response.fields.emplace_back("Cache-Control", "no-store");
    if (response.status == 401) {
        response.fields.emplace_back("WWW-Authenticate", api::challenge(error, services.issuer()));
    }
    if (error.retry_after_seconds > 0 || response.status == 503) {
        const auto seconds = std::max<std::int64_t>(error.retry_after_seconds, 1);
        response.fields.emplace_back("Retry-After", std::to_string(seconds));
    }
}

}  // namespace latchkey::dialects
