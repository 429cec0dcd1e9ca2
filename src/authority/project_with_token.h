// What is made or changed together, in one event: a project with its first token, and a project's
// token with its grant there.
#pragma once

#include <functional>

#include "authority/edit_token.h"
#include "authority/project_tokens.h"
#include "authority/projects.h"
#include "base/json.h"

namespace latchkey::authority {

struct ProjectWithToken {
    ProjectView view;
    CreatedProjectToken token;
};
// The project is made, or neither is. Errors: those of both.
Result<ProjectWithToken> create_project_with_token(store::Transaction& tx, const Actor& actor,
                                                   const DirectoryView& apis,
                                                   const CreateProject& wanted,
                                                   const CreateProjectToken& first);

// create_project, and what `also` makes with it adds its facts to the event.
using AlsoMade = std::function<Status(const store::ProjectRecord& project, json::array& facts)>;
Result<ProjectView> create_project_and(store::Transaction& tx, const Actor& actor,
                                       const DirectoryView& apis, const CreateProject& wanted,
                                       const AlsoMade& also);

// edit_token of a project's own token: its grant in the project follows its scopes, unless somebody
// wrote another policy there, which stays and limits it.
Result<TokenDetails> edit_token_and_grant(store::Transaction& tx, const Actor& actor,
                                          const DirectoryView& directory, std::string_view id,
                                          const TokenEdit& edit);

}  // namespace latchkey::authority
