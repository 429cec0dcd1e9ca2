// Key tokens and project tokens over HTTP.
#include "api/testing.h"
#include "authority/testing_keys.h"

namespace latchkey::api {
namespace {

class TokenKeysTest : public testing::ApiTest {
protected:
    void SetUp() override {
        ApiTest::SetUp();
        alice_fields_ = testing::bearer(session(alice_));
        bob_fields_ = testing::bearer(session(bob_));
    }
    static json::object jwk_of(const PrivateKey& key) {
        auto jwk = key.public_key().to_jwk();
        jwk.erase("kid");
        return jwk;
    }
    testing::Reply create(const json::value& keys, const json::object& more = {}) {
        json::object body{
            {"name", "billing service"}, {"kind", "key"}, {"api", "billing"}, {"keys", keys}};
        for (const auto& member : more) {
            body[member.key()] = member.value();
        }
        return ask("POST", "/v1/tokens", alice_fields_, to_json(body));
    }
    testing::Reply as_alice(const std::string& method, const std::string& path,
                            const std::string& body = {}) {
        return ask(method, path, alice_fields_, body);
    }

    testing::Fields alice_fields_;
    testing::Fields bob_fields_;
    PrivateKey key_{PrivateKey::generate(Algorithm::kEs256)};
};

TEST_F(TokenKeysTest, AKeyTokenIsMadeOfAPublicKeyAndShowsNoSecret) {
    for (const json::value& keys : {json::value(key_.public_pem()), json::value(jwk_of(key_)),
                                    json::value(json::object{{"keys", json::array{jwk_of(key_)}}}),
                                    json::value(json::array{key_.public_pem()})}) {
        const auto reply = create(keys);
        ASSERT_EQ(reply.status, 201) << reply.body;
        EXPECT_EQ(reply.text("kind"), "key");
        const auto view = reply.json().as_object();
        EXPECT_FALSE(view.contains("token"));
        EXPECT_TRUE(view.at("scopes").is_null());
        const auto& shown = view.at("keys").as_array();
        ASSERT_EQ(shown.size(), 1U);
        EXPECT_EQ(shown[0].at("algorithm").as_string(), "ES256");
        EXPECT_EQ(shown[0].at("thumbprint").as_string(), key_.public_key().thumbprint());
        EXPECT_EQ(reply.body.find(R"("x")"), std::string::npos);
        const auto again = as_alice("GET", "/v1/tokens/" + reply.text("id"));
        EXPECT_EQ(to_json(again.json().at("keys")), to_json(view.at("keys")));
    }
}

TEST_F(TokenKeysTest, WhatIsNoUsableKeyIsRefusedAndNeverRepeated) {
    const auto pem = std::string(key_.to_pem(nullptr).expose());
    const auto pasted = create(json::value(pem));
    EXPECT_EQ(pasted.status, 422);
    EXPECT_EQ(pasted.text("code"), "private_key_pasted");
    EXPECT_EQ(pasted.json().at("errors").at(0).at("pointer").as_string(), "/keys");
    EXPECT_EQ(pasted.body.find(pem.substr(40, 20)), std::string::npos);
    auto no_y = jwk_of(key_);
    no_y.erase("y");
    const auto incomplete = create(json::array{no_y});
    EXPECT_EQ(incomplete.json().at("errors").at(0).at("pointer").as_string(), "/keys/0/y");
    const auto mismatch = create(jwk_of(key_), {{"algorithm", "ES512"}});
    EXPECT_EQ(mismatch.text("code"), "algorithm_mismatch");
    EXPECT_EQ(create(jwk_of(key_), {{"algorithm", "HS256"}}).text("code"), "unknown_algorithm");
    EXPECT_EQ(create(nullptr).text("code"), "missing_member");
    EXPECT_EQ(as_alice("POST", "/v1/tokens", R"({"name":"no key at all","kind":"key"})").status,
              400);
    EXPECT_EQ(create(jwk_of(key_), {{"name", "short"}}).text("code"), "name_too_short");
    EXPECT_EQ(create(jwk_of(key_), {{"kind", "jwt"}}).text("code"), "not_a_key_token");
}

TEST_F(TokenKeysTest, KeysAreAddedListedRenamedAndRemoved) {
    const auto id = create(jwk_of(key_)).text("id");
    const std::string path = "/v1/tokens/" + id;
    auto second = jwk_of(PrivateKey::generate(Algorithm::kEs512));
    second["kid"] = "second key";
    const auto added = as_alice("POST", path + "/keys", to_json(json::object{{"keys", second}}));
    EXPECT_EQ(added.status, 201) << added.body;
    EXPECT_EQ(added.json().at("keys").as_array().size(), 2U);
    const auto listed = as_alice("GET", path + "/keys").json();
    EXPECT_EQ(listed.at(0).at("kid").as_string(), id);
    EXPECT_EQ(listed.at(1).at("kid").as_string(), "second key");
    EXPECT_EQ(as_alice("DELETE", path + "/keys/second%20key").status, 204);
    EXPECT_EQ(as_alice("DELETE", path + "/keys/second%20key").status, 404);
    EXPECT_EQ(as_alice("DELETE", path + "/keys/" + key_.public_key().thumbprint()).text("code"),
              "last_key");
    auto renamed = jwk_of(key_);
    renamed["kid"] = "renamed";
    const auto patched =
        as_alice("PATCH", path, to_json(json::object{{"keys", renamed}, {"name", "new name 1"}}));
    EXPECT_EQ(patched.status, 200) << patched.body;
    EXPECT_EQ(patched.text("name"), "new name 1");
    EXPECT_EQ(patched.json().at("keys").at(0).at("kid").as_string(), "renamed");
    EXPECT_EQ(as_alice("PATCH", path, R"({"name":"short"})").text("code"), "name_too_short");
    EXPECT_EQ(as_alice("POST", path + "/keys", "{}").text("code"), "missing_member");
    for (const auto& [method, target] : {std::pair{"GET", path + "/keys"},
                                         {"POST", path + "/keys"},
                                         {"DELETE", path + "/keys/renamed"}}) {
        const std::string body =
            method == std::string("POST") ? to_json(json::object{{"keys", jwk_of(key_)}}) : "";
        EXPECT_EQ(ask(method, target, bob_fields_, body).status, 404) << method;
    }
}

TEST_F(TokenKeysTest, ACreationThatIsTriedAgainMakesOneToken) {
    auto fields = alice_fields_;
    fields.emplace_back("Idempotency-Key", "the-same-key");
    const auto body =
        to_json(json::object{{"name", "billing service"}, {"kind", "key"}, {"keys", jwk_of(key_)}});
    const auto first = ask("POST", "/v1/tokens", fields, body);
    const auto again = ask("POST", "/v1/tokens", fields, body);
    EXPECT_EQ(first.status, 201) << first.body;
    EXPECT_EQ(first.text("id"), again.text("id"));
    EXPECT_EQ(again.field("Idempotency-Replayed"), "true");
}

TEST_F(TokenKeysTest, ProjectTokensHaveCalyptiasShape) {
    const auto project = authority::testing::project_of(*this, as_alice_, "robots");
    const std::string path = "/v1/projects/" + project + "/tokens";
    const auto made =
        as_alice("POST", path, R"({"name":"aggregator","permissions":["read:*","create:*"]})");
    ASSERT_EQ(made.status, 201) << made.body;
    const auto secret = made.text("token");
    EXPECT_EQ(to_json(made.json().at("permissions")), R"(["create:*","read:*"])");
    const auto payload = parse_json(*base64url_decode(secret.substr(0, secret.find('.')))).value();
    EXPECT_EQ(payload.at("TokenID").as_string(), made.text("id"));
    EXPECT_EQ(payload.at("ProjectID").as_string(), project);
    clock.advance(std::chrono::seconds(1));
    const auto second = as_alice("POST", path, R"({"name":"two","permissions":["read:*"]})");
    const auto list = as_alice("GET", path + "?limit=1");
    ASSERT_EQ(list.status, 200) << list.body;
    ASSERT_EQ(list.json().as_array().size(), 1U);
    EXPECT_EQ(list.json().at(0).at("id").as_string(), second.text("id"));
    EXPECT_EQ(list.json().at(0).at("token").as_string(), "redacted");
    const auto link = list.field("Link");
    const auto next = as_alice("GET", link.substr(1, link.find('>') - 1));
    EXPECT_EQ(next.json().at(0).at("id").as_string(), made.text("id"));
    EXPECT_EQ(as_alice("POST", path, R"({"name":"x","permissions":[]})").text("code"),
              "no_permissions");
    EXPECT_EQ(as_alice("POST", path, R"({"name":"x","permissions":null})").text("code"),
              "no_permissions");
    // Members use the ordinary routes for what the project owns; others see nothing.
    const std::string token = "/v1/tokens/" + made.text("id");
    EXPECT_EQ(as_alice("GET", token).status, 200);
    EXPECT_EQ(as_alice("PATCH", token, R"({"name":"renamed"})").text("name"), "renamed");
    EXPECT_EQ(ask("GET", token, bob_fields_).status, 404);
    EXPECT_EQ(ask("GET", path, bob_fields_).status, 404);
    EXPECT_EQ(ask("GET", path, testing::bearer(secret)).status, 401);
    EXPECT_EQ(as_alice("DELETE", token).status, 204);
    EXPECT_EQ(as_alice("GET", path).json().as_array().size(), 1U);
}

}  // namespace
}  // namespace latchkey::api
