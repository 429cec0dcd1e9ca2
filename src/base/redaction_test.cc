#include "base/redaction.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace latchkey {
namespace {

TEST(Redaction, WhatLooksLikeASecretIsNotRepeated) {
    const std::string random = "Zk3vQ9xT1bRw8LmN4pYc7Hs2Jd5Fg6Ka0eUiOoPq";
    for (const std::string& secret : std::vector<std::string>{
             "lkp_" + random, "lks_" + random, "ghp_" + random, "lkp_" + random.substr(0, 14),
             "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.abc", std::string("eyJhbGciOiJFUzI1NiIs"),
             random, random.substr(0, 20) + "." + random,
             "MC4CAQAwBQYDK2VwBCIEIEGp7zqM/1Ih2heUKLsh+Slb2gwyYbEp/Xi32ZAAa9PA"}) {
        EXPECT_EQ(without_secrets(secret), "[hidden]") << secret;
        EXPECT_EQ(without_secrets("there is no API " + secret + " here"),
                  "there is no API [hidden] here");
        EXPECT_EQ(without_secrets("/scopes/" + secret), "/scopes/[hidden]");
    }
}

TEST(Redaction, WhatPeopleNeedToReadStays) {
    for (const char* text :
         {"", " ", "there is no scope license:raed; did you mean license:read?",
          "01890000-0000-7000-8000-000000000001", "7VgsDiH8jBPtiFiGXPvsxk",
          "/home/Alice/Projects/2026/latchkey-test-a1B2c3/credentials.json",
          "https://api.Example.com:8080/v1/tokens", "line 4, column 17: Allow",
          "a-scope-with-a-very-long-name-number-1234567:read", "snake_case_names_are_fine_2",
          "LATCHKEY_SETUP_PASSWORD_FILE", "日本語 <b>&amp;", "\xff\xfe"}) {
        EXPECT_EQ(without_secrets(text), text);
    }
}

}  // namespace
}  // namespace latchkey
