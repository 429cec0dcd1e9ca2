#include "cli/invocation.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/temporary_directory.h"
#include "cli/credentials.h"
#include "cli/testing.h"
#include "fetch/testing.h"

namespace latchkey::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kOpaque = "lkp_0123456789abcdefghijklmnopqrstuvwx1234AB";
constexpr const char* kToken =
    R"({"id":"0190163d-8694-739b-aea5-966c26f8ad91","name":"ci","description":"d","kind":"jwt",)"
    R"("api":"latchkey","audience":"latchkey","scopes":["account:read","token:read"],)"
    R"("state":"active","createdAt":"2023-01-10T11:55:00.000Z","expiresAt":null,)"
    R"("lastUsedAt":null)";

TEST_F(Cli, ATokenIsMadeAndItsSecretIsTheOneLineOnStdout) {
    fetch::CannedServer server({answer(201, std::string(kToken) + R"(,"token":"the.secret.x"})")});
    use(server);
    EXPECT_EQ(run({"token", "create", "-n", "ci", "-e", "30d", "--ip", "10.0.0.0/8,::1", "--token",
                   kOpaque}),
              0);
    EXPECT_EQ(out(), "Success! Your token: the.secret.x\n");
    EXPECT_THAT(err(), AllOf(HasSubstr("default scopes: account:read token:read"),
                             HasSubstr("cannot be shown again"), Not(HasSubstr("the.secret.x"))));
    const std::string request = server.requests().front();
    EXPECT_THAT(request, HasSubstr("POST /v1/tokens HTTP/1.1"));
    EXPECT_THAT(request, HasSubstr(std::string("Authorization: Bearer ") + kOpaque));
    const std::string expires = format_rfc3339(clock_.now() + std::chrono::hours(30 * 24));
    EXPECT_THAT(request, HasSubstr(R"({"name":"ci","expiresAt":")" + expires +
                                   R"(","allowedIps":["10.0.0.0/8","::1"]})"));
}

TEST_F(Cli, QuietGivesTheSecretAloneAndJsonOneObject) {
    const std::string made = answer(201, std::string(kToken) + R"(,"token":"the.secret.x"})");
    fetch::CannedServer server({made, made});
    use(server);
    variables_["LATCHKEY_TOKEN"] = kOpaque;
    EXPECT_EQ(run({"token", "create", "-n", "ci", "-q"}), 0);
    EXPECT_EQ(out(), "the.secret.x\n");
    EXPECT_EQ(err(), "");
    EXPECT_EQ(run({"token", "create", "-n", "ci", "--json", "-s", "*"}), 0);
    EXPECT_THAT(out(), HasSubstr(R"("token":"the.secret.x")"));
    EXPECT_THAT(err(), HasSubstr("warning: the scope *"));
}

TEST_F(Cli, ExpiryTextsAreJudgedBeforeAnythingIsSent) {
    variables_["LATCHKEY_TOKEN"] = kOpaque;
    variables_["LATCHKEY_SERVER"] = "http://127.0.0.1:1";
    EXPECT_EQ(run({"token", "create", "-n", "ci", "-e", "tomorrow"}), 2);
    EXPECT_THAT(err(), HasSubstr("hint: "));
    EXPECT_EQ(run({"token", "create", "-n", "ci", "-e", "2001-01-31"}), 6);
    EXPECT_EQ(run({"token", "create", "-n", "ci", "--kind", "magic"}), 2);
    EXPECT_EQ(run({"token", "create", "--no-input"}), 2);
    EXPECT_THAT(err(), HasSubstr("--name is required"));
}

