// create-token, get-token, list-tokens, update-token and delete-token against canned answers.
#include <filesystem>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "cli/client/fields.h"
#include "cli/credentials.h"
#include "cli/key_credentials.h"
#include "cli/testing.h"
#include "crypto/key_pair.h"

namespace latchkey::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kId = "0190163d-8694-739b-aea5-966c26f8ad91";
constexpr const char* kProject = "0190163d-8694-739b-aea5-966c26f8ad92";
constexpr const char* kProjects =
    R"([{"id":"0190163d-8694-739b-aea5-966c26f8ad92","name":"default"}])";
constexpr const char* kToken =
    R"({"id":"0190163d-8694-739b-aea5-966c26f8ad91","name":"MyNewToken","kind":"key",)"
    R"("createdAt":"2023-01-10T11:55:00.000Z","scopes":null,)"
    R"("keys":[{"kid":"0190163d-8694-739b-aea5-966c26f8ad91","algorithm":"ES256"}]})";
constexpr const char* kOther =
    R"({"id":"0190163d-8694-739b-aea5-966c26f8ad93","name":"plain","kind":"jwt"})";

const PrivateKey& a_key() {
    static const PrivateKey key = PrivateKey::generate(Algorithm::kEs256);
    return key;
}

class KeyTokens : public Cli {
protected:
    KeyTokens() {
        variables_["LATCHKEY_TOKEN"] = "t";
        variables_["LATCHKEY_SERVER"] = "http://127.0.0.1:1";
        EXPECT_TRUE(write_private_file(public_file(), a_key().public_pem()));
    }
    [[nodiscard]] std::string public_file() const { return directory_ + "/public.pem"; }
    [[nodiscard]] std::string out_file() const { return directory_ + "/out.json"; }

    // Runs create-token, which must fail with this code and say this.
    void fails(int code, const std::string& words, const std::vector<std::string>& flags,
               const std::string& input = {}) {
        std::vector<std::string> args{"token", "create-token"};
        args.insert(args.end(), flags.begin(), flags.end());
        EXPECT_EQ(run(args, input), code) << words << "\n" << err();
        EXPECT_THAT(err(), HasSubstr(words));
        EXPECT_EQ(out(), "");
    }
};

// The body of a request as JSON.
json::object body_of(const std::string& request) {
    return parse_json(request.substr(request.find("\r\n\r\n") + 4))->as_object();
}

// The two objects that create-token prints for people.
std::pair<json::object, json::object> two_objects(const std::string& text) {
    const std::size_t gap = text.find("}\n\n{");
    EXPECT_NE(gap, std::string::npos) << text;
    return {parse_json(text.substr(0, gap + 1))->as_object(),
            parse_json(text.substr(gap + 3))->as_object()};
}

TEST_F(KeyTokens, FlagsThatDoNotGoTogetherAreRefusedBeforeAnyRequest) {
    const std::string n = "--name=MyNewToken";
    const std::string f = "--public-key-file=" + public_file();
    fails(2, "--name is required", {"-g"});
    fails(2, "--name is required", {"-g", "--no-input"});
    fails(2, "--auto-generate-key or --public-key-file is required", {n, "--no-input"});
    fails(2, "at least 8 characters", {"-n", "seven77", "-g"});
    fails(2, "--auto-generate-key excludes --public-key-file", {n, "-g", f});
    fails(2, "--passphrase needs --auto-generate-key", {n, f, "-p", "secret"});
    fails(2, "--passphrase-file needs --auto-generate-key", {n, f, "--passphrase-file", "x"});
    fails(2, "--passphrase excludes", {n, "-g", "-p", "a", "--passphrase-file", "x"});
    fails(2, "--passphrase is empty", {n, "-g", "-p", ""});
    fails(2, "no algorithm that keys sign with", {n, "-g", "-a", "HS256"});
    fails(2, "--key-id takes 1 to 128", {n, "-g", "-k", ""});
    fails(2, "--out needs --auto-generate-key", {n, f, "--out", out_file()});
    fails(2, "need --with-permissions", {n, "-g", "--actions", "read:*"});
    fails(2, "need --with-permissions", {n, "-g", "--resources", "a"});
    fails(2, "\"no such\" is no action", {n, "-g", "-w", "--actions", "a:b,no such"});
    fails(2, "\"a b*\" is no resource", {n, "-g", "-w", "--resources", "a b*"});
    fails(6, "name: control characters", {"-n", "My\nNewToken", "-g"});
    fails(2, "stdin can be one file only", {n, "-f", "-", "--token-file", "-"},
          a_key().public_pem());
    fails(2, "write 90m", {n, "-g", "-e", "tomorrow"});
    ASSERT_TRUE(write_private_file(out_file(), "x"));
    fails(2, "is there already", {n, "-g", "--out", out_file()});
}

