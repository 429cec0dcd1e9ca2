// "May it do this, and which statement says so?" for a principal in a project: asked of judge, as a
// check would ask it, and then of each limit alone. Changes nothing; a draft policy can be tried.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authority/grants.h"
#include "base/clock.h"
#include "verify/judge.h"

namespace latchkey::authority {

struct Simulation {
    PrincipalName principal;
    std::string_view action;
    std::string_view resource;              // empty or "*": none is named
    std::optional<std::string_view> draft;  // a document in the place of the stored policy
};

enum class Decision : std::uint8_t { kAllow, kDeny, kNoMatch, kNoPolicy, kNotGranted };
std::string_view decision_name(Decision decision);  // "allow", "no_match" …

// What else has a say, beside the policy: "token_scopes", "owner_roles", "member_role",
// "owner_policy", "token_state"; of a user only "owner_roles" and "member_role". A user's roles are
// told, and counted, only to himself, to administrators (user:read) and to who may change members.
struct SimulatedLimit {
    std::string_view name;
    bool is_allowed{false};
};

struct SimulationAnswer {
    bool is_allowed{false};
    Decision decision{Decision::kNotGranted};  // the policy's
    std::optional<std::size_t> index;          // of the statement that decided
    std::optional<PolicyStatement> statement;
    std::vector<SimulatedLimit> limits;
    std::string reason;  // one sentence
};

// What was read and checked for it; needs policy:read in the project. A token that the actor may
// see but that is not in the project is no error: it is not granted.
struct PreparedSimulation {
    ProjectId project;
    store::PrincipalKind kind{store::PrincipalKind::kToken};
    UuidBytes principal{};
    std::string action;
    std::string resource;
    std::string api_slug;
    bool is_granted{false};
    std::optional<Policy> draft;
    // Of a user, whom the replica knows no token for.
    std::optional<Policy> user_policy;
    bool shows_roles{false};
    std::vector<std::string> user_patterns;  // what his roles allow at the API
    bool is_limited{false};                  // his membership has a custom role …
    std::vector<std::string> place;          // … which allows this there
};
Result<PreparedSimulation> prepare_simulation(store::Connection& db, const Actor& actor,
                                              const DirectoryView& apis, const Simulation& wanted);

// `reader` is the calling thread's own. Ask it after the preparation, not within its transaction.
SimulationAnswer simulate(const PreparedSimulation& prepared, verify::Replica::Reader& reader,
                          Timestamp now);

}  // namespace latchkey::authority
