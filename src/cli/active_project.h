// Which project a command is about. Each context (a stored login, or a server) remembers one: the
// active project, kept beside the login. --project goes before LATCHKEY_PROJECT, that before the
// active project; a person who sees exactly one project need not say which.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "cli/client/api_client.h"
#include "cli/credentials.h"

namespace latchkey::cli {

class Context;

// The one that is meant, looked up at the server. Nothing was said and there is no single choice:
// a usage error that names the ways to say it.
Result<Project> project_meant(Context& context, ApiClient& client);
// By id (either form), else by its exact name among the projects that the caller sees.
Result<Project> find_project(ApiClient& client, const std::string& wanted);

// What this context remembers; the server is not asked.
Result<std::optional<Project>> active_project(Context& context);
Status set_active_project(Context& context, const Project& project);
// Forgets it, if it is this one.
Status clear_active_project(Context& context, const std::string& id);

}  // namespace latchkey::cli
