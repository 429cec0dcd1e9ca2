#include "cli/principal.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/id.h"
#include "cli/client/fields.h"
#include "cli/context.h"
#include "cli/text.h"
#include "cli/user_lookup.h"

namespace latchkey::cli {
namespace {

std::string principals_of(const Project& project) {
    return "/v1/projects/" + percent_encode(project.id) + "/principals";
}

// Whoever may read the project may name its members, also without the right to read all users.
Result<std::string> find_member(ApiClient& client, const Project& project,
                                const std::string& wanted) {
    if (parse_uuid(wanted)) return wanted;
    const auto members = client.list(with_query(principals_of(project), {{"type", "user"}}), 0);
    if (!members) return find_user(client, wanted);
    std::vector<std::string> found;
    for (const json::value& item : members->items) {
        if (!item.is_object() || text_of(item.get_object(), "name") != wanted) continue;
        found.push_back(text_of(item.get_object(), "principalId"));
    }
    return found.size() == 1 ? found.front() : find_user(client, wanted);
}

}  // namespace

void add_principal_flags(Command& command, PrincipalFlags& flags) {
    command.option("-i,--principal-id", flags.id, "ID",
                   "The token's or user's id; for a user also his e-mail or name");
    command.option("-t,--principal-type", flags.type, "TYPE", "token (default) or user");
    command.values("--principal-type", {"token", "user"});
}

std::string Principal::path() const {
    return fmt::format("{}/{}/{}", principals_of(project), type, percent_encode(id));
}

std::string Principal::shown() const {
    return fmt::format("{} {}", type, harmless(short_id(id)));
}

Result<std::string> principal_type(const PrincipalFlags& flags) {
    const std::string type = flags.type.value_or("token");
    if (type == "token" || type == "user") return type;
    return usage_error(fmt::format("\"{}\" is no type of principal", type),
                       "--principal-type takes token or user");
}

Result<Principal> principal_meant(Context& context, ApiClient& client,
                                  const PrincipalFlags& flags) {
    const std::string type = TRY(principal_type(flags));
    const std::string given = TRY(context.need(
        flags.id, "-i/--principal-id", type == "user" ? "The user's id or e-mail" : "Token id"));
    if (type == "token" && !parse_uuid(given)) {
        return usage_error(fmt::format("\"{}\" is no id of a token", given),
                           "latchkey token list shows ids; for a user add -t user");
    }
    Project project = TRY(project_meant(context, client));
    std::string id = given;
    if (type == "user") id = TRY(find_member(client, project, given));
    return Principal{std::move(project), type, std::move(id)};
}

}  // namespace latchkey::cli
