#include "cli/cli.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <streambuf>

#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/errors.h"
#include "cli/invocation.h"
#include "token/opaque.h"

namespace latchkey::cli {
namespace {

constexpr std::size_t kColumnsWhenUnknown = 80;

// A stream over a descriptor that remembers why writing failed, which std::cout does not.
class DescriptorBuffer final : public std::streambuf {
public:
    explicit DescriptorBuffer(int descriptor) : descriptor_(descriptor) {
        setp(buffer_.data(), buffer_.data() + buffer_.size());
    }
    [[nodiscard]] int failure() const { return failure_; }

protected:
    int_type overflow(int_type byte) override {
        if (sync() != 0) return traits_type::eof();
        if (!traits_type::eq_int_type(byte, traits_type::eof())) {
            *pptr() = traits_type::to_char_type(byte);
            pbump(1);
        }
        return traits_type::not_eof(byte);
    }
    int sync() override {
        const char* from = pbase();
        while (from < pptr() && failure_ == 0) {
            const ssize_t put = ::write(descriptor_, from, static_cast<std::size_t>(pptr() - from));
            if (put < 0 && errno != EINTR) failure_ = errno;
            if (put > 0) from += put;
        }
        setp(buffer_.data(), buffer_.data() + buffer_.size());
        return failure_ == 0 ? 0 : -1;
    }

private:
    int descriptor_;
    int failure_{0};
    std::array<char, 8192> buffer_{};
};

std::size_t columns_of(int descriptor) {
    winsize size{};
    if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
        return kColumnsWhenUnknown;
    }
    return size.ws_col;
}

std::optional<std::string> environment_variable(const char* name) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): one thread so far
    if (value == nullptr) return std::nullopt;
    return std::string(value);
}

bool wants_colour() {
    const auto forbidden = environment_variable("NO_COLOR");
    const auto terminal = environment_variable("TERM");
    return (!forbidden || forbidden->empty()) && terminal.value_or("dumb") != "dumb";
}

}  // namespace

int run(int argc, char** argv, const Hooks& hooks) {
    const std::vector<std::string> args(argv + (argc > 0 ? 1 : 0), argv + argc);
    scrub(argc, argv);
    if (!args.empty() && args.front() == "serve") {
        return hooks.serve({args.begin() + 1, args.end()});
    }
    install_signal_handlers();
    DescriptorBuffer out_buffer(STDOUT_FILENO);
    DescriptorBuffer err_buffer(STDERR_FILENO);
    std::ostream out(&out_buffer);
    std::ostream err(&err_buffer);
    err << std::unitbuf;
    Console console{std::cin, out, err};
    console.in_is_terminal = ::isatty(STDIN_FILENO) == 1;
    console.out_is_terminal = ::isatty(STDOUT_FILENO) == 1;
    console.err_is_terminal = ::isatty(STDERR_FILENO) == 1;
    console.colour = console.err_is_terminal && wants_colour();
    console.columns = columns_of(STDOUT_FILENO);
    const SystemClock clock;
    const int code = run_with({args, console, &environment_variable, hooks, clock});
    out.flush();
    // A reader that has seen enough ("| head") is no failure; a full disk is one.
    if (out_buffer.failure() == 0 || out_buffer.failure() == EPIPE) return code;
    err << "error: cannot write to stdout: " << std::strerror(out_buffer.failure()) << "\n";
    return code == kExitOk ? static_cast<int>(kExitFailure) : code;
}

}  // namespace latchkey::cli
