// Rows B1 and B7 of docs/attacks.md: texts that are nearly tokens, and ends that are none.
#include "api/attack_testing.h"
#include "token/opaque.h"

namespace latchkey::api {
namespace {

using testing::bearer;

class AttackB1 : public testing::AttackTest {
protected:
    void SetUp() override {
        AttackTest::SetUp();
        const auto by = bearer(session(alice_));
        opaque_ = make_token(by, R"("kind":"opaque","name":"o","api":"billing")").secret;
        const auto project = make_project(by, "shop");
        two_part_ = make_project_token(by, project).secret;
    }
    static std::vector<std::string> neighbours(const std::string& token) {
        constexpr std::string_view kAlphabet =
            "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        std::vector<std::string> texts = {token + "0", token + "=",     token + ".",
                                          "0" + token, token.substr(1), token + token};
        for (std::size_t at = 0; at < token.size(); ++at) {
            for (const char put : kAlphabet) {
                if (put == token[at]) continue;
                texts.push_back(token);
                texts.back()[at] = put;
            }
            texts.push_back(token.substr(0, at) + token.substr(at + 1));
            texts.push_back(token.substr(0, at) + token[at] + token.substr(at));
            if (at > 0) texts.push_back(token.substr(0, at));
        }
        return texts;
    }
    std::size_t let_in(const std::vector<std::string>& texts) {
        std::size_t count = 0;
        for (const auto& text : texts) {
            const int status = ask("GET", "/check/api/billing", bearer(text)).status;
            if (status == 401) continue;
            ++count;
            ADD_FAILURE() << text << ": " << status;
        }
        return count;
    }

    std::string opaque_;
    std::string two_part_;
};

TEST_F(AttackB1, NoTextOneEditAwayFromAnOpaqueTokenIsLetIn) {
    EXPECT_EQ(ask("GET", "/check/api/billing", bearer(opaque_)).status, 200);
    EXPECT_EQ(let_in(neighbours(opaque_)), 0U);
}

TEST_F(AttackB1, NoTextOneEditAwayFromAProjectsTokenIsLetIn) {
    EXPECT_EQ(ask("GET", "/check/api/billing", bearer(two_part_)).status, 200);
    EXPECT_EQ(let_in(neighbours(two_part_)), 0U);
}

// The last six characters are a checksum and no secret: anybody can make them right.
TEST_F(AttackB1, ARightChecksumOverAnotherTextIsNoToken) {
    for (std::size_t at = 4; at < 4 + kOpaqueRandomLength; ++at) {
        std::string random = opaque_.substr(4, kOpaqueRandomLength);
        random[at - 4] = random[at - 4] == 'a' ? 'b' : 'a';
        const std::string forged = "lkp_" + random + opaque_checksum(random);
        ASSERT_TRUE(has_valid_checksum(forged));
        const auto reply = ask("GET", "/check/api/billing", bearer(forged));
        EXPECT_EQ(reply.status, 401);
        EXPECT_EQ(reply.field("Latchkey-Verdict"), "unknown");
    }
}

TEST_F(AttackB1, OtherCaseOtherPrefixAndLookalikesAreNoToken) {
    std::string lower = opaque_;
    std::string upper = opaque_;
    for (auto& c : lower) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
    for (auto& c : upper) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    }
    const std::string random = opaque_.substr(4);
    std::vector<std::string> texts = {lower, upper, random, "_" + random};
    for (const char* prefix : {"lks_", "lkt_", "LKP_", "lkp-", "lkp.", "ghp_", "lkp_lkp_"}) {
        texts.push_back(prefix + random);
    }
    EXPECT_EQ(let_in(texts), 0U);
    // Characters that look alike are no characters of a token at all.
    for (const char* put : {"\xC3\xA1", "\xD0\xB0", "\xEF\xBD\x81", "%61", " ", "\t"}) {
        const auto reply = ask("GET", "/check/api/billing", bearer(opaque_ + put + "x"));
        EXPECT_TRUE(reply.status == 401 || reply.status == 400) << put << reply.status;
    }
}

class AttackB7 : public testing::AttackTest {
protected:
    // A management token that ends in an hour and may create tokens.
    std::string parent() {
        return make_token(bearer(session(alice_)),
                          R"("name":"parent","api":"latchkey","scopes":["token:write",)"
                          R"("token:read"],"expiresAt":")" +
                              format_rfc3339(clock.now() + std::chrono::hours(1)) + '"')
            .secret;
    }
    static std::string body(const std::string& kind, const std::string& expiry) {
        std::string text = R"({"name":"a child token","api":"latchkey","scopes":["token:read"],)";
        text += R"("kind":")" + kind + '"';
        if (kind == "key") {
            text += R"(,"keys":)" +
                    testing::json_quoted(PrivateKey::generate(Algorithm::kEs256).public_pem());
        }
        return text + expiry + "}";
    }
};

