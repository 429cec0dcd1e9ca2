// What the event stream said about tokens, secrets, owners and keys. A fact that says revoked,
// disabled or withdrawn counts at once; every other one leaves something open, and then lists and
// answers from before it count no more for whom it concerns. What is not understood concerns
// everybody: unlike the replica, a verifier may be older than its authority.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "embed/signed_token.h"

namespace latchkey::embed {

// A revision, and when it was made by the authority's clock.
struct Since {
    std::uint64_t revision{0};
    std::int64_t seconds{0};
    // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 misreads the defaulted comparison.
    auto operator<=>(const Since&) const = default;
};

class StreamFacts {
public:
    void apply(const json::value* facts, Since since, bool makes_token);
    // After a gap only what is for ever stays true.
    void begin_again(Since since);

    [[nodiscard]] bool is_compromised(const std::string& kid) const;
    // Why the token is not valid; none: no fact says so.
    [[nodiscard]] std::optional<std::string> verdict_of(const SignedToken& token) const;
    // Since when only what was learned later counts for the token.
    [[nodiscard]] Since open_for(const SignedToken& token) const;
    // Whether the token was made at that revision: who was shown it learned all later.
    [[nodiscard]] bool is_making(const SignedToken& token, std::uint64_t revision) const;
    [[nodiscard]] std::uint64_t open_for_answer(const std::string& token,
                                                const std::string& owner) const;

private:
    bool apply_one(const json::value& fact, Since since);
    bool apply_token(const json::object& fact, Since since);
    bool apply_states(const json::object& fact, Since since);
    bool set_state(const std::string& token, const std::string& state, Since since);
    bool apply_secret(const json::object& fact, Since since);
    bool apply_user(const json::object& fact, Since since);
    bool apply_key(const json::object& fact, Since since);
    bool apply_access(const json::object& fact);
    bool apply_project(const json::object& fact, Since since);
    void say(const std::string& name, const std::string& verdict);
    // Too much to keep: it is in the lists too, and access tokens made before are asked about.
    void forget(Since since);
    [[nodiscard]] Since newest(Since newest, const std::vector<std::string>& names) const;

    Since for_all_;
    Since for_owners_;                             // for tokens that do not say whose they are
    Since for_projects_;                           // for answers that speak of several projects
    Since for_unknown_;                            // for answers that know of no token
    std::map<std::string, std::string> verdicts_;  // by id, jti or digest
    std::map<std::string, Since> open_;
    std::map<std::string, std::uint64_t> made_;  // the revision at which a token was made
    std::set<std::string> compromised_;
};

}  // namespace latchkey::embed
