#include "crypto/password.h"

#include <gtest/gtest.h>

namespace latchkey {
namespace {

TEST(Password, VerifiesItselfAndNothingElse) {
    const auto hash = hash_password("correct horse");
    ASSERT_TRUE(hash.has_value());
    EXPECT_TRUE(verify_password(*hash, "correct horse"));
    EXPECT_FALSE(verify_password(*hash, "correct horsf"));
    EXPECT_FALSE(verify_password(*hash, ""));
    EXPECT_FALSE(verify_password(*hash, std::string_view("correct horse\0", 14)));
}

TEST(Password, HashesNameTheirCostsAndHaveTheirOwnSalt) {
    const auto a = hash_password("same");
    const auto b = hash_password("same");
    ASSERT_TRUE(a.has_value() && b.has_value());
    EXPECT_EQ(a->rfind("$argon2id$v=19$m=19456,t=2,p=1$", 0), 0U);
    EXPECT_NE(*a, *b);
    EXPECT_FALSE(password_needs_rehash(*a));
}

TEST(Password, AHashWithOtherCostsIsToBeMadeAnew) {
    EXPECT_TRUE(password_needs_rehash(
        "$argon2id$v=19$m=8192,t=1,p=1$MlctLmQgAAXa8Q7iPt30tQ$FK/GGG1wX8kVD73a8CuJpXAFKbOO7AVH7a"
        "erzmZgTQo"));
}

TEST(Password, WhatIsNoHashVerifiesNothing) {
    for (const char* text : {"", "plain", "$argon2id$", "$argon2id$v=19$m=19456,t=2,p=1$$"}) {
        EXPECT_FALSE(verify_password(text, "")) << text;
    }
}

TEST(Password, NothingIsNeverThePassword) {
    EXPECT_FALSE(verify_against_nothing(""));
    EXPECT_FALSE(verify_against_nothing("correct horse"));
}

}  // namespace
}  // namespace latchkey
