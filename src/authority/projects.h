// Projects: create, change, delete. Whoever makes one owns it. What somebody may not see answers
// as unknown (project_access.h).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "authority/directory.h"
#include "authority/project_access.h"
#include "store/project_pages.h"
#include "store/store.h"
#include "store/tables.h"

namespace latchkey::authority {

inline constexpr std::size_t kProjectNameLengthMax = 64;  // code points

struct ProjectView {
    store::ProjectRecord project;
    std::string role;  // the actor's place there; empty: none
};

struct CreateProject {
    std::string name;
    std::string description;
    std::string api;  // of its project tokens: slug, audience or id; empty: pipelines
};

struct EditProject {
    std::optional<std::string> name;
    std::optional<std::string> description;
    std::optional<std::string> api;  // empty: none of its own any more
};

Result<ProjectView> create_project(store::Transaction& tx, const Actor& actor,
                                   const DirectoryView& apis, const CreateProject& wanted);
Result<ProjectView> edit_project(store::Transaction& tx, const Actor& actor,
                                 const DirectoryView& apis, std::string_view id,
                                 const EditProject& edit);
// Its memberships and grants go for good, and its own user with all project tokens is disabled; one
// event.
Status delete_project(store::Transaction& tx, const Actor& actor, std::string_view id);

Result<ProjectView> get_project(store::Connection& db, const Actor& actor, std::string_view id);
// In the order in which they were made: all of them for who has user:read, else his own.
Result<std::vector<ProjectView>> list_projects(store::Connection& db, const Actor& actor,
                                               std::optional<ProjectId> after, std::size_t limit);
// The same, the newest first, whatever `query` says of a member.
Result<std::vector<ProjectView>> list_newest_projects(store::Connection& db, const Actor& actor,
                                                      store::NewestProjects query);

}  // namespace latchkey::authority
