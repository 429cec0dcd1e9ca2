#include "token/names.h"

#include <string>

#include <gtest/gtest.h>

namespace latchkey {
namespace {

TEST(Name, AnyPrintableTextOfUpToAHundredCharactersIsOne) {
    const std::string hundred(100, 'x');
    std::string long_in_bytes;
    for (int i = 0; i < 100; ++i) {
        long_in_bytes += "\xF0\x9F\x94\x91";  // a key
    }
    for (const std::string& name :
         {std::string("ci"), std::string("deploy key, Köln <b>"), std::string("日本語"),
          std::string("می‌خواهم"), hundred, long_in_bytes}) {
        EXPECT_TRUE(check_name(name).has_value()) << name;
    }
}

TEST(Name, WhatForgesOrHidesIsRefused) {
    const std::string too_long(101, 'x');
    for (const std::string& name : {std::string(),
                                    std::string(" "),
                                    std::string(" a"),
                                    std::string("a "),
                                    std::string("a\n"),
                                    std::string("a\nb"),
                                    std::string("a\tb"),
                                    std::string("a\0b", 3),
                                    std::string("a\x7f"),
                                    std::string("a\x1b[31m"),
                                    std::string("a\xC2\x85"),
                                    std::string("\xE2\x80\x8B"),
                                    std::string("\xE2\x80\xAEgnp"),
                                    std::string("\xE2\x80\xA8"),
                                    std::string("\xC2\xA0"),
                                    std::string("a\xE3\x80\x80"),
                                    std::string("\xE3\x85\xA4"),
                                    std::string("\xff"),
                                    std::string("\xC0\xAF"),
                                    std::string("\xED\xA0\x80"),
                                    too_long,
                                    std::string(10'000, 'x')}) {
        const auto status = check_name(name);
        ASSERT_FALSE(status.has_value()) << name;
        EXPECT_EQ(status.error().reason, "bad_name");
        EXPECT_EQ(status.error().field, "/name");
    }
}

TEST(Description, IsOneLineOfUpToFiveHundredCharactersAndMayBeEmpty) {
    EXPECT_TRUE(check_description("").has_value());
    EXPECT_TRUE(check_description(std::string(500, 'x')).has_value());
    EXPECT_TRUE(check_description("ends with a space ").has_value());
    for (const std::string& text : {std::string(501, 'x'), std::string("two\nlines"),
                                    std::string("\xff"), std::string("a\x1b]0;x\x07")}) {
        const auto status = check_description(text, "/about");
        ASSERT_FALSE(status.has_value());
        EXPECT_EQ(status.error().reason, "bad_description");
        EXPECT_EQ(status.error().field, "/about");
    }
}

}  // namespace
}  // namespace latchkey
