#include <fstream>

#include <gmock/gmock.h>

#include "cli/testing.h"

namespace latchkey::cli {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kProject = "0190163d-8694-739b-aea5-966c26f8ad91";
constexpr const char* kToken = "0190163d-8694-739b-aea5-966c26f8ad92";
constexpr const char* kUser = "0190163d-8694-739b-aea5-966c26f8ad93";
const std::string kPath = std::string("/v1/projects/") + kProject;

class Iam : public Cli {
protected:
    Iam() {
        variables_["LATCHKEY_TOKEN"] = "t";
        variables_["LATCHKEY_PROJECT"] = kProject;
    }
    std::string file(const std::string& text) {
        std::ofstream(directory_ + "/policy.json", std::ios::binary) << text;
        return directory_ + "/policy.json";
    }
    const std::string project_ =
        answer(200, fmt::format(R"({{"id":"{}","name":"orders"}})", kProject));
};

std::string principal(const std::string& type, const std::string& id, bool has_policy) {
    return fmt::format(R"({{"principalId":"{}","principalType":"{}","name":"ana","owner":null,)"
                       R"({}"hasPolicy":{},"addedAt":"2023-01-10T11:55:00.000Z"}})",
                       id, type, type == "user" ? R"("role":"viewer",)" : "", has_policy);
}

TEST_F(Iam, ATokenIsAddedAndMayDoNothingYet) {
    const std::string added = answer(200, principal("token", kToken, false));
    fetch::CannedServer server({project_, added, project_, added, project_, added});
    use(server);
    EXPECT_EQ(run({"iam", "add-principal", "-i", kToken}), 0) << err();
    EXPECT_THAT(out(), ::testing::MatchesRegex("Added token \\w+ to project orders\n"));
    EXPECT_THAT(err(),
                HasSubstr("hint: it may do nothing there yet: latchkey iam update-policies"));
    EXPECT_EQ(run({"iam", "add-principal", "-i", kToken, "-q"}), 0);
    EXPECT_EQ(out() + err(), "");
    EXPECT_EQ(run({"iam", "add-principal", "-i", kToken, "-t", "token", "--json"}), 0);
    EXPECT_EQ(out(), principal("token", kToken, false) + "\n");
    const auto requests = server.requests();
    EXPECT_THAT(requests[1], AllOf(HasSubstr("PUT " + kPath + "/principals/token/" + kToken),
                                   EndsWith("\r\n\r\n{}")));
}

TEST_F(Iam, AUserIsFoundAmongTheMembersOrAllUsersAndHasARole) {
    const std::string added = answer(200, principal("user", kUser, false));
    fetch::CannedServer server(
        {project_, answer(200, "[]"),
         answer(200, fmt::format(R"([{{"id":"{}","email":"ana@example.com"}}])", kUser)), added,
         project_, answer(200, "[" + principal("user", kUser, false) + "]"), answer(204, ""),
         project_, answer(200, "[]"), problem(403, "insufficient_scope", "not allowed")});
    use(server);
    EXPECT_EQ(
        run({"iam", "add-principal", "-t", "user", "-i", "ana@example.com", "--role", "viewer"}), 0)
        << err();
    EXPECT_THAT(out(), EndsWith(" to project orders as viewer\n"));
    EXPECT_EQ(err(), "");
    EXPECT_EQ(run({"iam", "remove-principal", "-t", "user", "-i", "ana"}), 0) << err();
    EXPECT_THAT(out(), ::testing::MatchesRegex("Removed user \\w+ from project orders\n"));
    EXPECT_EQ(run({"iam", "remove-principal", "-t", "user", "-i", "bob@example.com"}), 5);
    EXPECT_THAT(err(), HasSubstr("hint: give the user's id"));
    const auto requests = server.requests();
    EXPECT_THAT(requests[3], AllOf(HasSubstr("PUT " + kPath + "/principals/user/" + kUser),
                                   EndsWith(R"({"role":"viewer"})")));
    EXPECT_THAT(requests[6], HasSubstr("DELETE " + kPath + "/principals/user/" + kUser));
}

TEST_F(Iam, WhatCannotBeMeantIsSaidBeforeAnythingIsAsked) {
    variables_["LATCHKEY_SERVER"] = "http://127.0.0.1:1";
    struct Row {
        std::vector<std::string> args;
        const char* words;
    };
    for (const Row& row :
         {Row{{"iam", "add-principal"}, "-i/--principal-id is required"},
          Row{{"iam", "add-principal", "-i", kToken, "-t", "role"}, "takes token or user"},
          Row{{"iam", "add-principal", "-i", kToken, "--role", "admin"}, "--role is for users"},
          Row{{"iam", "remove-principal", "-i", "ana@example.com"}, "for a user add -t user"},
          Row{{"iam", "list-principals", "-t", "tokens"}, "did you mean token?"},
          Row{{"iam", "test", "-i", kToken}, "--action is required"},
          Row{{"iam", "update-polices"}, "did you mean \"update-policies\"?"},
          Row{{"iam", "get-policies", "--principal", "x"}, "unknown flag"}}) {
        EXPECT_EQ(run(row.args), 2) << row.words;
        EXPECT_THAT(err(), HasSubstr(row.words));
    }
}

TEST_F(Iam, TheListIsATableOrRecords) {
    const std::string both = answer(
        200, "[" + principal("user", kUser, false) + "," + principal("token", kToken, true) + "]");
    fetch::CannedServer server({project_, both, project_, both, project_, answer(200, "[]")});
    use(server);
    EXPECT_EQ(run({"iam", "list-principals"}), 0);
    EXPECT_THAT(out(), AllOf(HasSubstr("│ TYPE  │ NAME │ ROLE   │ POLICY │ ADDED AT          │\n"),
                             HasSubstr("│ user  │ ana  │ viewer │ no     │ Jan 10 2023 11:55 │\n"),
                             HasSubstr("│ token │ ana  │        │ yes    │")));
    EXPECT_EQ(run({"iam", "ls", "--json", "-q"}), 0);
    EXPECT_EQ(out(),
              principal("user", kUser, false) + "\n" + principal("token", kToken, true) + "\n");
    EXPECT_EQ(run({"iam", "list-principals", "-t", "token"}), 0);
    EXPECT_THAT(out(), HasSubstr("No tokens found in project orders."));
    EXPECT_THAT(server.requests()[5], HasSubstr("/principals?type=token "));
}

TEST_F(Iam, APolicyIsPrintedAsADocumentToEdit) {
    const std::string empty = R"({"version":"2022-12-15","statement":[]})";
    fetch::CannedServer server({project_, answer(200, empty), project_, answer(200, empty)});
    use(server);
    EXPECT_EQ(run({"iam", "get-policies", "-i", kToken}), 0);
    EXPECT_EQ(out(), "{\n  \"version\": \"2022-12-15\",\n  \"statement\": []\n}\n");
    EXPECT_EQ(err(), "hint: no statement: it may do nothing there\n");
    EXPECT_EQ(run({"iam", "get-policies", "-i", kToken, "--json", "-q"}), 0);
    EXPECT_EQ(out(), empty + "\n");
    EXPECT_EQ(err(), "");
}

TEST_F(Iam, TheFilesBytesGoUnchanged) {
    const std::string text = "\n{ \"version\" : \"2022-12-15\",\t\"statement\":[ ] }\r\n";
    const std::string done = answer(200, R"({"version":"2022-12-15","statement":[]})");
    fetch::CannedServer server({project_, done, project_, done});
    use(server);
    EXPECT_EQ(run({"iam", "update-policies", "-i", kToken, "--file", file(text)}), 0) << err();
    EXPECT_THAT(out(), ::testing::MatchesRegex("Updated the policy of token \\w+ in .* orders\n"));
    EXPECT_EQ(run({"iam", "update-policies", "-i", kToken, "--file", "-", "--json"}, text), 0);
    EXPECT_EQ(out(), "{\"version\":\"2022-12-15\",\"statement\":[]}\n");
    const auto requests = server.requests();
    EXPECT_THAT(
        requests[1],
        AllOf(HasSubstr("PUT " + kPath + "/principals/token/" + kToken + "/policy HTTP/1.1"),
              HasSubstr("Content-Type: application/json\r\n"), EndsWith("\r\n\r\n" + text)));
    EXPECT_THAT(requests[3], EndsWith("\r\n\r\n" + text));
}

TEST_F(Iam, AnErrorShowsTheLineAndMarksThePlace) {
    const std::string text =
        "{\n  \"version\": \"2022-12-15\",\n  \"statement\": [{\"effect\": 1}]\n}";
    const auto bad = [](const std::string& more) {
        return answer(422, R"({"status":422,"code":"bad_policy","requestId":"r1",)" + more + "}");
    };
    const std::string marked =
        "     3 |   \"statement\": [{\"effect\": 1}]\n"
        "       |                            ^\n";
    fetch::CannedServer server(
        {project_,
         bad(R"("detail":"line 3, column 28: no","hint":"do","errors":[{"pointer":"/statement/0)"
             R"(/effect","detail":"no","line":3,"column":28}])"),
         project_, bad(R"("detail":"line 3, column 28: no")"), project_,
         bad(R"("detail":"no","errors":[{"pointer":"/statement/0/effect","detail":"no"}])"),
         project_, bad(R"("detail":"no")")});
    use(server);
    const std::vector<std::string> args{"iam",  "update-policies", "-i",
                                        kToken, "--file",          file(text)};
    EXPECT_EQ(run(args), 6);
    EXPECT_EQ(err(), "error: line 3, column 28: no\n" + marked + "hint: do\n");
    EXPECT_EQ(run(args), 6);
    EXPECT_EQ(err(), "error: line 3, column 28: no\n" + marked);
    EXPECT_EQ(run(args), 6);
    EXPECT_THAT(err(), EndsWith(marked));
    EXPECT_EQ(run(args), 6);
    EXPECT_EQ(err(), "error: no\n");
}