TEST_F(KeyTokens, FilesThatHoldNoPublicKeyAreRefusedBeforeAnyRequest) {
    const std::string file = directory_ + "/key";
    fails(1, "cannot read", {"-n", "MyNewToken", "-f", file});
    ASSERT_TRUE(write_private_file(file, a_key().to_pem(nullptr).expose()));
    fails(6, "holds a private key; nothing was sent", {"-n", "MyNewToken", "-f", file});
    fails(6, "what came on stdin holds a private key", {"-n", "MyNewToken", "-f", "-"},
          std::string(a_key().to_pem(nullptr).expose()));
    fails(6, "algorithm", {"-n", "MyNewToken", "-f", public_file(), "-a", "RS256"});
    EXPECT_THAT(err(), Not(HasSubstr("BEGIN")));
}

TEST_F(KeyTokens, WithoutALoginNothingIsAsked) {
    variables_.erase("LATCHKEY_TOKEN");
    in_is_terminal_ = true;
    fails(4, "not logged in", {});
    EXPECT_THAT(err(), Not(HasSubstr("Name of the token")));
}

TEST_F(KeyTokens, APublicKeyFileIsSentAsItIs) {
    fetch::CannedServer server({answer(201, kToken)});
    use(server);
    EXPECT_EQ(run({"token", "create-token", "-n", "MyNewToken", "-d", "d", "--api", "web", "-e",
                   "1d", "-s", "a:b,c:d", "-a", "ES256", "-f", public_file()}),
              0);
    const auto [token, fields] = two_objects(out());
    EXPECT_EQ(text_of(token, "id"), kId);
    EXPECT_EQ(fields, (json::object{{"tokenId", kId}, {"keyId", kId}}));
    EXPECT_THAT(err(), AllOf(HasSubstr("Copy the following fields to use this token in your "
                                       "application:\n"),
                             HasSubstr("latchkey exchange --key FILE --token-id")));
    const std::string expires = format_rfc3339(clock_.now() + std::chrono::hours(24));
    EXPECT_EQ(body_of(server.requests().front()),
              (json::object{{"name", "MyNewToken"},
                            {"kind", "key"},
                            {"description", "d"},
                            {"api", "web"},
                            {"expiresAt", expires},
                            {"scopes", json::array{"a:b", "c:d"}},
                            {"keys", a_key().public_pem()},
                            {"algorithm", "ES256"}}));
}

TEST_F(KeyTokens, AKeyIdGoesIntoTheKey) {
    fetch::CannedServer server({answer(201, kToken)});
    use(server);
    EXPECT_EQ(run({"token", "create-token", "-n", "MyNewToken", "-k", "mine", "-f", "-", "-q"},
                  a_key().public_pem()),
              0);
    const json::object keys = body_of(server.requests().front()).at("keys").as_object();
    EXPECT_EQ(text_of(keys, "kid"), "mine");
    EXPECT_EQ(text_of(keys, "kty"), "EC");
    EXPECT_EQ(text_of(keys, "x"), text_of(a_key().public_key().to_jwk(), "x"));
}

