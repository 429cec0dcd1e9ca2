// Tokens of another system where they are shown, and the routes that take them over.
#include "api/testing.h"
#include "base/encoding.h"
#include "crypto/hmac_key.h"
#include "store/verification_scope.h"
#include "token/opaque.h"

namespace latchkey::api {
namespace {

using testing::bearer;

class ImportsTest : public testing::ApiTest {
protected:
    void SetUp() override {
        ApiTest::SetUp();
        session_ = session(admin_);
    }
    testing::Reply post(const std::string& path, const std::string& body) {
        return ask("POST", path, bearer(session_), body);
    }
    static std::string plain(const std::string& name = "acme",
                             const std::string& prefix = "acme_") {
        return R"({"name":")" + name + R"(","prefix":")" + prefix +
               R"(","algorithm":"sha256","entropyBits":160})";
    }
    static std::string keyed() {
        return R"({"name":"acme","prefix":"acme_","algorithm":"hmac-sha256","hmacKey":")" +
               base64url_encode("the pepper of the other system") + R"("})";
    }
    static std::string digest_of(const std::string& secret) {
        return hex_encode(as_text(sha256(secret)));
    }
    static std::string mac_of(const std::string& secret) {
        const HmacKey key(Secret("the pepper of the other system"));
        return hex_encode(as_text(key.mac(secret)));
    }
    static std::string line(const std::string& digest, const std::string& more = {}) {
        return R"({"digest":")" + digest +
               R"(","name":"old","owner":"alice@example.com","api":"billing",)"
               R"("scopes":["license:read"])" +
               more + "}";
    }
    static std::string lines(const std::string& items) { return R"({"tokens":[)" + items + "]}"; }
    std::string verdict(const std::string& secret) {
        return ask("GET", "/check/api/billing/scope/license:read", bearer(secret))
            .field("Latchkey-Verdict");
    }
    std::string verdict_of_question(const std::string& secret) {
        if (!verifier_) verifier_ = verifier_token(machine("gateway", "billing"));
        return ask("POST", "/v1/tokens/verify", bearer(verifier_->text.expose()),
                   R"({"token":")" + secret + R"(","api":"billing","scopes":["license:read"]})")
            .text("verdict");
    }

    std::string session_;
    std::optional<authority::PreparedToken> verifier_;
};

TEST_F(ImportsTest, AnImportedTokenIsCheckedVerifiedListedAndRevokedLikeAnyOther) {
    EXPECT_EQ(verdict("acme_one"), "malformed");
    EXPECT_EQ(post("/v1/imports", keyed()).status, 201);
    EXPECT_EQ(post("/v1/imports", keyed()).status, 200);
    EXPECT_EQ(verdict("acme_one"), "unknown");
    const auto done = post("/v1/imports/acme/tokens", lines(line(mac_of("acme_one"))));
    EXPECT_EQ(done.status, 200);
    EXPECT_EQ(done.body, R"({"imported":1,"existing":0,"refused":[]})");
    EXPECT_EQ(verdict("acme_one"), "active");
    EXPECT_EQ(verdict_of_question("acme_one"), "active");
    EXPECT_EQ(verdict_of_question("acme_two"), "unknown");
    const auto self = ask("GET", "/v1/tokens/self", bearer("acme_one"));
    EXPECT_EQ(self.status, 200) << self.body;
    EXPECT_EQ(self.text("source"), "acme");
    EXPECT_EQ(self.text("kind"), "opaque");
    EXPECT_EQ(self.text("owner"), alice_.id.uuid());
    const auto listed = ask("GET", "/v1/tokens", bearer(session(alice_)));
    EXPECT_NE(listed.body.find(R"("source":"acme")"), std::string::npos);
    EXPECT_EQ(listed.body.find(mac_of("acme_one")), std::string::npos);
    EXPECT_EQ(post("/v1/tokens/" + self.text("id") + "/revoke", "{}").status, 200);
    EXPECT_EQ(verdict("acme_one"), "revoked");
    EXPECT_EQ(verdict_of_question("acme_one"), "revoked");
}

TEST_F(ImportsTest, SecretsOfOurOwnFormAreCheckedAsEver) {
    const auto queries = store::VerificationScope::query_count();
    const auto opaque = token(as_alice_, "billing", {"license:read"}, store::TokenKind::kOpaque);
    const auto jwt = token(as_alice_, "billing", {"license:read"});
    ASSERT_EQ(post("/v1/imports", plain()).status, 201);
    const std::string ours(opaque.text.expose());
    const auto refused = post("/v1/imports/acme/tokens", lines(line(digest_of(ours))));
    EXPECT_NE(refused.body.find(R"("code":"digest_taken")"), std::string::npos) << refused.body;
    EXPECT_EQ(verdict(ours), "active");
    EXPECT_EQ(verdict(std::string(jwt.text.expose())), "active");
    EXPECT_EQ(verdict(ours.substr(0, ours.size() - 1) + (ours.back() == '0' ? "1" : "0")),
              "malformed");
    EXPECT_EQ(verdict("nonsense"), "malformed");
    // A secret of theirs may look like one of ours but for its prefix, with a wrong checksum.
    const std::string like = "acme_" + std::string(40, 'a');
    ASSERT_FALSE(has_valid_checksum(like));
    EXPECT_EQ(post("/v1/imports/acme/tokens", lines(line(digest_of(like)))).status, 200);
    EXPECT_EQ(verdict(like), "active");
    EXPECT_EQ(store::VerificationScope::query_count(), queries);
}

