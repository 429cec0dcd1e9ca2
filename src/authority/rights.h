// Rights: what somebody may do at each API, as a role writes it. Whoever hands something on is
// measured with these, from the rows of the transaction that he asks in: a demotion counts at once.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "authority/actor.h"
#include "store/records.h"
#include "store/sql.h"

namespace latchkey::authority {

// API slug, or "*" for every API but latchkey, to scope patterns. An API has what stands at its
// slug and, unless it is latchkey, what stands at "*".
using Rights = std::map<std::string, std::vector<std::string>>;

Rights everything();  // every scope of every API
Result<Rights> rights_of(const store::RoleRecord& role);
Result<Rights> rights_of_roles(store::Connection& db, const std::vector<RoleId>& roles);
// What a user's roles allow now; nothing when he is unknown or disabled.
Result<Rights> rights_of_user(store::Connection& db, const UserId& user);
// What the actor may do now: a session what its user may, a token its own scopes, all at latchkey:
// at other APIs a management token has nothing.
Result<Rights> rights_of_actor(store::Connection& db, const Actor& actor);

std::vector<std::string> rights_at(const Rights& rights, std::string_view api_slug);
bool covers(const std::vector<std::string>& patterns, std::string_view scope);
// What both allow.
Rights intersection(const Rights& left, const Rights& right);
// What `wanted` has and `limit` does not cover, as "billing license:read"; empty: nothing.
std::vector<std::string> beyond(const Rights& wanted, const Rights& limit);
// Adds what `more` has, so that either covers.
Rights united(Rights rights, const Rights& more);

}  // namespace latchkey::authority
