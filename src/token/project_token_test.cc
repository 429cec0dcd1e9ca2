#include "token/project_token.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "token/jws.h"
#include "token/opaque.h"

namespace latchkey {
namespace {

const TokenId kToken = *TokenId::parse("01930000-0000-7000-8000-000000000001");
const ProjectId kProject = *ProjectId::parse("01930000-0000-7000-8000-000000000002");

TEST(ProjectToken, NamesTheTokenAndTheProjectAndHidesTheRest) {
    const Secret secret = make_project_token(kToken, kProject);
    const auto text = secret.expose();
    const auto dot = text.find('.');
    ASSERT_NE(dot, std::string_view::npos);
    EXPECT_EQ(base64url_decode(text.substr(0, dot)),
              R"({"TokenID":"01930000-0000-7000-8000-000000000001",)"
              R"("ProjectID":"01930000-0000-7000-8000-000000000002"})");
    const auto random = base64url_decode(text.substr(dot + 1));
    ASSERT_TRUE(random.has_value());
    EXPECT_EQ(random->size(), kProjectTokenRandomBytes);
    EXPECT_FALSE(make_project_token(kToken, kProject).expose() == text);
}

TEST(ProjectToken, HasAShapeOfItsOwn) {
    const Secret secret = make_project_token(kToken, kProject);
    const std::string text(secret.expose());
    EXPECT_EQ(shape_of(text), TokenShape::kTwoPart);
    EXPECT_TRUE(could_be_token(text));
    const std::string random(64, 'r');
    EXPECT_EQ(shape_of("e30." + random), TokenShape::kTwoPart);
    for (const std::string& other : std::vector<std::string>{
             text + "x", text.substr(1 + text.find('.')), text.substr(0, text.size() - 1),
             "." + random, "e30" + random, "e30." + random + ".", "e3 0." + random,
             "e30.=" + random.substr(1), std::string(513, 'a') + "." + random,
             "e30." + random.substr(1), "e30..", "." + text}) {
        EXPECT_EQ(shape_of(other), TokenShape::kOther) << other;
        EXPECT_FALSE(could_be_token(other)) << other;
    }
    // With one dot more it is a JWT, and never both.
    EXPECT_EQ(shape_of("e30." + text), TokenShape::kJwt);
    EXPECT_FALSE(split_compact(text).has_value());
}

}  // namespace
}  // namespace latchkey