TEST_F(ImportsTest, WhatCannotBeReadIsRefusedWithItsPlace) {
    struct Case {
        std::string body;
        int status;
        std::string code;
    };
    const std::string good = line(digest_of("acme_1"));
    for (const auto& [body, status, code] :
         std::vector<Case>{{"{}", 422, "missing_member"},
                           {lines(""), 422, "missing_member"},
                           {R"({"tokens":[1]})", 400, "wrong_type"},
                           {R"({"tokens":[)" + good + R"(],"dryrun":true})", 400, "unknown_member"},
                           {R"({"tokens":[{"digest":"a","digest":"b"}]})", 400, "malformed_json"},
                           {"{\"tokens\":[{\"digest\":\"\xFF\"}]}", 400, "malformed_json"}}) {
        const auto reply = post("/v1/imports/acme/tokens", body);
        EXPECT_EQ(reply.text("code"), code) << body.substr(0, 100) << reply.status << reply.body;
        EXPECT_EQ(reply.status / 100, status / 100) << reply.body;
    }
    // Whoever sends too much is cut off.
    const auto huge = lines(line(std::string(70'000, 'a')));
    EXPECT_EQ(connect().ask("POST", "/v1/imports/acme/tokens", bearer(session_), huge).status, 413);
    std::string many = good;
    for (int i = 0; i < 100; ++i)
        many += "," + good;
    EXPECT_EQ(post("/v1/imports/acme/tokens", lines(many)).text("code"), "too_many_imports");
    EXPECT_EQ(post("/v1/imports/acme/tokens", lines(good)).text("code"), "unknown_import_source");
    ASSERT_EQ(post("/v1/imports", plain()).status, 201);
    const auto mixed =
        post("/v1/imports/acme/tokens",
             lines(line("zz") + "," + line(digest_of("acme_2"), R"(,"admin":true)") + "," + good +
                   "," + line(digest_of("acme_3"), R"(,"expiresAt":"2001-01-01T00:00:00Z")")));
    EXPECT_EQ(mixed.status, 200);
    EXPECT_NE(mixed.body.find(R"("imported":1,"existing":0)"), std::string::npos) << mixed.body;
    for (const char* code : {"bad_digest", "unknown_member", "expiry_in_past"}) {
        EXPECT_NE(mixed.body.find(code), std::string::npos) << code << mixed.body;
    }
}

TEST_F(ImportsTest, NobodyElseImports) {
    const auto body = lines(line(digest_of("acme_1")));
    EXPECT_EQ(ask("POST", "/v1/imports", bearer(session(alice_)), plain()).status, 403);
    ASSERT_EQ(post("/v1/imports", plain()).status, 201);
    EXPECT_EQ(ask("POST", "/v1/imports/acme/tokens", bearer(session(alice_)), body).status, 403);
    EXPECT_EQ(ask("DELETE", "/v1/imports/acme", bearer(session(alice_))).status, 403);
    const auto admins = token(as_admin_, "latchkey", {"*"});
    EXPECT_EQ(ask("POST", "/v1/imports/acme/tokens", bearer(admins.text.expose()), body).status,
              403);
    EXPECT_EQ(verdict("acme_1"), "unknown");
    EXPECT_EQ(ask("DELETE", "/v1/imports/acme", bearer(session_)).status, 204);
    EXPECT_EQ(verdict("acme_1"), "malformed");
}

TEST_F(ImportsTest, AKeyIsShownToNobody) {
    ASSERT_EQ(post("/v1/imports", keyed()).status, 201);
    const auto listed = ask("GET", "/v1/imports", bearer(session_));
    EXPECT_EQ(listed.status, 200);
    EXPECT_NE(listed.body.find(R"("algorithm":"hmac-sha256")"), std::string::npos);
    const auto events = ask("GET", "/v1/events?type=import.", bearer(session_));
    EXPECT_NE(events.body.find("import.source_added"), std::string::npos) << events.body;
    for (const auto& reply : {listed, events}) {
        EXPECT_EQ(reply.body.find(base64url_encode("the pepper of the other system")),
                  std::string::npos);
        EXPECT_EQ(reply.body.find("pepper"), std::string::npos);
    }
    EXPECT_EQ(post("/v1/imports", plain()).text("code"), "import_source_differs");
    EXPECT_EQ(post("/v1/imports", plain("other", "lkp_")).text("code"), "bad_import_prefix");
    const std::string weak = R"({"name":"w","prefix":"w_","algorithm":"sha256","entropyBits":64})";
    EXPECT_EQ(post("/v1/imports", weak).text("code"), "weak_import");
}

}  // namespace
}  // namespace latchkey::api
