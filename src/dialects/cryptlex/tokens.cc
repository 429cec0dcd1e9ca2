// /v3/personal-access-tokens: tokens of the API `licensing` in Cryptlex's shape.
#include <array>
#include <charconv>
#include <utility>

#include "api/views.h"
#include "dialects/cryptlex/handlers.h"
#include "dialects/own_tokens.h"

namespace latchkey::dialects::cryptlex {
namespace {

constexpr std::size_t kLimitUsual = 10;
constexpr std::size_t kLimitMax = 100;
constexpr std::size_t kPageMax = 1'000'000;
constexpr std::size_t kTextBytesMax = 400;  // a hundred characters, whatever they are

json::object view_of(const store::TokenRecord& token) {
    return {{"id", token.id.uuid()},
            {"name", token.name},
            {"scopes", api::texts_view(token.scopes.value_or(std::vector<std::string>()))},
            {"expiresAt", api::time_view(token.expires_at)},
            {"revoked", token.state == store::TokenState::kRevoked},
            {"createdAt", format_rfc3339(token.created_at)},
            {"updatedAt", format_rfc3339(token.updated_at)}};
}

Result<std::size_t> number_of(const api::Query& query, std::string_view name, std::size_t otherwise,
                              std::size_t most) {
    const std::string text = query.get(name);
    if (text.empty()) return otherwise;
    std::size_t value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool is_number = parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size();
    if (is_number && value >= 1 && value <= most) return value;
    return invalid(std::string(name) + " is a number from 1 to " + std::to_string(most),
                   "bad_query");
}

Result<store::TokenSort> sort_of(const std::string& sort) {
    static constexpr std::array<std::pair<std::string_view, store::TokenSort>, 5> kSorts{{
        {"", store::TokenSort::kOldest},
        {"createdAt", store::TokenSort::kOldest},
        {"-createdAt", store::TokenSort::kNewest},
        {"name", store::TokenSort::kName},
        {"expiresAt", store::TokenSort::kExpiry},
    }};
    for (const auto& [name, known] : kSorts) {
        if (name == sort) return known;
    }
    return invalid("sort is createdAt, -createdAt, name or expiresAt", "bad_query");
}

// Tokens are made alive.
Status refuse_revoked(api::Body& body) {
    const json::value* value = body.value("revoked");
    if (value == nullptr || value->is_null()) return {};
    if (value->is_bool() && !value->get_bool()) return {};
    return invalid("a new token is not revoked", "bad_request", "/revoked");
}

Result<authority::CreateToken> read_wanted(const api::Call& call) {
    auto body = TRY(read_object(call.request()));
    authority::CreateToken wanted;
    wanted.name = TRY(body.text("name"));
    wanted.scopes = TRY(body.optional_texts("scopes"));
    wanted.expires_at = TRY(read_end(call, body, "expiresAt"));
    TRY(refuse_revoked(body));
    TRY(body.done());
    if (!wanted.scopes) {
        return invalid("the member scopes is missing", "missing_member", "/scopes");
    }
    // The misspelling that was in the table of scopes for ten months, also where the catalogue does
    // not have it as an alias.
    for (auto& scope : *wanted.scopes) {
        if (scope == "licenseTemaplate:write") scope = "licenseTemplate:write";
    }
    return wanted;
}

Result<store::TokenRecord> find_token(api::Call& call) {
    const auto id = TokenId::parse(call.parameters[0]);
    const auto& actor = call.actor();
    // What it is itself a token may always know.
    const bool is_itself = actor.hands_on && id && actor.token == id;
    return call.services.authority.store().query<store::TokenRecord>(
        [&](store::Connection& db) -> Result<store::TokenRecord> {
            if (is_itself) return authority::get_asking_token(db, actor);
            return TRY(authority::get_token(db, actor, call.parameters[0])).token;
        });
}

Error stays_revoked(bool is_revoked) {
    if (!is_revoked) return invalid("revoked can only be set to true", "bad_request", "/revoked");
    return Error{ErrorCode::kConflict, "the token is revoked, and that is for ever"}
        .with_reason("token_revoked")
        .with_hint("create a new token");
}

}  // namespace

Result<http::Response> get_tokens(api::Call& call) {
    const std::size_t page = TRY(number_of(call.query, "page", 1, kPageMax));
    authority::OwnTokensQuery query;
    query.limit = TRY(number_of(call.query, "limit", kLimitUsual, kLimitMax));
    query.skip = (page - 1) * query.limit;
    query.sort = TRY(sort_of(call.query.get("sort")));
    query.text = call.query.get("query");
    query.now = call.services.authority.clock().now();
    if (query.text.size() > kTextBytesMax) {
        return invalid("query has at most 100 characters", "bad_query");
    }
    const auto found = TRY(list_own_tokens(call, query));
    json::array list;
    for (const auto& listed : found.tokens) {
        list.push_back(view_of(listed.token));
    }
    auto response = api::json_answer(200, std::move(list));
    response.fields.emplace_back("Pagination-Count", std::to_string(found.count));
    response.fields.emplace_back("Pagination-Page", std::to_string(page));
    response.fields.emplace_back("Pagination-Limit", std::to_string(query.limit));
    return response;
}

Result<http::Response> post_token(api::Call& call) {
    const auto made = TRY(create_own_token(call, TRY(read_wanted(call))));
    auto view = view_of(made.token);
    view["token"] = made.text.expose();
    return api::json_answer(201, view);
}

Result<http::Response> get_token(api::Call& call) {
    return api::json_answer(200, view_of(TRY(find_token(call))));
}

Result<http::Response> patch_token(api::Call& call) {
    auto body = TRY(read_object(call.request()));
    if (!body.has("revoked")) {
        return invalid("the member revoked is missing", "missing_member", "/revoked");
    }
    const bool is_to_be_revoked = TRY(body.flag("revoked", false));
    TRY(body.done());
    if (!is_to_be_revoked) {
        const auto token = TRY(find_token(call));
        return stays_revoked(token.state == store::TokenState::kRevoked);
    }
    const auto details = TRY(change_own_token(call, authority::TokenChange::kRevoke));
    return api::json_answer(200, view_of(details.token));
}

Result<http::Response> delete_token(api::Call& call) {
    TRY(change_own_token(call, authority::TokenChange::kDelete));
    return api::no_content();
}

}  // namespace latchkey::dialects::cryptlex
