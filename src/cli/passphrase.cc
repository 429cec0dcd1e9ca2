#include "cli/passphrase.h"

#include <fmt/format.h>

#include "cli/credentials.h"
#include "cli/errors.h"

namespace latchkey::cli {
namespace {

constexpr std::size_t kPassphraseBytesMax = 4'096;

}  // namespace

Result<Secret> read_passphrase(Console& console, const std::string& path) {
    if (path == "-") return read_secret_from_input(console);
    const Secret text(TRY(read_file(path, kPassphraseBytesMax)));
    std::string_view passphrase = text.expose();
    while (!passphrase.empty() && (passphrase.back() == '\n' || passphrase.back() == '\r')) {
        passphrase.remove_suffix(1);
    }
    if (passphrase.empty()) return usage_error(fmt::format("{} holds no passphrase", path));
    return Secret(std::string(passphrase));
}

Result<Secret> ask_new_passphrase(Console& console) {
    for (;;) {
        Secret first = TRY(ask_hidden(console, "Passphrase for the private key (empty for none)"));
        if (first.empty()) return first;
        const Secret second = TRY(ask_hidden(console, "The same passphrase again"));
        if (equal_in_constant_time(first.expose(), second.expose())) return first;
        print_labelled(console, "error", "the two are not the same");
    }
}

}  // namespace latchkey::cli