TEST_F(KeyTokens, AGeneratedPairIsSentByHalvesAndJsonHasTheOther) {
    fetch::CannedServer server({answer(201, kToken)});
    use(server);
    EXPECT_EQ(run({"token", "create-token", "-n", "MyNewToken", "-g", "-a", "ES256", "--json"}), 0);
    EXPECT_EQ(err(), "");
    const json::object whole = parse_json(out())->as_object();
    EXPECT_EQ(whole.size(), 2U);
    const json::object fields = whole.at("credentials").as_object();
    EXPECT_EQ(text_of(fields, "keyId"), kId);
    EXPECT_FALSE(fields.contains("passphrase"));
    const auto pair =
        PrivateKey::from_pem(Secret(text_of(fields, "privateKey")), nullptr, std::nullopt);
    ASSERT_TRUE(pair);
    const std::string request = server.requests().front();
    EXPECT_THAT(request, Not(HasSubstr("PRIVATE")));
    const auto sent = PublicKey::from_jwk(body_of(request).at("keys"));
    ASSERT_TRUE(sent);
    EXPECT_EQ(sent->thumbprint(), pair->public_key().thumbprint());
    EXPECT_EQ(sent->algorithm(), Algorithm::kEs256);
    EXPECT_FALSE(body_of(request).at("keys").as_object().contains("kid"));
}

TEST_F(KeyTokens, APassphraseEncryptsThePrivateKeyAndTheCommandLineWarns) {
    ASSERT_TRUE(write_private_file(directory_ + "/passphrase", "open sesame\n"));
    const std::vector<std::pair<std::vector<std::string>, std::string>> ways{
        {{"-p", "open sesame"}, ""},
        {{"--passphrase-file", directory_ + "/passphrase"}, ""},
        {{"--passphrase-file", "-"}, "open sesame\n"}};
    for (const auto& [flags, input] : ways) {
        fetch::CannedServer server({answer(201, kToken)});
        use(server);
        std::vector<std::string> args{"token", "create-token", "-n",     "MyNewToken",
                                      "-g",    "-a",           "Ed25519"};
        args.insert(args.end(), flags.begin(), flags.end());
        ASSERT_EQ(run(args, input), 0) << err();
        const json::object fields = two_objects(out()).second;
        EXPECT_EQ(text_of(fields, "passphrase"), "open sesame");
        const Secret pem(text_of(fields, "privateKey"));
        EXPECT_THAT(std::string(pem.expose()), HasSubstr("BEGIN ENCRYPTED PRIVATE KEY"));
        EXPECT_FALSE(PrivateKey::from_pem(pem, nullptr, std::nullopt));
        const Secret passphrase("open sesame");
        EXPECT_TRUE(PrivateKey::from_pem(pem, &passphrase, std::nullopt));
        EXPECT_EQ(err().find("--passphrase-file is safer") != std::string::npos,
                  flags.front() == "-p");
    }
    ASSERT_TRUE(write_private_file(directory_ + "/passphrase", "\n"));
    fails(2, "holds no passphrase",
          {"-n", "MyNewToken", "-g", "--passphrase-file", directory_ + "/passphrase"});
}

std::string metadata(const std::string& url) {
    return answer(200,
                  fmt::format(R"({{"issuer":"{0}","token_endpoint":"{0}/oauth2/token"}})", url));
}

