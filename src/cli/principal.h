// Who an `iam` command is about: a token or a user, in a project.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "cli/active_project.h"
#include "cli/command.h"

namespace latchkey::cli {

struct PrincipalFlags {
    std::optional<std::string> id;
    std::optional<std::string> type;
};
void add_principal_flags(Command& command, PrincipalFlags& flags);

struct Principal {
    Project project;
    std::string type;  // "token" or "user"
    std::string id;    // UUID or its short form, as given

    [[nodiscard]] std::string path() const;   // /v1/projects/{id}/principals/{type}/{id}
    [[nodiscard]] std::string shown() const;  // "token 7Vgs…", for a terminal
};

// "token" unless it was given; a usage error for any other word than token and user.
Result<std::string> principal_type(const PrincipalFlags& flags);
// In the project that is meant. Asks for a missing id at a terminal. A user may be named by the
// name he has among the project's members, or by what find_user takes.
Result<Principal> principal_meant(Context& context, ApiClient& client, const PrincipalFlags& flags);

}  // namespace latchkey::cli
