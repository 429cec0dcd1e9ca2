// The tokens of a project itself. They act for the project's own user, who is made with the first
// one, and so outlive whoever made them; when the project is deleted they die. Opaque, in the
// two-part form, for the project's API, with a grant in the project that says what their scopes
// say. Members reach them by change_token.h too.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "authority/change_token.h"
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
    bool needs_unique_name{false};  // among the project's tokens that are not revoked
};

struct CreatedProjectToken {
    store::TokenRecord token;
    Secret text;
};

// One event. Needs token:write in the project, and every permission at its API himself: nobody
// hands on what he has not. Errors: no_permissions, duplicate_permission, unknown_scope,
// token_name_taken.
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

// By id, wherever it belongs: any other token than a project's answers as an unknown one.
Result<TokenDetails> get_project_token(store::Connection& db, const Actor& actor,
                                       std::string_view id);
Status delete_project_token(store::Transaction& tx, const Actor& actor, std::string_view id);

struct EditProjectToken {
    std::optional<std::string> name{};                      // unique among the project's
    std::optional<std::vector<std::string>> permissions{};  // all of them
};
// What its grant in the project says follows its permissions, unless somebody wrote a policy of its
// own there: that one stays, and limits it. Errors: those of creation and of edit_token.
Result<TokenDetails> edit_project_token(store::Transaction& tx, const Actor& actor,
                                        const DirectoryView& apis, std::string_view id,
                                        const EditProjectToken& edit);

}  // namespace latchkey::authority
