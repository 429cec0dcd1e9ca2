#include "authority/token_terms.h"

#include <algorithm>

#include <fmt/format.h>

#include "authority/addresses.h"
#include "authority/create_token.h"
#include "authority/rights.h"
#include "token/scope.h"

namespace latchkey::authority {
namespace {

bool is_later(const std::optional<Timestamp>& end, const std::optional<Timestamp>& than) {
    return than && (!end || *end > *than);
}

bool begins_sooner(const std::optional<Timestamp>& start, const std::optional<Timestamp>& than) {
    return than && (!start || *start < *than);
}

bool reaches_further(const std::vector<std::string>& addresses,
                     const std::vector<std::string>& than) {
    if (than.empty()) return false;
    return addresses.empty() || !check_within(addresses, than);
}

}  // namespace

Timestamp whole_milliseconds(Timestamp time) {
    return Timestamp::from_microseconds(time.microseconds() / 1000 * 1000);
}

Result<std::optional<Timestamp>> check_end(std::optional<Timestamp> asked, Timestamp now) {
    if (!asked) return asked;
    asked = whole_milliseconds(*asked);
    if (*asked <= now) {
        return invalid("the expiration date is in the past", "expiry_in_past", "/expiresAt");
    }
    if (*asked > kEndOfTime) {
        return invalid("the expiration date is after the year 9999", "expiry_too_far",
                       "/expiresAt");
    }
    return asked;
}

Result<std::optional<Timestamp>> check_start(std::optional<Timestamp> asked,
                                             std::optional<Timestamp> end, Timestamp now) {
    if (!asked) return asked;
    asked = whole_milliseconds(*asked);
    if (*asked <= now) return std::optional<Timestamp>{};
    if (*asked >= end.value_or(kEndOfTime)) {
        return invalid("the token would end before it begins", "start_after_end", "/notBefore");
    }
    return asked;
}

Status check_rate(const RateLimit& rate) {
    if (!rate.is_set() && rate.seconds == 0) return {};
    const bool is_fine = rate.requests > 0 && rate.requests <= kRateRequestsMax &&
                         rate.seconds > 0 && rate.seconds <= kRateSecondsMax;
    if (is_fine) return {};
    return invalid(fmt::format("a rate is 1 to {} requests in 1 to {} seconds", kRateRequestsMax,
                               kRateSecondsMax),
                   "bad_rate_limit", "/rateLimit");
}

Status check_rate_within(const RateLimit& rate, const Actor& actor) {
    if (is_within(rate, actor.rate)) return {};
    return Error{ErrorCode::kPermissionDenied,
                 "a token of limited rate cannot do this to one that may be used more often"}
        .with_reason("rate_beyond_parent")
        .with_field("/rateLimit")
        .with_hint("log in to do it");
}

Result<std::vector<std::string>> scopes_of_change(const DirectoryEntry& api,
                                                  const store::TokenRecord& token,
                                                  const std::vector<std::string>& asked) {
    std::vector<std::string> kept;
    for (std::size_t i = 0; i < asked.size(); ++i) {
        const bool has_it = token.scopes && std::find(token.scopes->begin(), token.scopes->end(),
                                                      asked[i]) != token.scopes->end();
        if (has_it) {
            kept.push_back(asked[i]);
            continue;
        }
        const auto pointer = "/scopes/" + std::to_string(i);
        auto resolved = resolve_scopes(api, {asked[i]}, "/scopes");
        if (!resolved) return std::move(resolved).error().with_field(pointer);
        kept.push_back(std::move(resolved->front()));
    }
    return TRY(ScopeSet::create(std::move(kept))).items();
}

Widening widening(const store::TokenRecord& before, const store::TokenRecord& after) {
    Widening wider;
    if (after.scopes) {
        const std::vector<std::string> none;
        wider.scopes = not_covered(*after.scopes, before.scopes ? *before.scopes : none);
    }
    wider.declares_scopes = before.scopes.has_value() != after.scopes.has_value();
    wider.end = is_later(after.expires_at, before.expires_at);
    wider.start = begins_sooner(after.not_before, before.not_before);
    wider.addresses = reaches_further(after.allowed_ips, before.allowed_ips);
    wider.rate = !is_within(after.rate, before.rate);
    return wider;
}

bool has_narrower_claims(const store::TokenRecord& before, const store::TokenRecord& after) {
    const auto wider_before = widening(after, before);
    return wider_before.of_claims();
}

Status check_owner_has(store::Connection& db, const store::TokenRecord& token,
                       const std::string& api_slug, const std::vector<std::string>& scopes) {
    std::vector<std::string> named = scopes;
    // "*" asks for whatever the owner may do, so it is never more than that.
    std::erase(named, "*");
    auto missing = not_covered(named, rights_at(TRY(rights_of_user(db, token.owner)), api_slug));
    if (missing.empty()) return {};
    return Error{ErrorCode::kPermissionDenied, "the owner may not do this at " + api_slug}
        .with_reason("insufficient_scope")
        .with_scopes(std::move(missing));
}

Status check_still_lives(const store::TokenRecord& token, Timestamp now) {
    if (token.state == store::TokenState::kRevoked) {
        return Error{ErrorCode::kConflict, "the token is revoked, and that is for ever"}
            .with_reason("token_revoked")
            .with_hint("create a new token");
    }
    if (token.expires_at && *token.expires_at <= now) {
        return Error{ErrorCode::kConflict, "the token has expired, and that is for ever"}
            .with_reason("token_expired")
            .with_hint("create a new one like it: latchkey token create --like ID");
    }
    return {};
}

}  // namespace latchkey::authority
