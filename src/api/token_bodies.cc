#include "api/token_bodies.h"

#include "api/edited_text.h"
#include "api/token_changes.h"
#include "authority/change_token.h"
#include "token/durations.h"
#include "token/names.h"

namespace latchkey::api {
namespace {

using authority::CreateToken;
using authority::TokenEdit;

Result<store::TokenKind> kind_of(const std::string& name) {
    if (name == "jwt") return store::TokenKind::kJwt;
    if (name == "opaque") return store::TokenKind::kOpaque;
    if (name == "key") return store::TokenKind::kKey;
    return invalid("there is no kind " + name.substr(0, 40), "unknown_kind", "/kind")
        .with_hint("kinds: jwt, opaque, key");
}

Result<std::optional<UserId>> read_owner(const Call& call) {
    if (!call.query.has("owner")) return std::optional<UserId>{};
    const auto owner = UserId::parse(call.query.get("owner"));
    if (!owner) return invalid("owner is the id of a user", "bad_query");
    return owner;
}

// A name of its own, and not a longer one than a name may be.
std::string name_of_copy(std::string name) {
    constexpr std::string_view kCopy = " copy";
    while (utf8_length(name) + kCopy.size() > kNameLengthMax) {
        do {
            const auto last = static_cast<unsigned char>(name.back());
            name.pop_back();
            if ((last & 0xC0U) != 0x80U) break;
        } while (!name.empty());
    }
    return name.append(kCopy);
}

// As long as the other one was made for, or as long as who makes it may give.
std::optional<Timestamp> life_like(const store::TokenRecord& like, const Call& call) {
    const auto most = call.actor().expires_at;
    if (!like.expires_at) return most;
    const Timestamp now = call.services.authority.clock().now();
    const Timestamp end = now + (*like.expires_at - like.created_at);
    return most ? std::min(*most, end) : end;
}

void copy(const store::TokenRecord& like, const Call& call, CreateToken& wanted) {
    const auto apis = call.services.authority.directory().view();
    const auto* api = apis->find(like.api);
    wanted.name = name_of_copy(like.name);
    wanted.description = like.description;
    wanted.kind = like.kind;
    wanted.api = api == nullptr ? std::string() : api->api.slug;
    wanted.scopes = like.scopes;
    wanted.allowed_ips = like.allowed_ips;
    wanted.rate = like.rate;
    wanted.expires_at = life_like(like, call);
}

Result<std::uint32_t> number_of(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    const auto wrong = [&] {
        return invalid("the member " + std::string(name) + " must be a whole number", "wrong_type",
                       "/rateLimit/" + std::string(name));
    };
    if (value == nullptr || !value->is_int64()) return wrong();
    const auto number = value->get_int64();
    // What is beyond every limit stays beyond it, and is told which the limits are.
    if (number < 0) return std::uint32_t{0};
    return static_cast<std::uint32_t>(std::min<std::int64_t>(number, 0xFFFF'FFFF));
}

// Null here would mean two things: "as it is" and "none".
Status refuse_null(Body& body, std::string_view name) {
    const json::value* value = body.value(name);
    if (value == nullptr || !value->is_null()) return {};
    return invalid("the member " + std::string(name) + " must be an array of strings", "wrong_type",
                   "/" + std::string(name));
}

}  // namespace

Result<std::optional<Timestamp>> read_moment(Body& body, std::string_view name, Timestamp now) {
    const auto text = TRY(body.optional_text(name));
    if (!text) return std::optional<Timestamp>{};
    if (const auto length = parse_duration(*text)) return std::optional{now + *length};
    return body.optional_time(name);
}

Result<std::optional<RateLimit>> read_rate(Body& body) {
    const json::value* value = body.value("rateLimit");
    if (value == nullptr) return std::optional<RateLimit>{};
    if (value->is_null()) return std::optional{RateLimit{}};
    const json::object* object = value->if_object();
    if (object == nullptr || object->size() != 2) {
        return invalid("rateLimit is {\"requests\": …, \"seconds\": …} or null", "wrong_type",
                       "/rateLimit");
    }
    RateLimit rate;
    rate.requests = TRY(number_of(*object, "requests"));
    rate.seconds = TRY(number_of(*object, "seconds"));
    if (rate.is_set() && rate.seconds != 0) return std::optional{rate};
    return invalid("a rate is at least one request in at least one second", "bad_rate_limit",
                   "/rateLimit");
}

Result<CreateToken> read_create(const Call& call, Body& body, const store::TokenRecord* like) {
    CreateToken wanted;
    const Timestamp now = call.services.authority.clock().now();
    const auto site = call.services.authority.site();
    wanted.kind = site->default_kind;
    if (site->default_life_days) {
        wanted.expires_at = now + std::chrono::hours(24) * *site->default_life_days;
    }
    if (like != nullptr) copy(*like, call, wanted);
    const bool must_have_name = like == nullptr || body.has("name");
    if (must_have_name) wanted.name = TRY(body.text("name"));
    wanted.description =
        TRY(body.optional_text("description")).value_or(std::move(wanted.description));
    const auto kind = TRY(body.optional_text("kind"));
    if (kind) wanted.kind = TRY(kind_of(*kind));
    wanted.api = TRY(body.optional_text("api")).value_or(std::move(wanted.api));
    auto scopes = TRY(body.optional_texts("scopes"));
    if (scopes || body.has("scopes")) wanted.scopes = std::move(scopes);
    const auto expires_at = TRY(read_moment(body, "expiresAt", now));
    if (expires_at || body.has("expiresAt")) wanted.expires_at = expires_at;
    wanted.not_before = TRY(read_moment(body, "notBefore", now));
    wanted.allowed_ips =
        TRY(body.optional_texts("allowedIps")).value_or(std::move(wanted.allowed_ips));
    wanted.rate = TRY(read_rate(body)).value_or(wanted.rate);
    wanted.projects = TRY(body.optional_texts("projects")).value_or(std::vector<std::string>());
    auto keys = TRY(read_keys(body));
    TRY(body.done());
    if (wanted.kind == store::TokenKind::kKey && !keys) {
        return invalid("a key token needs your public key", "missing_member", "/keys");
    }
    wanted.keys = std::move(keys).value_or(std::vector<PublicKey>());
    wanted.owner = TRY(read_owner(call));
    return wanted;
}

Result<std::optional<store::TokenRecord>> read_like(Call& call, Body& body) {
    const auto id = TRY(body.optional_text("like"));
    if (!id) return std::optional<store::TokenRecord>{};
    const UserId owner = TRY(read_owner(call)).value_or(call.actor().user);
    auto details = call.services.authority.store().query<authority::TokenDetails>(
        [&](store::Connection& db) { return authority::get_token(db, call.actor(), *id); });
    if (!details) return std::move(details).error().with_field("/like");
    if (details->token.owner == owner) return std::optional{std::move(details->token)};
    return Error{ErrorCode::kNotFound, "the new token's owner has no such token"}
        .with_reason("unknown_token")
        .with_field("/like");
}

Result<TokenEdit> read_edit(Body& body, Timestamp now) {
    TokenEdit edit;
    edit.name = TRY(edited_text(body, "name"));
    edit.description = TRY(edited_text(body, "description"));
    TRY(refuse_null(body, "scopes"));
    edit.scopes = TRY(body.optional_texts("scopes"));
    const auto expires_at = TRY(read_moment(body, "expiresAt", now));
    if (body.has("expiresAt")) edit.expires_at = expires_at;
    const auto not_before = TRY(read_moment(body, "notBefore", now));
    if (body.has("notBefore")) edit.not_before = not_before;
    TRY(refuse_null(body, "allowedIps"));
    edit.allowed_ips = TRY(body.optional_texts("allowedIps"));
    edit.rate = TRY(read_rate(body));
    edit.keys = TRY(read_keys(body));
    TRY(body.done());
    return edit;
}

}  // namespace latchkey::api
