// Where a command reads and writes: three streams and what they are connected to. Commands never
// touch the process's own streams, so that tests can stand in for a terminal. Prompts go to stderr,
// so that stdout stays data.
#pragma once

#include <cstddef>
#include <functional>
#include <istream>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "base/secret.h"

namespace latchkey::cli {

using Environment = std::function<std::optional<std::string>(const char* name)>;

struct Console {
    std::istream& in;
    std::ostream& out;
    std::ostream& err;
    bool in_is_terminal{false};
    bool out_is_terminal{false};
    bool err_is_terminal{false};
    bool colour{false};       // of stderr's words "error", "hint" and "warning"
    std::size_t columns{80};  // of stdout
};

// The first line, without its end. An end of input before any byte is an error.
Result<std::string> read_line(Console& console);
// The whole of stdin without the line feeds at its end, at most 64 KiB.
Result<Secret> read_secret_from_input(Console& console);
Result<std::string> ask(Console& console, std::string_view question);
// Echo is off while typing, and comes back on Ctrl-C too.
Result<Secret> ask_hidden(Console& console, std::string_view question);
Result<bool> confirm(Console& console, std::string_view question);            // no is the default
Result<bool> confirm_unless_no(Console& console, std::string_view question);  // yes is
// An empty line is `fallback`, which is shown.
Result<std::string> ask_or(Console& console, std::string_view question, std::string_view fallback);

enum class JsonForm { kPretty, kCompact };
// Ends with a line feed. Pretty JSON is for a terminal: what could rewrite it is escaped.
std::string format_json(const json::value& value, JsonForm form);

// "warning: …" and "hint: …" lines.
void print_warning(Console& console, std::string_view text);
void print_hint(Console& console, std::string_view text);
void print_labelled(Console& console, std::string_view label, std::string_view text);

// Ctrl-C ends the process with 130 and restores the terminal; a closed pipe is an error to see, not
// a signal to die of.
void install_signal_handlers();

}  // namespace latchkey::cli
