// What comes to the port on which a login waits: one answer counts, and nobody else learns a thing.
#include "cli/callback.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "cli/browser.h"
#include "crypto/digest.h"

namespace latchkey::cli {
namespace {

constexpr const char* kAuthority = "127.0.0.1:49152";
constexpr const char* kState = "the-state-of-this-login";

std::string request(const std::string& target, const std::string& fields = "Host: 127.0.0.1:49152",
                    const std::string& method = "GET") {
    return method + " " + target + " HTTP/1.1\r\n" + fields;
}

Heard heard(const std::string& head) {
    return hear(head, {kAuthority, kState});
}

std::string answer_to(const std::string& query) {
    return request("/callback?" + query);
}

TEST(Callback, TheAnswerWithOurStateIsTheOneThatIsWaitedFor) {
    const auto got = heard(
        answer_to("code=lkc_abc&state=the-state-of-this-login&iss=http%3A%2F%2F127.0.0.1%3A8080"));
    ASSERT_TRUE(got.callback);
    EXPECT_EQ(got.callback->code, "lkc_abc");
    EXPECT_EQ(got.callback->error, "");
    EXPECT_EQ(got.callback->issuer, "http://127.0.0.1:8080");
    const auto refused = heard(
        answer_to("error=access_denied&error_description=no+way&state=the-state-of-this-login"));
    ASSERT_TRUE(refused.callback);
    EXPECT_EQ(refused.callback->error, "access_denied");
    EXPECT_EQ(refused.callback->issuer, "");
}

TEST(Callback, AnotherStateIsNotWaitedForHowEverItIsWritten) {
    for (const char* query :
         {"", "code=x", "state=the-state-of-this-login", "code=x&state=", "code=x&state=another",
          "code=x&state=the-state-of-this-logi", "code=x&state=the-state-of-this-login2",
          "code=x&State=the-state-of-this-login", "code=x&state=THE-STATE-OF-THIS-LOGIN",
          "code=x&state=other&state=the-state-of-this-login",
          "code=x&state=the-state-of-this-login&state=the-state-of-this-login",
          "code=x&error=y&state=the-state-of-this-login", "code=x&state=the-state-of-this-login%",
          "code=x#state=the-state-of-this-login"}) {
        const auto got = heard(answer_to(query));
        EXPECT_FALSE(got.callback) << query;
        EXPECT_EQ(got.page, CallbackPage::kNotWaitedFor) << query;
    }
}

TEST(Callback, OnlyABrowserThatWasSentToThisPortIsHeard) {
    const std::string target = "/callback?code=x&state=the-state-of-this-login";
    EXPECT_TRUE(heard(request(target)).callback);
    EXPECT_TRUE(heard(request(target, "Accept: */*\r\nhost:127.0.0.1:49152 ")).callback);
    for (const char* fields :
         {"Host: evil.example:49152", "Host: 127.0.0.1", "Host: 127.0.0.1:49153",
          "Host: localhost:49152", "Accept: */*", "Host: 127.0.0.1:49152\r\nHost: 127.0.0.1:49152",
          "X-Host: 127.0.0.1:49152"}) {
        EXPECT_FALSE(heard(request(target, fields)).callback) << fields;
    }
    for (const char* method : {"POST", "HEAD", "OPTIONS", "get"}) {
        const auto got = heard(request(target, "Host: 127.0.0.1:49152", method));
        EXPECT_FALSE(got.callback) << method;
        EXPECT_EQ(got.page, CallbackPage::kWrongMethod) << method;
    }
    for (const char* path : {"/", "/favicon.ico", "/callback/", "/callbacks", "//callback",
                             "/x/../callback", "http://127.0.0.1:49152/callback"}) {
        const auto got =
            heard(request(std::string(path) + "?code=x&state=the-state-of-this-login"));
        EXPECT_FALSE(got.callback) << path;
        EXPECT_EQ(got.page, CallbackPage::kNotFound) << path;
    }
    for (const char* head : {"", "GET", "GET /callback", "GET  HTTP/1.1", "\r\n", "\x16\x03\x01"}) {
        EXPECT_FALSE(heard(head).callback) << head;
    }
}

TEST(Callback, ThePageHasNothingThatWasSentAndRunsNothing) {
    for (const auto page :
         {CallbackPage::kLoggedIn, CallbackPage::kRefused, CallbackPage::kFailed,
          CallbackPage::kNotWaitedFor, CallbackPage::kNotFound, CallbackPage::kWrongMethod}) {
        for (const auto language : {PageLanguage::kEnglish, PageLanguage::kGerman}) {
            const std::string answer = callback_answer(page, language);
            const auto style = answer.find("<style>") + 7;
            const auto digest = sha256(answer.substr(style, answer.find("</style>") - style));
            EXPECT_NE(answer.find("default-src 'none'; style-src 'sha256-" +
                                  base64_encode(as_text(digest)) + "'"),
                      std::string::npos);
            EXPECT_NE(answer.find("frame-ancestors 'none'"), std::string::npos);
            EXPECT_NE(answer.find("Cache-Control: no-store\r\n"), std::string::npos);
            EXPECT_NE(answer.find("Referrer-Policy: no-referrer\r\n"), std::string::npos);
            EXPECT_EQ(answer.find("<script"), std::string::npos);
            const auto body = answer.find("\r\n\r\n") + 4;
            EXPECT_NE(answer.find("Content-Length: " + std::to_string(answer.size() - body)),
                      std::string::npos);
        }
    }
    EXPECT_TRUE(callback_answer(CallbackPage::kNotWaitedFor, PageLanguage::kEnglish)
                    .starts_with("HTTP/1.1 400 "));
    EXPECT_NE(callback_answer(CallbackPage::kLoggedIn, PageLanguage::kEnglish)
                  .find("You can close this window."),
              std::string::npos);
}

TEST(Callback, ThePageSpeaksTheLanguageOfTheBrowser) {
    const auto of = [](const std::string& languages) {
        return heard(request("/", "Host: 127.0.0.1:49152\r\nAccept-Language: " + languages))
            .language;
    };
    EXPECT_EQ(of("de-AT,de;q=0.9,en;q=0.8"), PageLanguage::kGerman);
    EXPECT_EQ(of("en-GB,en;q=0.9,de;q=0.8"), PageLanguage::kEnglish);
    EXPECT_EQ(heard(request("/")).language, PageLanguage::kEnglish);
}

TEST(Browser, IsAsTheVariableNamesItAndNeverAShell) {
    using Commands = std::vector<std::vector<std::string>>;
    const std::string address = "http://127.0.0.1:8080/authorize?a=b&c=$(d)";
    EXPECT_EQ(browser_commands("", address), Commands{});
    EXPECT_EQ(browser_commands("firefox", address), (Commands{{"firefox", address}}));
    EXPECT_EQ(browser_commands("firefox --new-window %s:lynx", address),
              (Commands{{"firefox", "--new-window", address}, {"lynx", address}}));
    EXPECT_EQ(browser_commands(":: w3m  -N :", address), (Commands{{"w3m", "-N", address}}));
    EXPECT_EQ(browser_commands("open --url=%s", address), (Commands{{"open", "--url=" + address}}));
}

}  // namespace
}  // namespace latchkey::cli