TEST_F(Iam, WithoutAFileItAsksAtATerminal) {
    const std::string done = answer(200, R"({"version":"2022-12-15","statement":[]})");
    fetch::CannedServer server({project_, project_, done, project_, done});
    use(server);
    const std::vector<std::string> args{"iam", "update-policies", "-i", kToken};
    EXPECT_EQ(run(args), 2);
    EXPECT_THAT(err(), HasSubstr("--file is required"));
    in_is_terminal_ = true;
    EXPECT_EQ(run(args, "orders/* invoices/*\n order:read\n"), 0) << err();
    EXPECT_THAT(err(), AllOf(HasSubstr("Allowed resources"), HasSubstr("Allowed actions")));
    EXPECT_EQ(run(args, "\n\n"), 0) << err();
    const auto requests = server.requests();
    EXPECT_THAT(requests[2],
                EndsWith(R"({"version":"2022-12-15","statement":[{"effect":"Allow",)"
                         R"("action":["order:read"],"resource":["orders/*","invoices/*"]}]})"));
    EXPECT_THAT(requests[4], EndsWith(R"("action":["*"],"resource":["*"]}]})"));
}

TEST_F(Iam, APolicyThatIsTooLongOrNotThereIsNotSent) {
    fetch::CannedServer server({project_, project_, project_});
    use(server);
    const std::vector<std::string> args{"iam",  "update-policies", "-i",
                                        kToken, "--file",          file(std::string(32'769, ' '))};
    EXPECT_EQ(run(args), 6);
    EXPECT_THAT(err(), HasSubstr("longer than a policy may be, 32768 bytes"));
    EXPECT_EQ(
        run({"iam", "update-policies", "-i", kToken, "--file", "-"}, std::string(32'769, ' ')), 6);
    EXPECT_EQ(run({"iam", "update-policies", "-i", kToken, "--file", "-"}), 2);
    EXPECT_THAT(err(), HasSubstr("nothing came on stdin"));
}

TEST_F(Iam, TheSimulatorNamesTheStatementAndTheLimitAndExitsByTheAnswer) {
    fetch::CannedServer server(
        {project_,
         answer(200, R"({"allowed":true,"decision":"allow","statement":{"index":1,)"
                     R"("effect":"Allow","action":["order:*"],"resource":["orders/*","x"]},)"
                     R"("limits":[{"limit":"token_scopes","allowed":true}],"reason":"So it is."})"),
         project_,
         answer(200, R"({"allowed":false,"decision":"allow","statement":null,"limits":[)"
                     R"({"limit":"token_scopes","allowed":false},)"
                     R"({"limit":"owner_roles","allowed":true},{"limit":"new","allowed":false}]})"),
         project_, answer(200, R"({"allowed":false})"), project_, answer(200, R"({"a":1})"),
         project_, answer(200, R"({"allowed":false,"statement":null,"reason":"No statement."})")});
    use(server);
    EXPECT_EQ(
        run({"iam", "test", "-i", kToken, "--action", "order:read", "--resource", "orders/7"}), 0);
    EXPECT_EQ(out(),
              "allowed\n"
              "statement  2: Allow order:* on orders/*, x\n");
    EXPECT_EQ(run({"iam", "test", "-i", kToken, "-a", "order:read"}), 1);
    EXPECT_EQ(out(), "denied\ncut by  the token's own scopes, new\n");
    EXPECT_EQ(run({"iam", "test", "-t", "user", "-i", kUser, "-a", "order:read", "-q"}), 1);
    EXPECT_EQ(out() + err(), "");
    EXPECT_EQ(run({"iam", "test", "-i", kToken, "-a", "order:read", "--json"}), 1);
    EXPECT_EQ(out(), "{\"a\":1}\n");
    EXPECT_EQ(run({"iam", "test", "-i", kToken, "-a", "order:read"}), 1);
    EXPECT_EQ(out(), "denied\nwhy  No statement.\n");
    const auto requests = server.requests();
    EXPECT_THAT(requests[1],
                AllOf(HasSubstr("POST " + kPath + "/simulate "),
                      EndsWith(fmt::format(R"({{"principalType":"token","principalId":"{}",)"
                                           R"("action":"order:read","resource":"orders/7"}})",
                                           kToken))));
    EXPECT_THAT(requests[5], HasSubstr(R"("principalType":"user")"));
}

TEST_F(Iam, ADraftIsJudgedInPlaceOfTheKeptPolicyAndItsErrorsAreMarked) {
    const std::string draft =
        "{\"version\": \"2022-12-15\", \"statement\": [\n"
        "  {\"effect\": \"Deny\", \"action\": [\"ordr:read\"], \"resource\": [\"*\"]}]}\n";
    fetch::CannedServer server(
        {project_, answer(200, R"({"allowed":false})"), project_,
         answer(422, R"({"status":422,"detail":"line 1, column 70: no such action","code":)"
                     R"("bad_policy","errors":[{"pointer":"/policy/statement/0/action/0",)"
                     R"("detail":"no","line":1,"column":70},{"pointer":"/action","detail":"x"}]})"),
         project_, project_});
    use(server);
    const std::vector<std::string> args{"iam",      "test",       "-i",     kToken,
                                        "--action", "order:read", "--file", file(draft)};
    EXPECT_EQ(run(args), 1);
    EXPECT_EQ(out(), "denied\n");
    EXPECT_EQ(run(args), 6);
    EXPECT_THAT(err(), HasSubstr("     2 |   {\"effect\": \"Deny\", \"action\": [\"ordr:read\"], "
                                 "\"resource\": [\"*\"]}…\n"
                                 "       |                                 ^\n"));
    EXPECT_THAT(err(), AllOf(HasSubstr("error: line 2, column 33: no such action"),
                             Not(HasSubstr("     1 |"))));
    file("{\"version\": \"2022-12-15\", \"statement\": [\n  {\"effect\": \"Maybe\"}]}\n");
    EXPECT_EQ(run(args), 6);
    EXPECT_THAT(err(), AllOf(HasSubstr("error: line 2, column 14: "),
                             HasSubstr("     2 |   {\"effect\": \"Maybe\"}]}\n"
                                       "       |              ^\n")));
    file("{\n  \"version\"\n}");
    EXPECT_EQ(run(args), 6);
    EXPECT_THAT(err(), AllOf(HasSubstr("error: line 3, column 1: "), HasSubstr("     3 | }\n")));
    EXPECT_THAT(server.requests()[1],
                HasSubstr(R"("policy":{"version":"2022-12-15","statement":[{"effect":"Deny")"));
}

}  // namespace
}  // namespace latchkey::cli
