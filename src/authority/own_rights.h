// What somebody may hand on in a project: the one source that policies, the project's own tokens
// and the places of members are measured with.
#pragma once

#include <optional>
#include <string_view>

#include "authority/policy_rights.h"
#include "authority/project_access.h"
#include "authority/rights.h"
#include "token/policy.h"

namespace latchkey::authority {

// His rights, and what his custom role and his own policy there leave of them. An administrator of
// the installation stands above both.
struct OwnRights {
    Rights rights;
    std::optional<Rights> place;
    std::optional<Policy> policy;
};
Result<OwnRights> own_rights(store::Connection& db, const ProjectAccess& access);

// At one API. It looks into `own`, which must outlive it.
PolicySource source_at(const OwnRights& own, std::string_view api_slug);

}  // namespace latchkey::authority
