// The port on which a login waits for its browser, with several that knock.
#include "cli/loopback.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace latchkey::cli {
namespace {

using std::chrono::seconds;

// What connects to it: everything that it sends waits in the socket until we look.
class Visitor {
public:
    explicit Visitor(const Loopback& loopback) : descriptor_(socket(AF_INET, SOCK_STREAM, 0)) {
        const auto& authority = loopback.authority();
        EXPECT_TRUE(authority.starts_with("127.0.0.1:")) << authority;
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port =
            htons(static_cast<std::uint16_t>(std::stoi(authority.substr(authority.find(':') + 1))));
        // NOLINTNEXTLINE: sockets are so.
        EXPECT_EQ(connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    }
    Visitor(const Visitor&) = delete;
    Visitor& operator=(const Visitor&) = delete;
    ~Visitor() { close(descriptor_); }

    void say(const std::string& text) const {
        EXPECT_EQ(send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(text.size()));
    }
    [[nodiscard]] std::string hear_all() const {
        std::string all;
        char bytes[4096];
        for (;;) {
            const auto count = recv(descriptor_, bytes, sizeof bytes, 0);
            if (count <= 0) return all;
            all.append(bytes, static_cast<std::size_t>(count));
        }
    }

private:
    int descriptor_;
};

std::string request(const Loopback& loopback, const std::string& target) {
    return "GET " + target + " HTTP/1.1\r\nHost: " + loopback.authority() + "\r\n\r\n";
}

TEST(Loopback, WhoBringsTheAnswerIsAnsweredWhenItIsKnownWhatBecameOfIt) {
    auto loopback = Loopback::open().value();
    const Visitor browser(loopback);
    browser.say(request(loopback, "/callback?code=x&state=s&iss=i"));
    const auto answer = loopback.wait("s", seconds(30), [] {}).value();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->code, "x");
    loopback.reply(CallbackPage::kLoggedIn);
    const auto page = browser.hear_all();
    EXPECT_TRUE(page.starts_with("HTTP/1.1 200 OK\r\n")) << page;
    EXPECT_NE(page.find("The command line is logged in."), std::string::npos);
}

TEST(Loopback, OthersAreSentAwayAndItGoesOnWaiting) {
    auto loopback = Loopback::open().value();
    const Visitor long_winded(loopback);
    long_winded.say("GET /callback?code=" + std::string(kCallbackBytesMax, 'x') + " HTTP/1.1\r\n");
    const Visitor silent(loopback);  // as browsers open some that they do not use
    const Visitor slow(loopback);
    slow.say("GET /callback?code=x&sta");
    const Visitor wrong(loopback);
    wrong.say(request(loopback, "/callback?code=x&state=another"));
    const Visitor icon(loopback);
    icon.say(request(loopback, "/favicon.ico"));
    const Visitor browser(loopback);
    browser.say(request(loopback, "/callback?error=access_denied&state=s"));
    int ticks = 0;
    const auto answer = loopback.wait("s", seconds(30), [&] { ++ticks; }).value();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->error, "access_denied");
    EXPECT_GE(ticks, 1);
    loopback.reply(CallbackPage::kRefused);
    EXPECT_TRUE(wrong.hear_all().starts_with("HTTP/1.1 400 "));
    EXPECT_TRUE(icon.hear_all().starts_with("HTTP/1.1 404 "));
    EXPECT_TRUE(long_winded.hear_all().starts_with("HTTP/1.1 400 "));
    EXPECT_NE(browser.hear_all().find("The login was refused."), std::string::npos);
}

TEST(Loopback, WaitsNoLongerThanItIsTold) {
    auto loopback = Loopback::open().value();
    EXPECT_FALSE(loopback.wait("s", seconds(0), [] {}).value());
}

}  // namespace
}  // namespace latchkey::cli
