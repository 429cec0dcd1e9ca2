// The principals of a project as its members see them: its users with their places, and the tokens
// that were added to it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authority/project_access.h"
#include "store/tables.h"

namespace latchkey::authority {

struct PrincipalView {
    store::PrincipalKind kind{store::PrincipalKind::kToken};
    UuidBytes id{};
    std::string name;
    std::optional<UserId> owner;  // of a token
    std::string role;             // of a user
    bool has_policy{false};
    Timestamp added_at;
};

std::string_view principal_kind_name(store::PrincipalKind kind);  // "token", "user"
std::optional<store::PrincipalKind> principal_kind_named(std::string_view name);

Error no_such_principal();

Result<PrincipalView> view_of(store::Connection& db, const store::MembershipRecord& membership);
Result<PrincipalView> view_of(store::Connection& db, const store::GrantRecord& grant);

// One page: users before tokens, each in the order of their ids.
struct PrincipalQuery {
    std::optional<store::PrincipalKind> kind;  // none: both
    std::optional<store::PrincipalKind> after_kind;
    UuidBytes after{};  // the last one of the page before, with after_kind
    std::size_t limit{50};
};
Result<std::vector<PrincipalView>> list_principals(store::Connection& db, const Actor& actor,
                                                   std::string_view project,
                                                   const PrincipalQuery& query);

// The projects a token was added to, as far as the actor may see them; the token too must be his to
// see (change_token.h).
struct TokenProject {
    store::ProjectRecord project;
    store::GrantRecord grant;
};
Result<std::vector<TokenProject>> projects_of_token(store::Connection& db, const Actor& actor,
                                                    std::string_view token);

}  // namespace latchkey::authority
