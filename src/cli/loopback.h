// A port of this machine on which a command line waits for its browser (RFC 8252 §7.3): of
// 127.0.0.1, or of ::1 where there is no other, chosen by the system. Several connections at a
// time, for browsers open some that they do not use. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/callback.h"

namespace latchkey::cli {

class Loopback {
public:
    static Result<Loopback> open();
    Loopback(Loopback&& other) noexcept;
    Loopback& operator=(Loopback&&) = delete;
    Loopback(const Loopback&) = delete;
    Loopback& operator=(const Loopback&) = delete;
    ~Loopback();

    [[nodiscard]] const std::string& authority() const { return authority_; }  // "127.0.0.1:49152"

    // Until a browser brings the answer with that state, which then waits for reply(); nothing when
    // the time is over. Everything else is answered here. `tick` runs every second or so.
    Result<std::optional<Callback>> wait(std::string_view state, std::chrono::seconds time,
                                         const std::function<void()>& tick);
    void reply(CallbackPage page);

private:
    struct Connection {
        int descriptor{-1};
        std::string head;
        std::chrono::steady_clock::time_point until;
    };

    Loopback(int listener, std::string authority)
        : listener_(listener), authority_(std::move(authority)) {}
    void accept_one();
    // Whether there is nothing more to hear from it.
    bool read_from(Connection& connection, std::string_view state, std::optional<Callback>& answer);

    int listener_{-1};
    std::string authority_;
    std::vector<Connection> connections_;
    int waiting_{-1};  // who brought the answer
    PageLanguage language_{PageLanguage::kEnglish};
};

}  // namespace latchkey::cli
