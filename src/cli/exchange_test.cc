// `exchange` against canned answers: what is signed, where it goes, and what errors mean.
#include <filesystem>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/encoding.h"
#include "cli/client/fields.h"
#include "cli/client_assertion.h"
#include "cli/credentials.h"
#include "cli/key_credentials.h"
#include "cli/server_metadata.h"
#include "cli/testing.h"
#include "crypto/key_pair.h"
#include "token/client_assertion.h"
#include "token/jws.h"

namespace latchkey::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kId = "0190163d-8694-739b-aea5-966c26f8ad91";
constexpr const char* kProject = "0190163d-8694-739b-aea5-966c26f8ad92";
constexpr const char* kAnswer =
    R"({"access_token":"the.access.token","token_type":"Bearer","expires_in":3600,)"
    R"("scope":"order:read"})";

const PrivateKey& a_key() {
    static const PrivateKey key = PrivateKey::generate(Algorithm::kEs256);
    return key;
}

std::string metadata(const std::string& issuer, const std::string& endpoint) {
    return answer(200, fmt::format(R"({{"issuer":"{}","token_endpoint":"{}"}})", issuer, endpoint));
}

fetch::CannedServer::AnswersFor answering(const std::string& second) {
    return [second](const std::string& url) {
        return std::vector<std::string>{metadata(url, url + "/oauth2/token"), second};
    };
}

// The members of a form, decoded.
std::map<std::string, std::string> form_of(const std::string& request) {
    std::map<std::string, std::string> form;
    std::istringstream body(request.substr(request.find("\r\n\r\n") + 4));
    for (std::string pair; std::getline(body, pair, '&');) {
        const std::size_t equals = pair.find('=');
        form[pair.substr(0, equals)] = percent_decode(pair.substr(equals + 1)).value_or("?");
    }
    return form;
}

class Exchange : public Cli {
protected:
    Exchange() { save("key.pem", a_key().to_pem(nullptr).expose()); }
    std::string save(const std::string& name, std::string_view text) {
        const std::string path = directory_ + "/" + name;
        EXPECT_TRUE(write_private_file(path, text));
        return path;
    }
    [[nodiscard]] std::string key_file() const { return directory_ + "/key.pem"; }
    int exchange(const std::vector<std::string>& flags, const std::string& input = {}) {
        std::vector<std::string> args{"exchange"};
        args.insert(args.end(), flags.begin(), flags.end());
        return run(args, input);
    }
};

TEST_F(Exchange, AnAssertionIsSignedForTheIssuerAndTheAccessTokenPrintedAlone) {
    fetch::CannedServer server(answering(answer(200, kAnswer)));
    use(server);
    ASSERT_EQ(exchange({"--key", key_file(), "--token-id", kId, "--key-id", "mine", "--project",
                        kProject, "--scope", "order:read,order:write"}),
              0)
        << err();
    EXPECT_EQ(out(), "the.access.token\n");
    EXPECT_THAT(err(), AllOf(HasSubstr("good for 3600 s"), Not(HasSubstr("the.access.token"))));
    const auto requests = server.requests();
    EXPECT_THAT(requests[0], HasSubstr("GET /.well-known/oauth-authorization-server HTTP"));
    EXPECT_THAT(requests[1], AllOf(HasSubstr("POST /oauth2/token HTTP"),
                                   HasSubstr("Content-Type: application/x-www-form-urlencoded\r\n"),
                                   Not(HasSubstr("Authorization:")), Not(HasSubstr("PRIVATE"))));
    auto form = form_of(requests[1]);
    EXPECT_EQ(form.size(), 5U);
    EXPECT_EQ(form["grant_type"], "client_credentials");
    EXPECT_EQ(form["client_assertion_type"],
              "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    EXPECT_EQ(form["resource"], std::string("urn:latchkey:project:") + kProject);
    EXPECT_EQ(form["scope"], "order:read order:write");
    const std::string& assertion = form["client_assertion"];
    const auto parsed = parse_unverified(assertion);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->kid, "mine");
    EXPECT_EQ(parsed->alg, "ES256");
    EXPECT_TRUE(is_assertion_typ(parsed->typ));
    const auto claims = verify_jws_payload(assertion, a_key().public_key());
    ASSERT_TRUE(claims);
    const json::object object = parse_json(*claims)->as_object();
    EXPECT_EQ(object.at("aud"), json::value(server.url()));
    EXPECT_TRUE(check_assertion(object, server.url(), clock_.now()));
}

TEST_F(Exchange, JsonIsTheWholeAnswer) {
    fetch::CannedServer server(answering(answer(200, kAnswer)));
    use(server);
    EXPECT_EQ(exchange({"--key", "-", "--token-id", kId, "--json"},
                       std::string(a_key().to_pem(nullptr).expose())),
              0);
    EXPECT_EQ(out(), std::string(kAnswer) + "\n");
    EXPECT_EQ(err(), "");
    auto form = form_of(server.requests()[1]);
    EXPECT_EQ(form.size(), 3U) << "nothing is sent for what was not asked";
    EXPECT_EQ(parse_unverified(form["client_assertion"])->kid, "");
}