TEST_F(Cli, AnEmptyListSaysHowToMakeATokenAndAFullOneIsCapesTable) {
    fetch::CannedServer server({answer(200, "[]"), answer(200, "[" + std::string(kToken) + "}]"),
                                answer(200, "[" + std::string(kToken) + "}]"),
                                answer(200, "[" + std::string(kToken) + "}]")});
    use(server);
    variables_["LATCHKEY_TOKEN"] = kOpaque;
    EXPECT_EQ(run({"token", "list"}), 0);
    EXPECT_EQ(out(), "No tokens found. You can create tokens with latchkey token create\n");
    EXPECT_EQ(run({"token", "ls"}), 0);
    EXPECT_THAT(out(), AllOf(HasSubstr("│ NAME │ DESCRIPTION │ CREATED AT        │\n"),
                             HasSubstr("│ ci   │ d           │ Jan 10 2023 11:55 │\n"),
                             Not(HasSubstr("EXPIRES"))));
    out_is_terminal_ = true;
    columns_ = 120;
    EXPECT_EQ(run({"token", "list"}), 0);
    EXPECT_THAT(out(), AllOf(HasSubstr("LAST USED"), HasSubstr("Never")));
    columns_ = 80;
    EXPECT_EQ(run({"token", "list"}), 0);
    EXPECT_THAT(out(), Not(HasSubstr("LAST USED")));
    EXPECT_THAT(server.requests().front(), HasSubstr("GET /v1/tokens?state=active&limit=200 "));
}

TEST_F(Cli, JsonListsAreCompactWhenPipedAndOneRecordALineWithQuiet) {
    const std::string two = answer(200, R"([{"id":"1"},{"id":"2"}])");
    fetch::CannedServer server({two, two, two});
    use(server);
    variables_["LATCHKEY_TOKEN"] = kOpaque;
    EXPECT_EQ(run({"token", "list", "--json"}), 0);
    EXPECT_EQ(out(), "[{\"id\":\"1\"},{\"id\":\"2\"}]\n");
    EXPECT_EQ(run({"token", "list", "--json", "-q"}), 0);
    EXPECT_EQ(out(), "{\"id\":\"1\"}\n{\"id\":\"2\"}\n");
    out_is_terminal_ = true;
    EXPECT_EQ(run({"token", "list", "--json"}), 0);
    EXPECT_EQ(out(), "[\n  {\n    \"id\": \"1\"\n  },\n  {\n    \"id\": \"2\"\n  }\n]\n");
}

TEST_F(Cli, DeletingSaysEachIdAndGoesOnAfterAFailure) {
    fetch::CannedServer server({answer(204, ""), problem(404, "not_found", "no such token"),
                                answer(204, ""), problem(404, "not_found", "no such token")});
    use(server);
    variables_["LATCHKEY_TOKEN"] = kOpaque;
    EXPECT_EQ(run({"token", "delete", "a", "b", "list"}), 10);
    EXPECT_EQ(out(), "Deleted token a\nDeleted token list\n");
    EXPECT_THAT(err(), HasSubstr("error: b: no such token"));
    EXPECT_EQ(run({"token", "rm", "b", "--json"}), 3);
    EXPECT_EQ(out(), "");
    EXPECT_THAT(err(), HasSubstr(R"({"error":{"code":"not_found","message":"no such token",)"
                                 R"("status":404,"requestId":"r1"}})"));
    EXPECT_THAT(server.requests().front(), HasSubstr("DELETE /v1/tokens/a HTTP/1.1"));
}