TEST_F(AttackB7, NoSpellingOfNeverMakesAChildThatOutlivesItsParent) {
    const auto by = bearer(parent());
    for (const char* kind : {"jwt", "opaque", "key"}) {
        const auto refused = [&](const std::string& expiry, int status, const std::string& code) {
            const auto reply = ask("POST", "/v1/tokens", by, body(kind, expiry));
            EXPECT_EQ(reply.status, status) << kind << expiry << reply.body;
            EXPECT_EQ(reply.text("code"), code) << kind << expiry << reply.body;
        };
        refused("", 403, "expiry_beyond_parent");
        refused(R"(,"expiresAt":null)", 403, "expiry_beyond_parent");
        refused(R"(,"expiresAt":"9999-12-31T23:59:59Z")", 403, "expiry_beyond_parent");
        refused(R"(,"expiresAt":0)", 400, "wrong_type");
        refused(R"(,"expiresAt":false)", 400, "wrong_type");
        refused(R"(,"expiresAt":[])", 400, "wrong_type");
        for (const char* text : {"", "0", "never", "none", "null", "10000-01-01T00:00:00Z",
                                 "2027-01-01", "+275760-09-13T00:00:00Z", "2030-01-01T00:00:00"}) {
            const auto reply = ask("POST", "/v1/tokens", by,
                                   body(kind, R"(,"expiresAt":")" + std::string(text) + '"'));
            EXPECT_TRUE(reply.status == 400 || reply.status == 422) << text << reply.body;
        }
        refused(R"(,"expiresAt":"2h")", 403, "expiry_beyond_parent");
        refused(R"(,"expiresAt":"99999d")", 403, "expiry_beyond_parent");
        refused(R"(,"expiresAt":"1970-01-01T00:00:00Z")", 422, "expiry_in_past");
        refused(
            R"(,"expiresAt":")" +
                format_rfc3339(clock.now() + std::chrono::hours(1) + std::chrono::milliseconds(1)) +
                '"',
            403, "expiry_beyond_parent");
        want(201, "POST", "/v1/tokens", by,
             body(kind, R"(,"expiresAt":")" +
                            format_rfc3339(clock.now() + std::chrono::minutes(59)) + '"'));
    }
}

TEST_F(AttackB7, AnEndCannotBeMovedAfterwards) {
    const auto by = bearer(session(alice_));
    const auto soon = format_rfc3339(clock.now() + std::chrono::minutes(10));
    // A jwt says its end itself; what has ended is not brought back, whatever it is.
    const auto made = make_token(by, R"("kind":"jwt","name":"short","api":"billing",)"
                                     R"("expiresAt":")" +
                                         soon + '"');
    const auto opaque = make_token(by, R"("kind":"opaque","name":"short","api":"billing",)"
                                       R"("expiresAt":")" +
                                           soon + '"');
    const auto target = "/v1/tokens/" + made.id;
    for (const char* value : {"null", "0", "\"\"", "\"9999-12-31T23:59:59Z\"", "false"}) {
        const auto reply = ask("PATCH", target, by, R"({"expiresAt":)" + std::string(value) + "}");
        EXPECT_TRUE(reply.status == 400 || reply.status == 422) << value << reply.body;
    }
    EXPECT_EQ(ask("GET", target, by).text("expiresAt"), soon);
    want(200, "POST", target + "/suspend", by);
    want(200, "POST", target + "/resume", by);
    clock.advance(std::chrono::minutes(10));
    EXPECT_EQ(ask("GET", "/check/api/billing", bearer(made.secret)).status, 401);
    want(200, "POST", target + "/suspend", by);
    want(200, "POST", target + "/resume", by);
    EXPECT_EQ(ask("GET", "/check/api/billing", bearer(made.secret)).status, 401);
    for (const auto& id : {made.id, opaque.id}) {
        want(409, "PATCH", "/v1/tokens/" + id, by, R"({"expiresAt":null})");
        want(409, "POST", "/v1/tokens/" + id + "/rotate", by, R"({"expiresAt":null})");
    }
    EXPECT_EQ(ask("GET", "/check/api/billing", bearer(opaque.secret)).status, 401);
}

TEST_F(AttackB7, AnAccessTokenEndsWithItsKeyToken) {
    const auto by = bearer(session(alice_));
    const auto project = make_project(by, "shop");
    const auto key =
        make_key_token(by, R"("name":"application","api":"billing","projects":[")" + project +
                               R"("],"expiresAt":")" +
                               format_rfc3339(clock.now() + std::chrono::minutes(10)) + '"');
    clock.advance(std::chrono::minutes(5));
    const auto got = exchange(key);
    ASSERT_EQ(got.status, 200) << got.body;
    EXPECT_EQ(got.json().at("expires_in").to_number<int>(), 300);
    const auto token = bearer(got.text("access_token"));
    EXPECT_EQ(ask("GET", "/check/api/billing", token).status, 200);
    clock.advance(std::chrono::minutes(5));
    EXPECT_EQ(ask("GET", "/check/api/billing", token).status, 401);
    EXPECT_EQ(exchange(key).text("error"), "invalid_client");
}

}  // namespace
}  // namespace latchkey::api
