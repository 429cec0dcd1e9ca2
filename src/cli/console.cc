#include "cli/console.h"

#include <algorithm>
#include <array>
#include <csignal>

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include "cli/errors.h"
#include "cli/text.h"

namespace latchkey::cli {
namespace {

constexpr std::size_t kSecretInputBytesMax = 65'536;

// What the signal handler needs; written only while no prompt is open.
termios g_saved_terminal{};                    // NOLINT: a handler has no other way
volatile std::sig_atomic_t g_echo_is_off = 0;  // NOLINT

extern "C" void on_interrupt(int /*signal*/) {
    if (g_echo_is_off != 0) tcsetattr(STDIN_FILENO, TCSANOW, &g_saved_terminal);
    _exit(kExitInterrupted);
}

class EchoOff {
public:
    EchoOff() {
        if (tcgetattr(STDIN_FILENO, &g_saved_terminal) != 0) return;
        termios silent = g_saved_terminal;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        g_echo_is_off = 1;
        tcsetattr(STDIN_FILENO, TCSANOW, &silent);
    }
    EchoOff(const EchoOff&) = delete;
    EchoOff& operator=(const EchoOff&) = delete;
    ~EchoOff() {
        if (g_echo_is_off == 0) return;
        tcsetattr(STDIN_FILENO, TCSANOW, &g_saved_terminal);
        g_echo_is_off = 0;
    }
};

// JSON has its own escapes: \u202e stays JSON where \u{202e} would not.
std::string quoted_for_terminal(std::string_view text) {
    const std::string quoted = json_quote(text);
    std::string out;
    std::size_t at = 0;
    while (at < quoted.size()) {
        std::size_t end = at + 1;
        while (end < quoted.size() && (static_cast<unsigned char>(quoted[end]) & 0xc0U) == 0x80) {
            ++end;
        }
        const std::string piece = quoted.substr(at, end - at);
        const std::string shown = harmless(piece);
        unsigned value = 0;
        if (shown == piece) {
            out += piece;
        } else if (std::sscanf(shown.c_str(), "\\u{%x}", &value) == 1 && value <= 0xffff) {
            out += fmt::format("\\u{:04x}", value);
        } else if (std::sscanf(shown.c_str(), "\\x%x", &value) == 1) {
            out += fmt::format("\\u{:04x}", value);
        } else {
            out += "\\ufffd";
        }
        at = end;
    }
    return out;
}

void write_pretty(const json::value& value, std::size_t depth, std::string& out) {
    const std::string inner((depth + 1) * 2, ' ');
    const std::string outer(depth * 2, ' ');
    if (value.is_object() && !value.get_object().empty()) {
        out += "{";
        const char* separator = "\n";
        for (const auto& member : value.get_object()) {
            out += separator + inner + quoted_for_terminal(member.key()) + ": ";
            write_pretty(member.value(), depth + 1, out);
            separator = ",\n";
        }
        out += "\n" + outer + "}";
    } else if (value.is_array() && !value.get_array().empty()) {
        out += "[";
        const char* separator = "\n";
        for (const auto& element : value.get_array()) {
            out += separator + inner;
            write_pretty(element, depth + 1, out);
            separator = ",\n";
        }
        out += "\n" + outer + "]";
    } else if (value.is_string()) {
        out += quoted_for_terminal(value.get_string());
    } else {
        out += to_json(value);
    }
}

}  // namespace

Result<std::string> read_line(Console& console) {
    std::string line;
    if (!std::getline(console.in, line)) {
        return Error{ErrorCode::kInternal, "the input ended before anything was given"};
    }
    if (!line.empty() && line.back() == '\r') line.pop_back();
    return line;
}

Result<Secret> read_secret_from_input(Console& console) {
    std::string text;
    char byte = 0;
    while (console.in.get(byte)) {
        if (text.size() == kSecretInputBytesMax) {
            return invalid("what came on stdin is too long for a secret", "usage");
        }
        text.push_back(byte);
    }
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) {
        text.pop_back();
    }
    if (text.empty()) return invalid("nothing came on stdin", "usage");
    return Secret(std::move(text));
}

Result<std::string> ask(Console& console, std::string_view question) {
    console.err << harmless(question) << ": " << std::flush;
    return read_line(console);
}

Result<Secret> ask_hidden(Console& console, std::string_view question) {
    console.err << harmless(question) << ": " << std::flush;
    std::optional<EchoOff> silence;
    if (console.in_is_terminal) silence.emplace();
    auto line = read_line(console);
    silence.reset();
    console.err << "\n" << std::flush;
    if (!line) return std::move(line).error();
    return Secret(std::move(line).value());
}

Result<bool> confirm(Console& console, std::string_view question) {
    const std::string answer = TRY(ask(console, fmt::format("{} (y/N)", question)));
    return answer == "y" || answer == "Y" || answer == "yes";
}

Result<bool> confirm_unless_no(Console& console, std::string_view question) {
    const std::string answer = TRY(ask(console, fmt::format("{} (Y/n)", question)));
    return answer != "n" && answer != "N" && answer != "no";
}

Result<std::string> ask_or(Console& console, std::string_view question, std::string_view fallback) {
    std::string answer = TRY(ask(console, fmt::format("{} [{}]", question, fallback)));
    return answer.empty() ? std::string(fallback) : std::move(answer);
}

std::string format_json(const json::value& value, JsonForm form) {
    if (form == JsonForm::kCompact) return to_json(value) + "\n";
    std::string out;
    write_pretty(value, 0, out);
    return out + "\n";
}

void print_labelled(Console& console, std::string_view label, std::string_view text) {
    if (console.colour) {
        const int number = label == "error" ? 31 : label == "warning" ? 33 : 36;
        console.err << fmt::format("\x1b[{}m{}:\x1b[0m {}\n", number, label, harmless(text));
    } else {
        console.err << fmt::format("{}: {}\n", label, harmless(text));
    }
}

void print_warning(Console& console, std::string_view text) {
    print_labelled(console, "warning", text);
}

void print_hint(Console& console, std::string_view text) {
    print_labelled(console, "hint", text);
}

void install_signal_handlers() {
    struct sigaction action {};
    action.sa_handler = &on_interrupt;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, nullptr);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, nullptr);
}

}  // namespace latchkey::cli