TEST_F(Cli, ALoginIsKeptPrivatelyUsedAndForgotten) {
    fetch::CannedServer server(
        {answer(201, R"({"user":{},"expiresAt":"2027-01-01T00:00:00.000Z","session":"lks_x"})"),
         answer(200, R"({"email":"ana@example.com","name":"Ana","roles":["administrator"]})"),
         answer(204, "")});
    EXPECT_EQ(
        run({"login", "--server", server.url(), "--email", "ana@example.com", "--password-stdin"},
            "pass word\n"),
        0);
    EXPECT_THAT(out(), HasSubstr("as ana@example.com"));
    struct stat facts {};
    ASSERT_EQ(stat((directory_ + "/config/credentials.json").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777U, 0600U);
    ASSERT_EQ(stat((directory_ + "/config").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777U, 0700U);
    // No --server: the login made its server the one that is meant.
    EXPECT_EQ(run({"whoami"}), 0);
    EXPECT_THAT(out(), AllOf(HasSubstr("ana@example.com (Ana)"), HasSubstr("a CLI session")));
    EXPECT_EQ(run({"logout"}), 0);
    EXPECT_EQ(run({"whoami"}), 4);
    const auto requests = server.requests();
    EXPECT_THAT(requests[0], HasSubstr(R"("password":"pass word","kind":"cli")"));
    EXPECT_THAT(requests[1], HasSubstr("Authorization: Bearer lks_x"));
    EXPECT_THAT(requests[2], HasSubstr("DELETE /v1/session"));
}

TEST_F(Cli, AWrongPasswordIsNotBlamedOnTheLoginThatIsKept) {
    fetch::CannedServer server({problem(401, "bad_login", "the password is wrong")});
    Credentials credentials;
    credentials.active = server.url();
    credentials.contexts[server.url()] = {server.url(), true, "lks_x", "a", ""};
    ASSERT_TRUE(save_credentials(directory_ + "/config", credentials));
    EXPECT_EQ(run({"login", "--email", "a@example.com", "--password-stdin"}, "wrong\n"), 4);
    EXPECT_EQ(err(), "error: the password is wrong\nhint: check both, then try again\n");
}

TEST_F(Cli, TheTableOfEventsHasASummaryAndJsonHasAll) {
    const std::string events =
        R"([{"epoch":1,"revision":7,"at":"2023-01-10T11:55:00.000Z","type":"token.revoked",)"
        R"("actor":"system","data":{"facts":[{"kind":"token"}],"name":"ci","reason":"leaked"}}])";
    fetch::CannedServer server({answer(200, events), answer(200, events)});
    use(server);
    variables_["LATCHKEY_TOKEN"] = "t";
    EXPECT_EQ(run({"events", "list"}), 0);
    EXPECT_THAT(out(), AllOf(HasSubstr("│ ci, reason: leaked │"), Not(HasSubstr("facts"))));
    EXPECT_EQ(run({"events", "list", "--json"}), 0);
    EXPECT_THAT(out(), HasSubstr(R"("facts":[{"kind":"token"}])"));
}

TEST_F(Cli, AStoredLoginIsNeverSentToAnotherServer) {
    Credentials credentials;
    credentials.active = "http://127.0.0.1:1";
    credentials.contexts["http://127.0.0.1:1"] = {"http://127.0.0.1:1", true, "lks_x", "a", ""};
    ASSERT_TRUE(save_credentials(directory_ + "/config", credentials));
    EXPECT_EQ(run({"whoami", "--server", "http://127.0.0.1:2"}), 4);
    EXPECT_THAT(err(), HasSubstr("run latchkey login --server http://127.0.0.1:2"));
}

TEST_F(Cli, TheFlagGoesBeforeTheEnvironment) {
    fetch::CannedServer server({problem(401, "invalid_token", "bad token"), answer(200, "[]")});
    use(server);
    variables_["LATCHKEY_TOKEN"] = "from-environment";
    EXPECT_EQ(run({"--token=from-flag", "token", "list"}), 4);
    EXPECT_THAT(err(), AllOf(HasSubstr("does not accept the token of --token"),
                             Not(HasSubstr("from-flag"))));
    EXPECT_EQ(run({"token", "list", "--token-file", "-"}, "from-stdin\n"), 0);
    const auto requests = server.requests();
    EXPECT_THAT(requests[0], HasSubstr("Bearer from-flag\r\n"));
    EXPECT_THAT(requests[1], HasSubstr("Bearer from-stdin\r\n"));
    EXPECT_EQ(run({"token", "list", "--token", "a", "--token-file", "b"}), 2);
}

TEST_F(Cli, VerifyTellsTheVerdictByWordAndExitCode) {
    fetch::CannedServer server(
        {answer(200, std::string(kToken) + R"(,"effectiveScopes":["account:read"]})"),
         answer(200, std::string(kToken) + R"(,"effectiveScopes":["account:read"]})"),
         problem(401, "token_revoked", "no"),
         answer(200, R"({"valid":false,"verdict":"expired"})")});
    use(server);
    EXPECT_EQ(run({"token", "verify", "-", "--scope", "account:read"}, "secret\n"), 0);
    EXPECT_EQ(out(), "active\n");
    EXPECT_EQ(run({"token", "verify", "-", "--scope", "a:b"}, "secret\n"), 1);
    EXPECT_EQ(out(), "not valid: insufficient_scope (missing a:b)\n");
    EXPECT_EQ(run({"token", "verify", "secret"}), 1);
    EXPECT_EQ(out(), "not valid: revoked\n");
    EXPECT_EQ(run({"token", "verify", "secret", "--token", "verifier"}), 1);
    EXPECT_EQ(out(), "not valid: expired\n");
    const auto requests = server.requests();
    EXPECT_THAT(requests[0], HasSubstr("GET /v1/tokens/self"));
    EXPECT_THAT(requests[3], HasSubstr("POST /v1/tokens/verify"));
    EXPECT_THAT(requests[3], HasSubstr("Bearer verifier"));
}

TEST_F(Cli, ATokenLeavesOnlyForARegisteredBaseUrlAndNeverAcrossARedirect) {
    fetch::CannedServer upstream(
        {"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
         "Content-Length: 2\r\n\r\nok",
         answer(200, "pong")});
    const std::string apis = answer(
        200, fmt::format(R"([{{"slug":"a","default":true,"baseUrl":"{}/v1"}}])", upstream.url()));
    const std::string of_another = answer(200, R"({"api":"b","apiBaseUrl":null})");
    const std::string of_it =
        answer(200, fmt::format(R"({{"api":"a","apiBaseUrl":"{}/v1"}})", upstream.url()));
    fetch::CannedServer server({of_another, apis, of_another, apis, of_it, of_another});
    use(server);
    variables_["LATCHKEY_TOKEN"] = kOpaque;
    EXPECT_EQ(run({"request", "GET", upstream.url() + "/v2/x"}), 5);
    EXPECT_THAT(err(), HasSubstr("no registered API's base URL"));
    EXPECT_EQ(run({"request", "get", upstream.url() + "/v1/x"}), 1);
    EXPECT_EQ(out(), "ok");
    EXPECT_THAT(err(), HasSubstr("no redirect is followed"));
    EXPECT_EQ(run({"run", "f/1", "-d", "{}"}), 0);
    EXPECT_EQ(out(), "pong");
    EXPECT_EQ(run({"run", "f/1"}), 1);
    EXPECT_THAT(err(), HasSubstr("the API b has no base URL"));
    EXPECT_EQ(run({"request", "GET", "http://127.0.0.1:1/", "--to-this-host"}), 2);
    const auto requests = upstream.requests();
    ASSERT_EQ(requests.size(), 2U);
    EXPECT_THAT(requests[1], AllOf(HasSubstr("POST /v1/functions/f%2F1 HTTP/1.1"),
                                   HasSubstr("Content-Type: application/json"),
                                   HasSubstr(std::string("Bearer ") + kOpaque)));
}

TEST_F(Cli, InspectReadsAnOpaqueTokenWithoutAnyServer) {
    EXPECT_EQ(run({"token", "inspect", kOpaque}), 1);
    EXPECT_THAT(out(), AllOf(HasSubstr("lkp"), HasSubstr("WRONG")));
    EXPECT_EQ(run({"token", "inspect", "nonsense"}), 1);
    EXPECT_THAT(err(), HasSubstr("shape of no token"));
}

TEST_F(Cli, AdminSaysThatItWorkedOnTheStoppedServersData) {
    EXPECT_EQ(run({"admin", "check"}), 0);
    EXPECT_EQ(out(), "checked " + directory_ + "/data\n");
    EXPECT_EQ(err(), "on the stopped server's data directory " + directory_ + "/data\n");
}

TEST_F(Cli, ServeGetsEverythingAfterItUntouched) {
    EXPECT_EQ(run({"--quiet", "serve", "--listen", "x", "-q"}), 42);
    EXPECT_EQ(served_, (std::vector<std::string>{"--listen", "x", "-q"}));
}

TEST_F(Cli, HelpIsAnAnswerAndAGroupAloneIsNot) {
    EXPECT_EQ(run({}), 0);
    EXPECT_THAT(out(), HasSubstr("token"));
    EXPECT_EQ(run({"token", "create", "--help"}), 0);
    EXPECT_THAT(out(), HasSubstr("--name"));
    EXPECT_EQ(run({"token"}), 2);
    EXPECT_EQ(out(), "");
}

TEST(Argv, SecretsAreOverwrittenWhereverTheyStand) {
    std::vector<std::string> words{"latchkey", "token",       "inspect", kOpaque, "--token",
                                   "abc",      "--token=def", "--name",  "plain"};
    std::vector<char*> argv;
    for (std::string& word : words) {
        argv.push_back(word.data());
    }
    scrub(static_cast<int>(argv.size()), argv.data());
    EXPECT_EQ(words[3], std::string(std::string_view(kOpaque).size(), 'x'));
    EXPECT_EQ(words[5], "xxx");
    EXPECT_EQ(words[6], "--token=xxx");
    EXPECT_EQ(words[8], "plain");
}

TEST(Argv, PassphrasesAreOverwrittenHoweverTheirFlagIsWritten) {
    const std::vector<std::pair<std::vector<std::string>, std::vector<std::string>>> cases{
        {{"-p", "abc"}, {"-p", "xxx"}},
        {{"-pabc"}, {"-pxxx"}},
        {{"-gp", "abc"}, {"-gp", "xxx"}},
        {{"-gwpabc"}, {"-gwpxxx"}},
        {{"--passphrase", "abc"}, {"--passphrase", "xxx"}},
        {{"--passphrase=abc"}, {"--passphrase=xxx"}},
        {{"--passphrase-file", "abc"}, {"--passphrase-file", "abc"}},
        {{"-p", "-p", "abc"}, {"-p", "xx", "abc"}},
        {{"-p"}, {"-p"}},
        {{"-", "p", "-n", "deploy"}, {"-", "p", "-n", "deploy"}},
    };
    for (auto [words, expected] : cases) {
        words.insert(words.begin(), "latchkey");
        expected.insert(expected.begin(), "latchkey");
        std::vector<char*> argv;
        for (std::string& word : words) {
            argv.push_back(word.data());
        }
        scrub(static_cast<int>(argv.size()), argv.data());
        EXPECT_EQ(words, expected);
    }
}

TEST(Argv, TheTokenIsTakenOutOfTheWords) {
    std::vector<std::string> args{"a", "--token", "x", "--token=y", "b", "--", "--token", "z"};
    EXPECT_EQ(take_token(args), "y");
    EXPECT_EQ(args, (std::vector<std::string>{"a", "b", "--", "--token", "z"}));
    std::vector<std::string> none{"a", "--token"};
    EXPECT_EQ(take_token(none), std::nullopt);
    EXPECT_EQ(none.size(), 2U);
}

TEST(Credentials, ADamagedFileIsSaidSoAndAWideModeIsNoticed) {
    const TemporaryDirectory scratch;
    const std::string& directory = scratch.path();
    bool wide = false;
    EXPECT_TRUE(load_credentials(directory, wide));
    const std::string path = scratch.file("credentials.json");
    ASSERT_TRUE(write_private_file(path, "{\"contexts\":{\"a\":3}}"));
    EXPECT_FALSE(load_credentials(directory, wide));
    EXPECT_FALSE(wide);
    ASSERT_EQ(chmod(path.c_str(), 0644), 0);
    ASSERT_TRUE(write_private_file(path, "{}"));
    EXPECT_TRUE(load_credentials(directory, wide));
    EXPECT_FALSE(wide) << "replacing the file narrows its mode";
    ASSERT_EQ(chmod(path.c_str(), 0644), 0);
    EXPECT_TRUE(load_credentials(directory, wide));
    EXPECT_TRUE(wide);
}

}  // namespace
}  // namespace latchkey::cli
