// What the commands about a token's life send, and what they say.
#include <gmock/gmock.h>

#include "cli/testing.h"

namespace latchkey::cli {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kId = "0190163d-8694-739b-aea5-966c26f8ad91";
const std::string kToken =
    std::string(R"({"id":")") + kId + R"(","name":"x","scopes":["license:read","license:write"]})";

std::string ending(const std::string& end) {
    return fmt::format("HTTP/1.1 200 X\r\nToken-Expires-At: {}\r\nContent-Length: 2\r\n\r\n[]",
                       end);
}

class TokenLife : public Cli {
protected:
    TokenLife() { variables_["LATCHKEY_TOKEN"] = "t"; }
    std::string in(Microseconds time) { return format_rfc3339(clock_.now() + time); }
};

TEST_F(TokenLife, AnUpdateSendsWhatWasGivenAndNothingElse) {
    fetch::CannedServer server(
        {answer(200, kToken), answer(200, kToken), answer(200, kToken), answer(200, kToken)});
    use(server);
    EXPECT_EQ(run({"token", "update", kId, "--rate", "100/m", "--ip", "10.0.0.0/8,::1", "-e",
                   "2099-01-31T00:00:00Z", "--not-before", "2098-01-31"}),
              0)
        << err();
    EXPECT_EQ(run({"token", "update", kId, "--rate", "none", "--ip", "none", "-e", "none",
                   "--not-before", "now"}),
              0);
    EXPECT_EQ(run({"token", "update", kId, "-s", "+product:read,-license:write"}), 0);
    const auto requests = server.requests();
    EXPECT_THAT(requests[0],
                EndsWith(R"({"expiresAt":"2099-01-31T00:00:00.000Z","notBefore":)"
                         R"("2098-01-31T00:00:00.000Z","allowedIps":["10.0.0.0/8","::1"],)"
                         R"("rateLimit":{"requests":100,"seconds":60}})"));
    EXPECT_THAT(requests[1], EndsWith(R"({"expiresAt":null,"notBefore":null,"allowedIps":[],)"
                                      R"("rateLimit":null})"));
    EXPECT_THAT(requests[2], HasSubstr("GET /v1/tokens/"));
    EXPECT_THAT(requests[3], EndsWith(R"({"scopes":["license:read","product:read"]})"));
}

TEST_F(TokenLife, ARotationSendsSecondsAndTellsAboutTheOldSecret) {
    const auto rotated = [&](const std::string& end, const std::string& silence) {
        return answer(200, fmt::format(R"({{"id":"{}","token":"secret","previous":{{"endsAt":"{}",)"
                                       R"("untilSilentSeconds":{}}}}})",
                                       kId, end, silence));
    };
    fetch::CannedServer server({rotated(in(std::chrono::hours(24)), "21600"),
                                rotated(in(Microseconds(0)), "null"),
                                answer(200, R"({"token":"secret","previous":null})")});
    use(server);
    EXPECT_EQ(run({"token", "rotate", kId, "--grace", "1d", "--until-silent", "6h"}), 0) << err();
    EXPECT_EQ(out(), "Success! Your token: secret\n");
    EXPECT_THAT(err(), HasSubstr("the old secret works until"));
    EXPECT_THAT(err(), HasSubstr("nobody used it for 6 hours"));
    EXPECT_EQ(run({"token", "rotate", kId, "--grace", "0"}), 0);
    EXPECT_THAT(err(), HasSubstr("the old secret has ended"));
    EXPECT_EQ(run({"token", "rotate", kId, "-q", "-s", "license:read", "-e", "none"}), 0);
    EXPECT_EQ(out(), "secret\n");
    EXPECT_EQ(err(), "");
    const auto requests = server.requests();
    EXPECT_THAT(requests[0], EndsWith(R"({"graceSeconds":86400,"untilSilentSeconds":21600})"));
    EXPECT_THAT(requests[1], EndsWith(R"({"graceSeconds":0})"));
    EXPECT_THAT(requests[2], EndsWith(R"({"expiresAt":null,"scopes":["license:read"]})"));
}

TEST_F(TokenLife, ACopySendsOnlyWhatDiffers) {
    fetch::CannedServer server({answer(201, kToken), answer(201, kToken)});
    use(server);
    EXPECT_EQ(run({"token", "create", "--like", kId}), 0) << err();
    EXPECT_EQ(run({"token", "create", "--like", kId, "-n", "y", "--rate", "5/1h"}), 0);
    const auto requests = server.requests();
    EXPECT_THAT(requests[0], EndsWith(fmt::format(R"({{"like":"{}"}})", kId)));
    EXPECT_THAT(requests[1], EndsWith(fmt::format(R"({{"like":"{}","name":"y","rateLimit":)"
                                                  R"({{"requests":5,"seconds":3600}}}})",
                                                  kId)));
}

TEST_F(TokenLife, TheWarningBeginsExactlyTwoWeeksBeforeTheEnd) {
    constexpr auto kWeeks = std::chrono::hours(14 * 24);
    const auto moment = std::chrono::milliseconds(1);
    fetch::CannedServer server({ending(in(kWeeks)), ending(in(kWeeks - moment)),
                                ending(in(kWeeks - moment)), answer(200, "[]")});
    use(server);
    EXPECT_EQ(run({"token", "list"}), 0);
    EXPECT_THAT(err(), Not(HasSubstr("expires")));
    EXPECT_EQ(run({"token", "list"}), 0);
    EXPECT_THAT(err(), HasSubstr("the token that you use expires"));
    EXPECT_EQ(run({"token", "list", "-q"}), 0);
    EXPECT_EQ(err(), "");
    EXPECT_EQ(run({"token", "list"}), 0);
    EXPECT_THAT(err(), Not(HasSubstr("expires")));
}

TEST_F(TokenLife, WhatIsWrittenWronglyIsSaidBeforeAServerIsAsked) {
    variables_["LATCHKEY_SERVER"] = "http://127.0.0.1:1";
    for (const char* rate : {"100", "x/1m", "0/1m", "1/", "1/0s", "4294967296/1s", "1/1m/1m"}) {
        EXPECT_EQ(run({"token", "update", kId, "--rate", rate}), 2) << rate;
        EXPECT_THAT(err(), HasSubstr("is no rate")) << rate;
    }
    EXPECT_EQ(run({"token", "rotate", kId, "--grace", "soon"}), 2);
    EXPECT_EQ(run({"token", "rotate", kId, "--until-silent", "6"}), 2);
    EXPECT_EQ(run({"token", "update", kId, "-s", "+a:b,c:d"}), 2);
    EXPECT_EQ(run({"token", "update", kId}), 2);
    EXPECT_EQ(run({"token", "rotate"}), 2);
}

}  // namespace
}  // namespace latchkey::cli