TEST_F(Exchange, ACredentialsFileSaysEverything) {
    fetch::CannedServer server(answering(answer(200, kAnswer)));
    KeyCredentials credentials;
    credentials.server = server.url();
    credentials.token_id = kId;
    credentials.key_id = "mine";
    credentials.project_id = kProject;
    credentials.algorithm = "ES256";
    const Secret passphrase("open sesame");
    credentials.private_key = a_key().to_pem(&passphrase);
    const std::string file = save("deploy.json", to_file_text(credentials));
    const std::string words = save("words", "open sesame\n");
    variables_["LATCHKEY_SERVER"] = "http://127.0.0.1:1";
    EXPECT_EQ(exchange({"--credentials", file}), 2);
    EXPECT_THAT(err(), HasSubstr("--passphrase-file is required"));
    EXPECT_EQ(exchange({"--credentials", file, "--passphrase-file", save("no", "wrong")}), 6);
    EXPECT_THAT(err(), HasSubstr("passphrase is wrong"));
    EXPECT_EQ(exchange({"--credentials", file, "--server", "http://127.0.0.1:1"}), 2);
    EXPECT_THAT(err(), HasSubstr("is for " + server.url()));
    EXPECT_EQ(exchange({"--credentials", file, "--passphrase-file", words}), 0) << err();
    auto form = form_of(server.requests()[1]);
    EXPECT_EQ(form["resource"], std::string("urn:latchkey:project:") + kProject);
    EXPECT_EQ(parse_unverified(form["client_assertion"])->kid, "mine");
}

TEST_F(Exchange, ThePassphraseIsAskedForAtATerminal) {
    in_is_terminal_ = true;
    fetch::CannedServer server(answering(answer(200, kAnswer)));
    use(server);
    const Secret passphrase("open sesame");
    const std::string file = save("locked.pem", a_key().to_pem(&passphrase).expose());
    EXPECT_EQ(exchange({"--key", file, "--token-id", kId}, "open sesame\n"), 0) << err();
    EXPECT_THAT(err(), HasSubstr("Passphrase of the private key: "));
    EXPECT_EQ(exchange({"--key", file, "--token-id", kId, "--no-input"}, "open sesame\n"), 2);
}

