#include "cli/key_file.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "cli/errors.h"
#include "crypto/key_pair.h"

namespace latchkey::cli {
namespace {

using ::testing::HasSubstr;

const PrivateKey& a_key() {
    static const PrivateKey key = PrivateKey::generate(Algorithm::kEs256);
    return key;
}

TEST(KeyFile, PemGoesAsTextAndJsonAsJson) {
    const std::string pem = a_key().public_pem();
    const auto text = parse_key_file("\n" + pem + "\n\n", "key.pem", std::nullopt);
    ASSERT_TRUE(text);
    EXPECT_EQ(text->document, json::value(pem));
    EXPECT_EQ(text->keys.front().thumbprint(), a_key().public_key().thumbprint());
    const json::object jwk = to_jwk(a_key().public_key(), "mine");
    const auto one = parse_key_file(to_json(jwk), "key.json", std::nullopt);
    ASSERT_TRUE(one);
    EXPECT_EQ(one->document, json::value(jwk));
    const auto set = parse_key_file("  {\"keys\": [" + to_json(jwk) + "]}\n", "k", std::nullopt);
    ASSERT_TRUE(set);
    EXPECT_EQ(set->keys.size(), 1U);
    EXPECT_TRUE(set->document.is_object());
}

TEST(KeyFile, AJwkHasTheKeyIdThatWasGivenAndNoOther) {
    EXPECT_EQ(to_jwk(a_key().public_key(), "mine").at("kid"), "mine");
    EXPECT_FALSE(to_jwk(a_key().public_key(), "").contains("kid"));
    EXPECT_EQ(to_jwk(a_key().public_key(), "").at("alg"), "ES256");
}

TEST(KeyFile, AnythingElseIsRefusedWithTheCommandThatHelps) {
    const std::string pem = a_key().public_pem();
    const std::string body = pem.substr(27, pem.size() - 27 - 25);
    std::string jwk = to_json(to_jwk(a_key().public_key(), ""));
    jwk.insert(jwk.size() - 1, R"(,"d":"AAAA")");
    const std::vector<std::tuple<std::string, std::string, std::string>> cases{
        {std::string(a_key().to_pem(nullptr).expose()), "nothing was sent", "-pubout"},
        {pem + std::string(a_key().to_pem(nullptr).expose()), "nothing was sent", "-pubout"},
        {jwk, "nothing was sent", "-pubout"},
        {"{\"keys\":[" + jwk + "]}", "nothing was sent", "-pubout"},
        {"PuTTY-User-Key-File-3: ssh-ed25519\n", "nothing was sent", "-pubout"},
        {"ssh-rsa AAAAB3NzaC1yc2E me@here", "SSH", "ssh-keygen -e -m PKCS8"},
        {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "certificate", "x509"},
        {std::string("\x30\x82\x01\x22\xff\xfe", 6), "is not text", "-inform DER"},
        {"hello world!", "file: ", "BEGIN PUBLIC KEY"},
        {"", "file is empty", "public key"},
        {"{\"kty\":", "file is no JSON", "\"keys\""},
    };
    for (const auto& [text, message, hint] : cases) {
        const auto parsed = parse_key_file(text, "file", std::nullopt);
        ASSERT_FALSE(parsed) << text;
        EXPECT_THAT(parsed.error().message, HasSubstr(message)) << text;
        EXPECT_THAT(parsed.error().hint, HasSubstr(hint)) << text;
        EXPECT_EQ(exit_code(parsed.error()), kExitInvalid) << text;
        EXPECT_EQ(parsed.error().message.find(body), std::string::npos);
    }
}

TEST(KeyFile, TheAlgorithmMustBeTheKeys) {
    const std::string pem = a_key().public_pem();
    EXPECT_TRUE(parse_key_file(pem, "file", Algorithm::kEs256));
    EXPECT_FALSE(parse_key_file(pem, "file", Algorithm::kRs512));
    EXPECT_EQ(*algorithm_of({{}, {}, "Ed25519"}), Algorithm::kEd25519);
    EXPECT_EQ(*algorithm_of({}), std::nullopt);
    for (const char* name : {"HS256", "PS256", "none", "", "es256"}) {
        const auto refused = algorithm_of({{}, {}, name});
        ASSERT_FALSE(refused) << name;
        EXPECT_EQ(exit_code(refused.error()), kExitUsage);
        EXPECT_THAT(refused.error().hint, HasSubstr("RS256, RS512, ES256, ES512, Ed25519"));
    }
}

TEST(KeyFile, KeyIdsArePrintableAndOfBoundedLength) {
    EXPECT_TRUE(check_key_id({}));
    EXPECT_TRUE(check_key_id({{}, "deploy key ü", {}}));
    EXPECT_TRUE(check_key_id({{}, std::string(kKidBytesMax, 'a'), {}}));
    for (const std::string& id : {std::string(), std::string(kKidBytesMax + 1, 'a'),
                                  std::string("a\nb"), std::string("\xff")}) {
        EXPECT_FALSE(check_key_id({{}, id, {}})) << id;
    }
}

}  // namespace
}  // namespace latchkey::cli
