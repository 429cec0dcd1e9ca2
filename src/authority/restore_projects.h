// What a restore knows of the time after the backup about projects, members, policies, roles and
// used assertions: the present state, read before it is replaced. What was taken since stays
// taken; what was changed in a way that nobody can weigh gives nothing until somebody sets it.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "store/store.h"
#include "store/tables.h"

namespace latchkey::authority {

struct PresentProjects {
    using Place = std::pair<ProjectId, UserId>;

    std::set<ProjectId> projects;  // that are not deleted
    std::map<Place, store::MembershipRecord> members;
    std::map<std::pair<ProjectId, TokenId>, Digest> token_policies;
    std::map<Place, std::string> user_policies;  // they limit: one may have to be put back
    std::map<RoleId, store::RoleRecord> roles;
};

Status read_projects(store::Connection& db, PresentProjects& present);

// In the copy of the backup. The facts of what changed go to `facts`; returns how many things were
// taken or cut.
Result<std::size_t> keep_taken(store::Transaction& tx, const PresentProjects& present,
                               json::array& facts);

// An assertion that was used after the backup must not be good again.
using UsedAssertions = std::vector<std::pair<Digest, Timestamp>>;
Result<UsedAssertions> read_assertions(store::Connection& db);
Status keep_assertions(store::Connection& db, const UsedAssertions& used);
// Nor an access token that was revoked after it.
Status keep_revoked_access(store::Connection& db,
                           const std::vector<store::RevokedAccessRecord>& revoked,
                           json::array& facts);

}  // namespace latchkey::authority
