#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/context.h"

namespace latchkey::cli {

void add_version(Command root) {
    root.command("version", "Show the version of this program")
        .example("latchkey version")
        .action([](Context& context) -> Result<int> {
            if (context.globals.json) {
                context.print_json(json::object{{"version", LATCHKEY_VERSION}});
            } else {
                context.print(fmt::format("latchkey {}\n", LATCHKEY_VERSION));
            }
            return kExitOk;
        });
}

}  // namespace latchkey::cli
