// Places in projects under one id each, as other products name them: made of the project and the
// user, so that it is the same when somebody who left comes back.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authority/project_access.h"
#include "store/tables.h"

namespace latchkey::authority {

struct Member {
    store::MembershipRecord membership;
    store::UserRecord user;
    std::vector<std::string> place;  // what it allows at the API `latchkey`
};

UuidBytes member_id(const ProjectId& project, const UserId& user);

// Newest first. Needs project:read in the project. Errors: bad_query for a `before` that is no
// member, perhaps not any more.
struct MemberQuery {
    std::optional<UuidBytes> before{};  // the id of the last one of the page before
    std::size_t limit{200};
};
Result<std::vector<Member>> list_memberships(store::Connection& db, const Actor& actor,
                                             std::string_view project, const MemberQuery& query);
// Nothing: there is none, or it is in a project that the actor may not see. Looks at every
// membership of the projects that he sees, about 1 µs each: for reading, not for the writer.
Result<std::optional<Member>> find_member(store::Connection& db, const Actor& actor,
                                          const UuidBytes& id);
// The actor's own; nothing for who is no member.
Result<std::optional<Member>> own_membership(store::Connection& db, const Actor& actor,
                                             const ProjectId& project);

}  // namespace latchkey::authority