TEST_F(KeyTokens, OutTakesThePrivateKeyIntoAFileAndOffTheScreen) {
    for (const bool at_terminal : {true, false}) {
        fetch::CannedServer server([](const std::string& url) {
            return std::vector<std::string>{metadata(url), answer(201, kToken)};
        });
        use(server);
        out_is_terminal_ = at_terminal;
        std::filesystem::remove(out_file());
        ASSERT_EQ(run({"token", "create-token", "-n", "MyNewToken", "-g", "-a", "ES256", "-p",
                       "secret", "--out", out_file()}),
                  0)
            << err();
        EXPECT_THAT(out() + err(), AllOf(Not(HasSubstr("PRIVATE")), Not(HasSubstr("secret\""))));
        EXPECT_THAT(err(), HasSubstr("latchkey exchange --credentials " + out_file()));
        struct stat facts {};
        ASSERT_EQ(stat(out_file().c_str(), &facts), 0);
        EXPECT_EQ(facts.st_mode & 0777U, 0600U);
        const auto file = read_key_credentials(out_file());
        ASSERT_TRUE(file);
        EXPECT_EQ(file->server, server.url());
        EXPECT_EQ(file->token_endpoint, server.url() + "/oauth2/token");
        EXPECT_EQ(file->token_id, kId);
        EXPECT_EQ(file->key_id, kId);
        EXPECT_EQ(file->algorithm, "ES256");
        EXPECT_FALSE(file->project_id);
        EXPECT_THAT(std::string(file->private_key.expose()), HasSubstr("ENCRYPTED"));
        EXPECT_THAT(*read_file(out_file(), 10'000), Not(HasSubstr("secret")));
    }
}

TEST_F(KeyTokens, JsonThatIsReadByAProgramHasThePrivateKeyEvenWithOut) {
    for (const bool at_terminal : {true, false}) {
        fetch::CannedServer server([](const std::string& url) {
            return std::vector<std::string>{metadata(url), answer(201, kToken)};
        });
        use(server);
        out_is_terminal_ = at_terminal;
        std::filesystem::remove(out_file());
        ASSERT_EQ(run({"token", "create-token", "-n", "MyNewToken", "-g", "-a", "ES256", "--json",
                       "--out", out_file()}),
                  0)
            << err();
        EXPECT_EQ(out().find("PRIVATE") == std::string::npos, at_terminal);
    }
}

TEST_F(KeyTokens, ARefusedTokenLeavesNoFileBehind) {
    fetch::CannedServer server([](const std::string& url) {
        return std::vector<std::string>{metadata(url), problem(403, "insufficient_scope", "no")};
    });
    use(server);
    fails(5, "no", {"-n", "MyNewToken", "-g", "-a", "ES256", "--out", out_file()});
    EXPECT_FALSE(std::filesystem::exists(out_file()));
    fetch::CannedServer another(
        [](const std::string& url) { return std::vector<std::string>{metadata(url)}; });
    use(another);
    fails(1, "cannot write", {"-n", "MyNewToken", "-g", "-a", "ES256", "--out", "/no/such/x"});
}

TEST_F(KeyTokens, PermissionsAreGrantedInTheActiveProject) {
    fetch::CannedServer server(
        {answer(200, kProjects), answer(201, kToken), answer(200, "{}"), answer(200, "{}")});
    use(server);
    err_is_terminal_ = true;
    EXPECT_EQ(run({"token", "create-token", "-n", "MyNewToken", "-f", public_file(), "-w"}), 0);
    EXPECT_EQ(text_of(two_objects(out()).second, "projectId"), kProject);
    EXPECT_THAT(err(), AllOf(HasSubstr("Creating the token... done\n"),
                             HasSubstr("Adding the token to project default... done\n"),
                             HasSubstr("Granting permissions to the token... done\n")));
    const auto requests = server.requests();
    ASSERT_EQ(requests.size(), 4U);
    const std::string path = fmt::format("/v1/projects/{}/principals/token/{}", kProject, kId);
    EXPECT_THAT(requests[2], HasSubstr("PUT " + path + " HTTP"));
    EXPECT_THAT(requests[3], HasSubstr("PUT " + path + "/policy HTTP"));
    EXPECT_THAT(requests[3], HasSubstr(R"({"version":"2022-12-15","statement":[{"effect":"Allow",)"
                                       R"("action":["*"],"resource":["*"]}]})"));
}

TEST_F(KeyTokens, ActionsAndResourcesMayBeNarrower) {
    const std::string project = fmt::format(R"({{"id":"{}","name":"web"}})", kProject);
    fetch::CannedServer server(
        {answer(200, project), answer(201, kToken), answer(200, "{}"), answer(200, "{}")});
    use(server);
    EXPECT_EQ(
        run({"token", "create-token", "-n", "MyNewToken", "-f", public_file(), "-w", "--actions",
             "order:read,order:write", "--resources", "orders/*", "--project", kProject}),
        0);
    EXPECT_THAT(err(), Not(HasSubstr("...")));
    const auto requests = server.requests();
    EXPECT_THAT(requests[0], HasSubstr(std::string("GET /v1/projects/") + kProject));
    EXPECT_THAT(requests[3], HasSubstr(R"("action":["order:read","order:write"],)"
                                       R"("resource":["orders/*"])"));
}

TEST_F(KeyTokens, AGrantThatFailsSaysWhatWasDoneAndTheKeyIsNotLost) {
    const std::string no = problem(403, "insufficient_scope", "you may not");
    {
        fetch::CannedServer server({answer(200, kProjects), answer(201, kToken), no});
        use(server);
        EXPECT_EQ(run({"token", "create-token", "-n", "MyNewToken", "-g", "-a", "ES256", "-w"}),
                  10);
        EXPECT_THAT(text_of(two_objects(out()).second, "privateKey"), HasSubstr("PRIVATE KEY"));
        EXPECT_THAT(err(), AllOf(HasSubstr("was made, but not added to the project: you may not"),
                                 HasSubstr("hint: add it later: latchkey iam add-principal -i ")));
    }
    fetch::CannedServer server(
        {answer(200, kProjects), answer(201, kToken), answer(200, "{}"), no});
    use(server);
    EXPECT_EQ(
        run({"token", "create-token", "-n", "MyNewToken", "-g", "-a", "ES256", "-w", "--json"}),
        10);
    EXPECT_THAT(out(), HasSubstr("PRIVATE KEY"));
    EXPECT_THAT(err(), AllOf(HasSubstr("has no permissions there: you may not"),
                             HasSubstr("latchkey iam update-policies"),
                             HasSubstr(R"({"error":{"code":"insufficient_scope")")));
}

TEST_F(KeyTokens, AProjectThatIsNotThereMakesNoToken) {
    fetch::CannedServer server({answer(200, "[]")});
    use(server);
    fails(2, "no project", {"-n", "MyNewToken", "-f", public_file(), "-w"});
    EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(KeyTokens, WhatIsMissingIsAskedAtATerminal) {
    in_is_terminal_ = true;
    fetch::CannedServer server(
        {answer(200, kProjects), answer(201, kToken), answer(200, "{}"), answer(200, "{}")});
    use(server);
    EXPECT_EQ(run({"token", "create-token", "-a", "ES256"},
                  "short\nMyNewToken\n\nsecret\nsercet\nsecret\nsecret\ny\norders/* "
                  "invoices/7\norder:read\n"),
              0)
        << err();
    EXPECT_THAT(
        err(),
        HasSubstr("Name of the token (at least 8 characters): "
                  "error: the name of a key token has at least 8 characters\n"
                  "Name of the token (at least 8 characters): "
                  "Generate a new key pair for the token? (Y/n): "
                  "Passphrase for the private key (empty for none): \n"
                  "The same passphrase again: \n"
                  "error: the two are not the same\n"
                  "Passphrase for the private key (empty for none): \n"
                  "The same passphrase again: \n"
                  "Add the token to the active project \"default\" and grant it permissions? "
                  "(y/N): "
                  "Allowed resources, separated by spaces [*]: "
                  "Allowed actions, separated by spaces [*]: "));
    EXPECT_EQ(text_of(two_objects(out()).second, "passphrase"), "secret");
    EXPECT_THAT(server.requests()[3], HasSubstr(R"("action":["order:read"],)"
                                                R"("resource":["orders/*","invoices/7"])"));
}

TEST_F(KeyTokens, AFileMayBeGivenWhenAskedAndPermissionsDeclined) {
    in_is_terminal_ = true;
    fetch::CannedServer server({answer(200, kProjects), answer(201, kToken)});
    use(server);
    EXPECT_EQ(run({"token", "create-token", "-n", "MyNewToken"}, "n\n" + public_file() + "\n\n"), 0)
        << err();
    EXPECT_THAT(err(), AllOf(HasSubstr("File of the public key (PEM, JWK or JWKS): "),
                             Not(HasSubstr("assphrase")), Not(HasSubstr("Allowed"))));
    EXPECT_EQ(body_of(server.requests()[1]).at("keys"), json::value(a_key().public_pem()));
}

TEST_F(KeyTokens, SeveralProjectsAreAskedForByName) {
    in_is_terminal_ = true;
    const std::string two =
        fmt::format(R"([{{"id":"{}","name":"web"}},{{"id":"{}","name":"shop"}}])", kProject, kId);
    fetch::CannedServer server({answer(200, two), answer(200, two), answer(201, kToken),
                                answer(200, "{}"), answer(200, "{}")});
    use(server);
    EXPECT_EQ(run({"token", "create-token", "-n", "MyNewToken"},
                  "n\n" + public_file() + "\ny\nweb\n\n\n"),
              0)
        << err();
    EXPECT_THAT(err(), HasSubstr("Add the token to a project and grant it permissions? (y/N): "
                                 "Which project (name or id): Allowed resources"));
    EXPECT_THAT(server.requests()[4], HasSubstr(R"("action":["*"],"resource":["*"])"));
}

TEST_F(KeyTokens, WhoGaveEverythingIsAskedNothing) {
    in_is_terminal_ = true;
    fetch::CannedServer server({answer(201, kToken)});
    use(server);
    EXPECT_EQ(run({"token", "create-token", "-n", "MyNewToken", "-g", "-a", "ES256"}), 0);
    EXPECT_THAT(err(), Not(HasSubstr("?")));
}

TEST_F(KeyTokens, CreateWithKindKeyIsTheSameRequest) {
    const std::string projects = fmt::format(R"([{{"id":"{}","name":"web"}}])", kProject);
    fetch::CannedServer server({answer(200, projects), answer(201, kToken)});
    use(server);
    EXPECT_EQ(run({"token", "create", "-n", "MyNewToken", "--kind", "key", "-f", public_file(),
                   "--project", "web"}),
              0);
    EXPECT_THAT(out(), HasSubstr("Created key token "));
    EXPECT_EQ(body_of(server.requests()[1]), (json::object{{"name", "MyNewToken"},
                                                           {"kind", "key"},
                                                           {"keys", a_key().public_pem()},
                                                           {"projects", json::array{kProject}}}));
    EXPECT_EQ(run({"token", "create", "-n", "MyNewToken", "--kind", "key"}), 2);
    EXPECT_THAT(err(), HasSubstr("create-token -g makes the key pair"));
    EXPECT_EQ(run({"token", "create", "-n", "MyNewToken", "-f", public_file()}), 2);
    EXPECT_EQ(run({"token", "create", "-n", "x", "--kind", "key", "-f", public_file()}), 2);
}

TEST_F(KeyTokens, ListTokensShowsKeyTokensAlone) {
    const std::string both = fmt::format("[{},{}]", kToken, kOther);
    fetch::CannedServer server(
        {answer(200, both), answer(200, both), answer(200, fmt::format("[{}]", kOther))});
    use(server);
    EXPECT_EQ(run({"token", "list-tokens"}), 0);
    EXPECT_THAT(out(), AllOf(HasSubstr("MyNewToken"), Not(HasSubstr("plain"))));
    EXPECT_EQ(run({"token", "list-tokens", "--json"}), 0);
    EXPECT_EQ(parse_json(out())->as_array().size(), 1U);
    EXPECT_EQ(run({"token", "list-tokens"}), 0);
    EXPECT_EQ(out(), "No tokens found. You can create tokens with latchkey token create-token\n");
}

TEST_F(KeyTokens, GetTokenShowsItsKeys) {
    fetch::CannedServer server({answer(200, kToken), answer(200, "{}"), answer(200, kToken)});
    use(server);
    EXPECT_EQ(run({"token", "get-token", "-i", kId}), 0);
    EXPECT_THAT(out(), HasSubstr(std::string("ES256 ") + kId + "\n"));
    EXPECT_EQ(run({"token", "get-token", "--token-id", kId, "--json"}), 0);
    EXPECT_EQ(parse_json(out())->as_object(), parse_json(kToken)->as_object());
    EXPECT_EQ(run({"token", "get-token"}), 2);
    EXPECT_THAT(err(), HasSubstr("--token-id is required"));
}

TEST_F(KeyTokens, UpdateTokenReplacesNameAndKey) {
    fetch::CannedServer server({answer(200, kToken), answer(200, kToken)});
    use(server);
    EXPECT_EQ(run({"token", "update-token", "-i", kId, "-n", "AnotherName", "-f", public_file(),
                   "-k", "new"}),
              0);
    EXPECT_EQ(out(), fmt::format("Updated token {}\n", kId));
    EXPECT_THAT(err(), HasSubstr("the ones before work no more"));
    in_is_terminal_ = true;
    EXPECT_EQ(run({"token", "update-token", "--json"}, std::string(kId) + "\nYetAnother\n\n"), 0);
    EXPECT_THAT(err(), HasSubstr("New name (empty: as it is): "));
    const auto requests = server.requests();
    EXPECT_THAT(requests[0], HasSubstr(std::string("PATCH /v1/tokens/") + kId));
    EXPECT_EQ(text_of(body_of(requests[0]), "name"), "AnotherName");
    EXPECT_EQ(text_of(body_of(requests[0]).at("keys").as_object(), "kid"), "new");
    EXPECT_EQ(body_of(requests[1]), (json::object{{"name", "YetAnother"}}));
}

TEST_F(KeyTokens, AnUpdateThatChangesNothingIsAUsageError) {
    EXPECT_EQ(run({"token", "update-token", "-i", kId}), 2);
    EXPECT_THAT(err(), HasSubstr("nothing to change"));
    EXPECT_EQ(run({"token", "update-token", "-i", kId, "-k", "x"}), 2);
    EXPECT_THAT(err(), HasSubstr("go with --public-key-file"));
    EXPECT_EQ(run({"token", "update-token", "-i", kId, "-n", "short"}), 2);
    EXPECT_EQ(run({"token", "update-token", "-n", "LongEnough"}), 2);
    in_is_terminal_ = true;
    EXPECT_EQ(run({"token", "update-token", "-i", kId}, "\n\n"), 2);
}

TEST_F(KeyTokens, DeleteTokenSaysWhatTokenDeleteSays) {
    fetch::CannedServer server({answer(204, ""), problem(404, "not_found", "no such token")});
    use(server);
    EXPECT_EQ(run({"token", "delete-token", "-i", kId}), 0);
    EXPECT_EQ(out(), fmt::format("Deleted token {}\n", kId));
    EXPECT_EQ(run({"token", "delete-token", "-i", kId}), 3);
    EXPECT_EQ(run({"token", "delete-token", "--no-input"}), 2);
    EXPECT_THAT(server.requests().front(), HasSubstr(std::string("DELETE /v1/tokens/") + kId));
}

}  // namespace
}  // namespace latchkey::cli
