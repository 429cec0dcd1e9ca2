// The command line in one process, for tests: its own configuration directory, given streams,
// environment and time, and canned answers for a server.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/invocation.h"
#include "fetch/testing.h"

namespace latchkey::cli {

inline std::string answer(int status, const std::string& body) {
    return fmt::format("HTTP/1.1 {} X\r\nContent-Length: {}\r\n\r\n{}", status, body.size(), body);
}

inline std::string problem(int status, const std::string& code, const std::string& detail) {
    return answer(status, fmt::format(R"({{"status":{},"code":"{}","detail":"{}",)"
                                      R"("requestId":"r1"}})",
                                      status, code, detail));
}

class Cli : public ::testing::Test {
protected:
    Cli() {
        setenv("TZ", "UTC0", 1);
        tzset();
        std::string name = (std::filesystem::temp_directory_path() / "latchkey-XXXXXX").string();
        CHECK(mkdtemp(name.data()) != nullptr);
        directory_ = name;
        variables_["LATCHKEY_CONFIG_DIR"] = directory_ + "/config";
        hooks_.default_data_directory = directory_ + "/data";
        hooks_.serve = [this](const std::vector<std::string>& args) {
            served_ = args;
            return 42;
        };
        hooks_.check = [](const std::string& data) -> Result<std::string> {
            return "checked " + data;
        };
    }
    ~Cli() override { std::filesystem::remove_all(directory_); }

    int run(std::vector<std::string> args, const std::string& input = {}) {
        std::istringstream in(input);
        out_.str({});
        err_.str({});
        Console console{in, out_, err_};
        console.in_is_terminal = in_is_terminal_;
        console.out_is_terminal = out_is_terminal_;
        console.err_is_terminal = err_is_terminal_;
        console.columns = columns_;
        const auto environment = [this](const char* name) -> std::optional<std::string> {
            const auto found = variables_.find(name);
            if (found == variables_.end()) return std::nullopt;
            return found->second;
        };
        return run_with({std::move(args), console, environment, hooks_, clock_});
    }
    void use(const fetch::CannedServer& server) { variables_["LATCHKEY_SERVER"] = server.url(); }
    [[nodiscard]] std::string out() const { return out_.str(); }
    [[nodiscard]] std::string err() const { return err_.str(); }

    std::string directory_;
    std::map<std::string, std::string> variables_;
    Hooks hooks_;
    FakeClock clock_;
    std::vector<std::string> served_;
    bool in_is_terminal_{false};
    bool out_is_terminal_{false};
    bool err_is_terminal_{false};
    std::size_t columns_{80};

private:
    std::ostringstream out_;
    std::ostringstream err_;
};

}  // namespace latchkey::cli