TEST_F(Exchange, AServerThatNamesAnotherGetsNothingSigned) {
    {
        fetch::CannedServer server([](const std::string& /*url*/) {
            return std::vector<std::string>{
                metadata("https://other.example", "https://other.example/oauth2/token")};
        });
        use(server);
        EXPECT_EQ(exchange({"--key", key_file(), "--token-id", kId}), 1);
        EXPECT_THAT(err(), HasSubstr("calls itself https://other.example"));
        EXPECT_EQ(server.requests().size(), 1U);
    }
    fetch::CannedServer server([](const std::string& url) {
        return std::vector<std::string>{metadata(url, url + ".other.example/oauth2/token")};
    });
    use(server);
    EXPECT_EQ(exchange({"--key", key_file(), "--token-id", kId}), 1);
    EXPECT_THAT(err(), HasSubstr("at another address"));
    EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(Exchange, OAuthErrorsHaveOurExitCodesAndAHint) {
    const auto refusal = [](int status, const std::string& code) {
        return answer(status,
                      fmt::format(R"({{"error":"{}","error_description":"because"}})", code));
    };
    const std::vector<std::tuple<std::string, int, std::string>> cases{
        {refusal(401, "invalid_client"), 4, "is this the token's key"},
        {refusal(400, "invalid_target"), 6, "name a project"},
        {refusal(400, "invalid_scope"), 6, "leave --scope out"},
        {refusal(400, "invalid_request"), 6, "error: because\n"},
        {refusal(429, "slow_down"), 7, "error: because\n"},
        {answer(503, "<html>"), 8, "answered 503"},
        {answer(200, "{}"), 1, "gave no access token"},
        {answer(200, "<html>"), 1, "no JSON object"},
    };
    for (const auto& [text, code, words] : cases) {
        fetch::CannedServer server(answering(text));
        use(server);
        EXPECT_EQ(exchange({"--key", key_file(), "--token-id", kId}), code) << words;
        EXPECT_EQ(out(), "");
        EXPECT_THAT(err(), HasSubstr(words));
    }
    fetch::CannedServer server(answering(refusal(401, "invalid_client")));
    use(server);
    EXPECT_EQ(exchange({"--key", key_file(), "--token-id", kId, "--json"}), 4);
    EXPECT_THAT(err(), HasSubstr(R"({"error":{"code":"invalid_client","message":"because")"));
}

TEST_F(Exchange, FlagsThatDoNotGoTogetherAreRefusedBeforeAnyRequest) {
    variables_["LATCHKEY_SERVER"] = "http://127.0.0.1:1";
    EXPECT_EQ(exchange({}), 2);
    EXPECT_THAT(err(), HasSubstr("--key and --token-id, or --credentials, are required"));
    EXPECT_EQ(exchange({"--key", key_file()}), 2);
    EXPECT_THAT(err(), HasSubstr("--key needs --token-id"));
    EXPECT_EQ(exchange({"--credentials", "x", "--key", key_file()}), 2);
    EXPECT_THAT(err(), HasSubstr("excludes"));
    EXPECT_EQ(exchange({"--key", "-", "--passphrase-file", "-", "--token-id", kId}), 2);
    EXPECT_EQ(exchange({"--key", key_file(), "--token-id", "nonsense"}), 2);
    EXPECT_THAT(err(), HasSubstr("is no token's id"));
    EXPECT_EQ(exchange({"--key", key_file(), "--token-id", kId, "--algorithm", "none"}), 2);
    EXPECT_EQ(exchange({"--key", key_file(), "--token-id", kId, "--algorithm", "RS256"}), 6);
    EXPECT_EQ(exchange({"--key", directory_ + "/none", "--token-id", kId}), 1);
    EXPECT_EQ(exchange({"--key", save("public", a_key().public_pem()), "--token-id", kId}), 6);
    EXPECT_THAT(err(), HasSubstr("this is a public key"));
    EXPECT_EQ(exchange({"--key", key_file(), "--token-id", kId, "--project", "default"}), 2);
    EXPECT_THAT(err(), HasSubstr("is no project's id"));
}

TEST_F(Exchange, AKeyThatOthersCanReadWarns) {
    variables_["LATCHKEY_SERVER"] = "http://127.0.0.1:1";
    ASSERT_EQ(chmod(key_file().c_str(), 0644), 0);
    EXPECT_EQ(exchange({"--key", key_file(), "--token-id", kId}), 8);
    EXPECT_THAT(err(), HasSubstr("warning: others can read"));
}

TEST_F(Exchange, WhoIsLoggedInMayNameTheProject) {
    const std::string projects = fmt::format(R"([{{"id":"{}","name":"web"}}])", kProject);
    fetch::CannedServer server([&projects](const std::string& url) {
        return std::vector<std::string>{answer(200, projects), metadata(url, url + "/oauth2/token"),
                                        answer(200, kAnswer)};
    });
    use(server);
    variables_["LATCHKEY_TOKEN"] = "t";
    variables_["LATCHKEY_PROJECT"] = "web";
    EXPECT_EQ(exchange({"--key", key_file(), "--token-id", kId}), 0) << err();
    const auto requests = server.requests();
    EXPECT_THAT(requests[1], Not(HasSubstr("Authorization")));
    EXPECT_EQ(form_of(requests[2])["resource"], std::string("urn:latchkey:project:") + kProject);
}

TEST(ClientAssertion, EveryAlgorithmSigns) {
    for (const Algorithm algorithm : {Algorithm::kEs256, Algorithm::kEs512, Algorithm::kEd25519}) {
        const PrivateKey key = PrivateKey::generate(algorithm);
        const auto now = Timestamp::from_seconds(1'800'000'000);
        const std::string assertion =
            sign_assertion(key, {*TokenId::parse(kId), "", "https://latchkey.example", "jti", now});
        const auto payload = verify_jws_payload(assertion, key.public_key());
        ASSERT_TRUE(payload) << algorithm_name(algorithm);
        EXPECT_EQ(*payload,
                  fmt::format(R"({{"iss":"{0}","sub":"{0}","aud":"https://latchkey.example",)"
                              R"("jti":"jti","iat":1800000000,"exp":1800000060}})",
                              kId));
    }
}

TEST(ServerMetadata, OnlyTheIssuerThatWasMeantIsTakenAtItsWord) {
    const std::string server = "https://latchkey.example";
    const auto of = [&server](const json::object& document) {
        return parse_metadata(document, server);
    };
    const auto fine = of({{"issuer", server}, {"token_endpoint", server + "/oauth2/token"}});
    ASSERT_TRUE(fine);
    EXPECT_EQ(fine->token_path, "/oauth2/token");
    EXPECT_FALSE(of({}));
    EXPECT_FALSE(of({{"issuer", server}}));
    EXPECT_FALSE(of({{"issuer", server + "/"}, {"token_endpoint", server + "/oauth2/token"}}));
    for (const char* endpoint :
         {"https://latchkey.example:8443/oauth2/token", "https://latchkey.example.evil/token",
          "http://latchkey.example/oauth2/token", "https://latchkey.example", "/oauth2/token"}) {
        EXPECT_FALSE(of({{"issuer", server}, {"token_endpoint", endpoint}})) << endpoint;
    }
}

}  // namespace
}  // namespace latchkey::cli
