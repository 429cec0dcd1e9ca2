// What principals may do in a project: tokens are added without any right, and get it from a
// policy. Nobody writes a policy that allows what he may not do himself.
#pragma once

#include <string>
#include <string_view>

#include "authority/directory.h"
#include "authority/principals.h"
#include "store/store.h"
#include "token/policy.h"

namespace latchkey::authority {

// The token is the actor's own; an administrator adds any. Another one, a member's too, answers as
// an unknown one.
Result<PrincipalView> add_token(store::Transaction& tx, const Actor& actor,
                                std::string_view project, std::string_view token);
Status remove_token(store::Transaction& tx, const Actor& actor, std::string_view project,
                    std::string_view token);

struct PrincipalName {
    std::string_view project;
    store::PrincipalKind kind{store::PrincipalKind::kToken};
    std::string_view id;
};

// No statement: no rights. A user without a policy is limited by his roles alone, so that his reads
// as one that allows everything.
Result<Policy> get_policy(store::Connection& db, const Actor& actor, const PrincipalName& name);
// `text` is the document as it was sent. Errors: bad_policy with line and column;
// insufficient_scope with the actions that the actor may not allow. With a management token
// policies can only be narrowed or emptied: at other APIs it has nothing to hand on.
Result<Policy> set_policy(store::Transaction& tx, const Actor& actor, const DirectoryView& apis,
                          const PrincipalName& name, std::string_view text);
struct Principal {
    store::PrincipalKind kind{store::PrincipalKind::kToken};
    UuidBytes id{};
    std::optional<store::TokenRecord> token;  // of kToken
    std::optional<store::GrantRecord> grant;  // always of a token; of a user with a policy
};
// One that is in the project; kNotFound unknown_principal for every other.
Result<Principal> find_principal(store::Connection& db, const ProjectId& project,
                                 store::PrincipalKind kind, std::string_view id);
// The policy that limits the actor himself in the project; an administrator of the installation
// stands above it.
Result<std::optional<Policy>> own_policy(store::Connection& db, const ProjectAccess& access);
// The checks of set_policy that need no rights: the form, the actions' names, the principals.
Result<Policy> read_policy(const DirectoryView& apis, const ProjectId& project,
                           const Principal& principal, std::string_view text);

}  // namespace latchkey::authority
