// The tokens of a project itself. They act for the project's own user, who is made with the first
// one, and so outlive whoever made them; when the project is deleted they die. Opaque, in the
// two-part form, for the project's API, with a grant in the project that says what their scopes
// say. Members reach them by change_token.h too.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "authority/directory.h"
#include "authority/project_access.h"
#include "base/secret.h"
#include "store/store.h"
#include "store/tables.h"

namespace latchkey::authority {

// What a project is for that names no API.
inline constexpr std::string_view kProjectTokenApi = "pipelines";

struct CreateProjectToken {
    std::string name;
    std::vector<std::string> permissions;
};

struct CreatedProjectToken {
    store::TokenRecord token;
    Secret text;
};

// One event. Needs token:write in the project, and every permission at its API himself: nobody
// hands on what he has not. Errors: no_permissions, duplicate_permission, unknown_scope.
Result<CreatedProjectToken> create_project_token(store::Transaction& tx, const Actor& actor,
                                                 const DirectoryView& apis,
                                                 std::string_view project,
                                                 const CreateProjectToken& wanted);

// Newest first, those that were revoked left out, so that a page may be short. Needs token:read in
// the project.
struct ProjectTokenPage {
    std::vector<store::TokenRecord> tokens;
    std::optional<TokenId> next;  // after which the next page begins
};
Result<ProjectTokenPage> list_project_tokens(store::Connection& db, const Actor& actor,
                                             std::string_view project, store::TokenQuery query);

}  // namespace latchkey::authority
