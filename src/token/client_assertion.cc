#include "token/client_assertion.h"

#include <algorithm>
#include <chrono>

#include "token/claim_readers.h"
#include "token/jws.h"

namespace latchkey {
namespace {

constexpr Microseconds kLifetimeMax = std::chrono::seconds(300);
constexpr Microseconds kAheadMax = std::chrono::seconds(10);
constexpr std::size_t kJtiBytesMax = 256;

// One text for every cause, so that nobody learns which tokens and keys exist; the log has more.
Error bad_assertion(std::string why) {
    return Error{ErrorCode::kUnauthenticated, "The client assertion is not valid.", std::move(why)}
        .with_reason("bad_assertion");
}

Error bad_assertion(const Error& cause) {
    return bad_assertion(cause.field + ": " + cause.message);
}

// The one audience that the claim names.
const json::string* audience_of(const json::object& claims, bool may_be_list) {
    const auto* audience = claims.if_contains("aud");
    if (audience == nullptr) return nullptr;
    // An array could name a second server, where the same assertion would be good as well.
    const auto* list = may_be_list ? audience->if_array() : nullptr;
    if (list == nullptr) return audience->if_string();
    return list->size() == 1 ? list->front().if_string() : nullptr;
}

Status check_audience(const json::object& claims, const AssertionAudiences& audiences) {
    const auto* audience = audience_of(claims, audiences.may_be_list);
    if (audience == nullptr) return bad_assertion("aud is missing or no string");
    const std::string_view text(*audience);
    const bool is_ours =
        !text.empty() && std::any_of(audiences.names.begin(), audiences.names.end(),
                                     [&](const std::string& name) { return name == text; });
    return is_ours ? Status{} : Status(bad_assertion("aud is not our issuer"));
}

// The claims that may be absent; `missing` stands for them.
Result<Timestamp> optional_time(const json::object& claims, std::string_view name,
                                Timestamp missing) {
    if (!claims.contains(name)) return missing;
    return time_claim(claims, name);
}

Result<Timestamp> check_times(const json::object& claims, Timestamp now) {
    const Timestamp expires_at = TRY(time_claim(claims, "exp"));
    const Timestamp issued_at = TRY(optional_time(claims, "iat", now));
    const Timestamp not_before = TRY(optional_time(claims, "nbf", now));
    if (expires_at <= now) return malformed_claim("it has expired", "exp");
    if (issued_at > now + kAheadMax) return malformed_claim("it is in the future", "iat");
    if (not_before > now + kAheadMax) return malformed_claim("it is in the future", "nbf");
    if (expires_at - issued_at > kLifetimeMax) return malformed_claim("too far away", "exp");
    return expires_at;
}

}  // namespace

bool is_assertion_typ(std::string_view typ) {
    return TypPolicy::absent_or("client-authentication+jwt").allows(typ) ||
           TypPolicy::exactly("JWT").allows(typ);
}

Result<AssertionClaims> check_assertion(const json::object& claims, std::string_view issuer,
                                        Timestamp now) {
    const std::string name(issuer);
    return check_assertion(claims, AssertionAudiences{{&name, 1}, false}, now);
}

Result<AssertionClaims> check_assertion(const json::object& claims,
                                        const AssertionAudiences& audiences, Timestamp now) {
    const auto issued_by = text_claim(claims, "iss");
    if (!issued_by) return bad_assertion(issued_by.error());
    const auto subject = text_claim(claims, "sub");
    if (!subject) return bad_assertion(subject.error());
    if (*issued_by != *subject) return bad_assertion("iss is not sub");
    const auto client = TokenId::parse(*subject);
    if (!client) return bad_assertion("sub is no id");
    TRY(check_audience(claims, audiences));
    auto id = text_claim(claims, "jti");
    if (!id) return bad_assertion(id.error());
    if (id->size() > kJtiBytesMax) return bad_assertion("jti is too long");
    const auto expires_at = check_times(claims, now);
    if (!expires_at) return bad_assertion(expires_at.error());
    return AssertionClaims{*client, std::move(id).value(), *expires_at};
}

Digest assertion_digest(const AssertionClaims& claims) {
    // The id has a fixed length, so that no two pairs give one text.
    std::string owner = "latchkey assertion";
    owner += claims.client.raw();
    return sha256(owner, claims.id);
}

}  // namespace latchkey
