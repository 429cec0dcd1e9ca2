// /v1/tokens over real connections: what one person sees of another, what a retry gets, and that a
// revoked token is dead for everybody the moment its revocation is answered.
#include <algorithm>
#include <atomic>
#include <set>
#include <thread>

#include "api/cursor.h"
#include "api/testing.h"
#include "crypto/key_pair.h"

namespace latchkey::api {
namespace {

using testing::bearer;
using testing::Client;
using testing::Fields;
using testing::Reply;

class TokensTest : public testing::ApiTest {
protected:
    void SetUp() override {
        ApiTest::SetUp();
        alice_session_ = session(alice_);
        bob_session_ = session(bob_);
    }
    Reply post(const std::string& body, const Fields& fields) {
        return ask("POST", "/v1/tokens", fields, body);
    }
    Fields keyed(const std::string& secret, const std::string& key) {
        auto fields = bearer(secret);
        fields.emplace_back("Idempotency-Key", key);
        return fields;
    }

    std::string alice_session_;
    std::string bob_session_;
};

TEST_F(TokensTest, OtherPeoplesTokensAnswerAsUnknownOnes) {
    const auto made = token(as_alice_, "billing", {}).token.id.uuid();
    const std::string nobody = "01890000-0000-7000-8000-000000000001";
    const auto key = PrivateKey::generate(Algorithm::kEs256).public_key();
    const std::string key_body = to_json(json::object{{"keys", key.to_jwk()}});
    for (const auto& route : routes()) {
        if (!route.path.starts_with("/v1/tokens/{id}")) continue;
        const std::string method = route.method == http::Method::kGet      ? "GET"
                                   : route.method == http::Method::kPost   ? "POST"
                                   : route.method == http::Method::kDelete ? "DELETE"
                                                                           : "PATCH";
        const auto target = [&](const std::string& id) {
            return "/v1/tokens/" + id +
                   std::string(route.path.substr(std::string_view("/v1/tokens/{id}").size()));
        };
        const std::string body = method == "PATCH"               ? R"({"name":"mine"})"
                                 : route.path.ends_with("/keys") ? key_body
                                                                 : "";
        const auto foreign = ask(method, target(made), bearer(bob_session_), body);
        const auto unknown = ask(method, target(nobody), bearer(bob_session_), body);
        EXPECT_EQ(foreign.status, 404) << route.path;
        EXPECT_EQ(foreign.shape(), unknown.shape()) << route.path;
    }
    EXPECT_EQ(ask("GET", "/v1/tokens", bearer(bob_session_)).body, "[]");
    EXPECT_EQ(ask("GET", "/v1/tokens?owner=all", bearer(bob_session_)).status, 403);
    EXPECT_EQ(ask("GET", "/v1/tokens?owner=" + alice_.id.uuid(), bearer(bob_session_)).status, 403);
}

TEST_F(TokensTest, OtherPeoplesSessionsAnswerAsUnknownOnes) {
    const auto sessions = ask("GET", "/v1/sessions", bearer(alice_session_)).json();
    const std::string id(sessions.as_array().at(0).at("id").as_string());
    const auto foreign = ask("DELETE", "/v1/sessions/" + id, bearer(bob_session_));
    const auto unknown =
        ask("DELETE", "/v1/sessions/01890000-0000-7000-8000-000000000001", bearer(bob_session_));
    EXPECT_EQ(foreign.status, 404);
    EXPECT_EQ(foreign.shape(), unknown.shape());
    EXPECT_EQ(ask("DELETE", "/v1/sessions/" + id, bearer(alice_session_)).status, 204);
    EXPECT_EQ(ask("GET", "/v1/sessions", bearer(alice_session_)).status, 401);
}

TEST_F(TokensTest, MembersThatOnlyTheServerSetsAreRefused) {
    for (const char* member :
         {"id", "owner", "createdAt", "updatedAt", "state", "jti", "token", "audience",
          "generation", "revokedAt", "is_admin", "Name", "__proto__"}) {
        const auto reply =
            post(R"({"name":"x",")" + std::string(member) + R"(":"y"})", bearer(alice_session_));
        EXPECT_EQ(reply.status, 400) << member;
        EXPECT_EQ(reply.text("code"), "unknown_member") << member;
        const auto id = token(as_alice_, "billing", {}).token.id.uuid();
        EXPECT_EQ(ask("PATCH", "/v1/tokens/" + id, bearer(alice_session_),
                      "{\"" + std::string(member) + "\":\"y\"}")
                      .status,
                  400)
            << member;
    }
    const auto admin = session(admin_);
    for (const char* member : {"id", "createdAt", "passwordHash", "password_hash", "email"}) {
        EXPECT_EQ(ask("PATCH", "/v1/users/" + bob_.id.uuid(), bearer(admin),
                      "{\"" + std::string(member) + "\":\"y\"}")
                      .status,
                  400)
            << member;
    }
    EXPECT_EQ(ask("POST", "/v1/apis", bearer(admin), R"({"slug":"x","builtIn":true})").status, 400);
}

TEST_F(TokensTest, TheSecretIsShownOnce) {
    const auto made = post(R"({"name":"x"})", bearer(alice_session_));
    ASSERT_EQ(made.status, 201) << made.body;
    EXPECT_EQ(made.field("Cache-Control"), "no-store");
    EXPECT_EQ(made.field("Location"), "/v1/tokens/" + made.text("id"));
    const auto secret = made.text("token");
    ASSERT_FALSE(secret.empty());
    for (const std::string target : {"/v1/tokens", "/v1/tokens?state=all", "/v1/tokens/usage"}) {
        EXPECT_EQ(ask("GET", target, bearer(alice_session_)).body.find(secret), std::string::npos);
    }
    EXPECT_TRUE(
        ask("GET", "/v1/tokens/" + made.text("id"), bearer(alice_session_)).text("token").empty());
    const auto events = ask("GET", "/v1/events", bearer(session(admin_)));
    EXPECT_EQ(events.status, 200);
    EXPECT_EQ(events.body.find(secret), std::string::npos);
}

TEST_F(TokensTest, TheSameKeyGivesExactlyTheSameAnswer) {
    const std::string body = R"({"name":"once"})";
    const auto first = post(body, keyed(alice_session_, "key-number-1"));
    ASSERT_EQ(first.status, 201) << first.body;
    const auto again = post(body, keyed(alice_session_, "key-number-1"));
    EXPECT_EQ(again.status, 201);
    EXPECT_EQ(again.body, first.body);
    EXPECT_EQ(again.field("Idempotency-Replayed"), "true");
    EXPECT_EQ(again.field("Cache-Control"), "no-store");
    const auto quoted = post(body, keyed(alice_session_, "\"key-number-1\""));
    EXPECT_EQ(quoted.body, first.body);
    const auto other = post(R"({"name":"other"})", keyed(alice_session_, "key-number-1"));
    EXPECT_EQ(other.status, 409);
    EXPECT_EQ(other.text("code"), "idempotency_conflict");
    const auto bob = post(body, keyed(bob_session_, "key-number-1"));
    EXPECT_EQ(bob.status, 201);
    EXPECT_NE(bob.text("id"), first.text("id"));
    EXPECT_EQ(ask("GET", "/v1/tokens", bearer(alice_session_)).json().as_array().size(), 1U);
    for (const char* bad : {"short", "has a space in it", "\"unbalanced\"\"x"}) {
        EXPECT_EQ(post(body, keyed(alice_session_, bad)).status, 422) << bad;
    }
}

TEST_F(TokensTest, ARefusedCreateUsesItsKeyNotUp) {
    EXPECT_EQ(
        post(R"({"name":"x","scopes":["no:such"]})", keyed(alice_session_, "a-key-again")).status,
        422);
    EXPECT_EQ(post(R"({"name":"x"})", keyed(alice_session_, "a-key-again")).status, 201);
}

TEST_F(TokensTest, ConcurrentDuplicatesGiveOneToken) {
    std::vector<std::string> bodies(8);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < bodies.size(); ++i) {
        threads.emplace_back([&, i] {
            bodies[i] = connect()
                            .ask("POST", "/v1/tokens", keyed(alice_session_, "all-at-once"),
                                 R"({"name":"one"})")
                            .body;
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(std::set<std::string>(bodies.begin(), bodies.end()).size(), 1U);
    EXPECT_EQ(ask("GET", "/v1/tokens", bearer(alice_session_)).json().as_array().size(), 1U);
}

TEST_F(TokensTest, PagesShowEveryTokenOnceWhateverIsCreatedMeanwhile) {
    std::set<std::string> wanted;
    for (int i = 0; i < 23; ++i) {
        clock.advance(std::chrono::milliseconds(i % 3));
        wanted.insert(token(as_alice_, "billing", {}).token.id.uuid());
    }
    for (const std::string sort : {"-createdAt", "createdAt", "name"}) {
        std::vector<std::string> seen;
        std::string target = "/v1/tokens?limit=5&sort=" + sort;
        while (!target.empty() && seen.size() < 200) {
            const auto page = ask("GET", target, bearer(alice_session_));
            ASSERT_EQ(page.status, 200) << page.body;
            const auto items = page.json();
            for (const auto& item : items.as_array()) {
                seen.emplace_back(item.at("id").as_string());
            }
            const auto link = page.field("Link");
            target = link.empty() ? "" : link.substr(1, link.find('>') - 1);
        }
        EXPECT_EQ(seen.size(), wanted.size()) << sort;
        EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()), wanted) << sort;
    }
}

TEST_F(TokensTest, ACursorIsOursOrRefused) {
    const auto& kek = authority->keys().kek();
    const auto good = seal_cursor(kek, {alice_.id.uuid(), "a name"});
    EXPECT_EQ(open_cursor(kek, good)->key, "a name");
    const std::string alphabet = "ABab09-_";
    for (std::size_t i = 0; i < good.size(); ++i) {
        for (const char c : alphabet) {
            std::string changed = good;
            changed[i] = c;
            if (changed == good) continue;
            EXPECT_FALSE(open_cursor(kek, changed)) << i;
        }
    }
    for (const auto& bad :
         std::vector<std::string>{"", "x", "' OR 1=1 --", std::string(2000, 'A')}) {
        EXPECT_FALSE(open_cursor(kek, bad));
    }
    EXPECT_FALSE(open_cursor(kek, good + "A"));
    EXPECT_FALSE(open_cursor(kek, good.substr(1)));
    EXPECT_EQ(ask("GET", "/v1/tokens?after=AAAA", bearer(alice_session_)).status, 400);
}

TEST_F(TokensTest, EveryRefusalIsReadableJson) {
    const auto admin = session(admin_);
    for (const std::string target : {"/v1/tokens?%ff=1", "/v1/tokens?sort=%ff", "/v1/nothing",
                                     "/v1/tokens/%ff", "/v1/apis/%c3", "/v1/tokens?owner=%22"}) {
        EXPECT_GE(ask("GET", target, bearer(admin)).status, 400) << target;
        (void)ask("GET", target, bearer(admin)).json();
    }
    std::string long_name = "{\"name\":\"x\",\"api\":\"";
    for (int i = 0; i < 99; ++i) {
        long_name += "é";
    }
    (void)post(long_name + "x\"}", bearer(alice_session_)).json();
}

// Ten thousand times: after the answer to a revoke, nobody is told «active», by whichever
// connection, reactor and presentation he asks.
TEST_F(TokensTest, AfterTheAnswerToARevokeNoCheckSaysYes) {
    constexpr std::size_t kThreads = 16;
    constexpr std::size_t kEach = 625;
    std::vector<std::pair<std::string, std::string>> made(kThreads * kEach);
    for (auto& item : made) {
        authority::CreateToken wanted;
        wanted.name = "pair";
        wanted.kind = store::TokenKind::kOpaque;
        auto prepared = authority::prepare_token(*authority, *reader, as_alice_, wanted).value();
        const auto shared = std::make_shared<authority::PreparedToken>(std::move(prepared));
        item = {shared->token.id.uuid(), std::string(shared->text.expose())};
        store::Mutation mutation;
        mutation.work = [this, shared](store::Transaction& tx) {
            return authority::insert_token(*authority, tx, *shared);
        };
        mutation.done = [](const Status& status) { ASSERT_TRUE(status); };
        while (authority->store().waiting() > 2000) {
            std::this_thread::yield();
        }
        authority->store().submit(std::move(mutation));
    }
    while (authority->replica().token_count() < made.size()) {
        std::this_thread::yield();
    }
    std::atomic<int> wrong{0};
    std::atomic<int> good_before{0};
    std::atomic<int> revoked{0};
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
            Client control = connect();
            Client one = connect();
            Client other = connect();
            for (std::size_t i = t * kEach; i < (t + 1) * kEach; ++i) {
                const auto& [id, secret] = made[i];
                good_before += one.ask("GET", "/check", bearer(secret)).status == 200;
                revoked +=
                    control.ask("POST", "/v1/tokens/" + id + "/revoke", bearer(alice_session_))
                        .status == 200;
                wrong += one.ask("GET", "/check", bearer(secret)).status != 401;
                wrong += other.ask("GET", "/check/nginx", testing::basic(secret)).status != 401;
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(good_before, static_cast<int>(made.size()));
    EXPECT_EQ(revoked, static_cast<int>(made.size()));
    EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace latchkey::api
