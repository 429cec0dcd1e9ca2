// The terms of a token: when it begins and ends, how often it may be used, and what it may do.
// Checked here for everything that sets them (create, change, rotate), so that no way in is
// forgotten. Pure but for check_owner_has.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "authority/actor.h"
#include "authority/directory.h"
#include "store/records.h"

namespace latchkey::authority {

inline constexpr std::uint32_t kRateRequestsMax = 1'000'000;
inline constexpr std::uint32_t kRateSecondsMax = 86'400;

Timestamp whole_milliseconds(Timestamp time);
// Reasons expiry_in_past, expiry_too_far.
Result<std::optional<Timestamp>> check_end(std::optional<Timestamp> asked, Timestamp now);
// A start that has passed is none. Reason start_after_end.
Result<std::optional<Timestamp>> check_start(std::optional<Timestamp> asked,
                                             std::optional<Timestamp> end, Timestamp now);
// Reason bad_rate_limit.
Status check_rate(const RateLimit& rate);
// What a limited token makes or changes is limited as much: reason rate_beyond_parent.
Status check_rate_within(const RateLimit& rate, const Actor& actor);

// Scopes as they are kept: canonical names of the catalogue. What the token has already is never
// unknown, whatever became of the catalogue.
Result<std::vector<std::string>> scopes_of_change(const DirectoryEntry& api,
                                                  const store::TokenRecord& token,
                                                  const std::vector<std::string>& asked);

// In which respects `after` may do what `before` may not.
struct Widening {
    std::vector<std::string> scopes;  // the new ones
    bool declares_scopes{false};      // had none declared, so that policies alone counted
    bool end{false};
    bool start{false};
    bool addresses{false};
    bool rate{false};

    // What a jwt says itself, so that whoever reads only the jwt would not know.
    [[nodiscard]] bool of_claims() const { return !scopes.empty() || declares_scopes || end; }
    [[nodiscard]] bool any() const { return of_claims() || start || addresses || rate; }
};
Widening widening(const store::TokenRecord& before, const store::TokenRecord& after);
// The claims of its jwt say more than the token may now.
bool has_narrower_claims(const store::TokenRecord& before, const store::TokenRecord& after);

// Scopes that a token gains are the owner's now, as when it is created.
Status check_owner_has(store::Connection& db, const store::TokenRecord& token,
                       const std::string& api_slug, const std::vector<std::string>& scopes);
// Dead tokens stay dead: token_revoked, token_expired.
Status check_still_lives(const store::TokenRecord& token, Timestamp now);

}  // namespace latchkey::authority
