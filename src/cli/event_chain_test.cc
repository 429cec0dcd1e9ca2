#include "cli/event_chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "token/jws.h"

namespace latchkey::cli {
namespace {

using ::testing::HasSubstr;

// A log of `count` events as a server would export it.
std::vector<json::object> make_log(std::uint64_t count) {
    std::vector<json::object> log;
    Digest previous{};
    for (std::uint64_t revision = 1; revision <= count; ++revision) {
        const std::uint64_t epoch = revision < 3 ? 1 : 2;  // a restore in between
        const json::object facts{
            {"epoch", epoch}, {"revision", revision}, {"type", "token.created"}};
        json::object event = facts;
        const std::string body = canonical_json(facts);
        previous = sha256(as_text(previous), body);
        event["body"] = body;
        event["hash"] = base64url_encode(as_text(previous));
        log.push_back(std::move(event));
    }
    return log;
}

struct Signer {
    SigningKey key = SigningKey::generate();

    [[nodiscard]] KeySet keys() const {
        const json::object jwks{{"keys", json::array{key.public_key().to_jwk()}}};
        auto set = KeySet::parse(to_json(jwks));
        CHECK(set.has_value());
        return std::move(set).value();
    }
    [[nodiscard]] json::object checkpoint(std::uint64_t revision, const std::string& hash) const {
        const json::object claims{{"iss", "https://a.example"},
                                  {"iat", 1},
                                  {"epoch", 1},
                                  {"revision", revision},
                                  {"hash", hash}};
        return {{"checkpoint", sign_jws(key, "latchkey-checkpoint+jwt", key.kid(), claims)}};
    }
};

Status add_all(EventChain& chain, const std::vector<json::object>& log) {
    for (const json::object& event : log) {
        TRY(chain.add(event));
    }
    return {};
}

TEST(EventChain, AWholeLogVerifiesWithItsCheckpoint) {
    const auto log = make_log(4);
    EventChain chain;
    ASSERT_TRUE(add_all(chain, log));
    EXPECT_EQ(chain.count(), 4U);
    EXPECT_EQ(chain.epoch(), 2U);
    EXPECT_EQ(chain.head(), log.back().at("hash").get_string());
    const Signer signer;
    for (const std::size_t revision : {std::size_t{3}, std::size_t{4}}) {
        const std::string hash(log[revision - 1].at("hash").get_string());
        EXPECT_TRUE(chain.check_checkpoint(signer.checkpoint(revision, hash), signer.keys()));
    }
}

TEST(EventChain, AChangedBodyNamesItsRevision) {
    auto log = make_log(4);
    std::string body(log[2].at("body").get_string());
    body.replace(body.find("created"), 7, "deleted");
    log[2]["body"] = body;
    EventChain chain;
    const Status status = add_all(chain, log);
    ASSERT_FALSE(status);
    EXPECT_THAT(status.error().message, HasSubstr("broken at revision 3"));
}

TEST(EventChain, AMemberShownOtherwiseThanHashedIsFound) {
    auto log = make_log(2);
    log[1]["type"] = "token.revoked";
    EventChain chain;
    const Status status = add_all(chain, log);
    ASSERT_FALSE(status);
    EXPECT_THAT(status.error().message, HasSubstr("\"type\" differs"));
}

TEST(EventChain, AMissingOrRepeatedEventIsAGap) {
    auto log = make_log(4);
    auto without = log;
    without.erase(without.begin() + 1);
    EventChain gap;
    EXPECT_FALSE(add_all(gap, without));
    log.insert(log.begin() + 1, log[0]);
    EventChain twice;
    const Status status = add_all(twice, log);
    ASSERT_FALSE(status);
    EXPECT_THAT(status.error().message, HasSubstr("broken at revision 2"));
}

TEST(EventChain, ALogCutBeforeItsCheckpointIsFound) {
    const auto log = make_log(4);
    const std::string hash(log[3].at("hash").get_string());
    EventChain chain;
    ASSERT_TRUE(add_all(chain, {log[0], log[1]}));
    const Signer signer;
    const Status status = chain.check_checkpoint(signer.checkpoint(4, hash), signer.keys());
    ASSERT_FALSE(status);
    EXPECT_THAT(status.error().message, HasSubstr("broken at revision 3"));
}

TEST(EventChain, ACheckpointOfAnotherHistoryOrKeyIsRefused) {
    const auto log = make_log(2);
    EventChain chain;
    ASSERT_TRUE(add_all(chain, log));
    const Signer signer;
    const Signer other;
    const std::string hash(log[1].at("hash").get_string());
    EXPECT_FALSE(chain.check_checkpoint(signer.checkpoint(1, hash), signer.keys()));
    EXPECT_FALSE(chain.check_checkpoint(signer.checkpoint(2, hash), other.keys()));
    EXPECT_TRUE(chain.check_checkpoint(signer.checkpoint(2, hash), signer.keys()));
}

TEST(KeySet, ADocumentWithoutUsableKeysIsRefused) {
    for (const char* text : {"", "[]", "{}", R"({"keys":3})", R"({"keys":[]})",
                             R"({"keys":[{"kty":"oct","k":"AA"}]})"}) {
        EXPECT_FALSE(KeySet::parse(text)) << text;
    }
}

}  // namespace
}  // namespace latchkey::cli
