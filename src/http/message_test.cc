#include "http/message.h"

#include <gtest/gtest.h>

namespace latchkey::http {
namespace {

TEST(Message, AMappedIpv4AddressIsShownAsIpv4) {
    EXPECT_EQ(format_address({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 127, 0, 0, 1}),
              "127.0.0.1");
}

TEST(Message, AnIpv6AddressIsShownShortened) {
    EXPECT_EQ(format_address({0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}),
              "2001:db8::1");
}

TEST(Message, FieldNamesCompareWithoutCaseButOnlyThat) {
    EXPECT_TRUE(equal_without_case("Content-Length", "content-LENGTH"));
    EXPECT_FALSE(equal_without_case("Content-Length", "Content_Length"));
    EXPECT_FALSE(equal_without_case("[", "{"));
    EXPECT_FALSE(equal_without_case("Host", "Hosts"));
}

TEST(Message, FindGivesTheFirstFieldOfThatName) {
    const std::vector<Field> fields{{"A", "1"}, {"b", "2"}, {"B", "3"}};
    Request request;
    request.fields = fields;
    EXPECT_EQ(request.find("B"), "2");
    EXPECT_EQ(request.count("b"), 2U);
    EXPECT_EQ(request.find("c"), std::nullopt);
}

}  // namespace
}  // namespace latchkey::http
