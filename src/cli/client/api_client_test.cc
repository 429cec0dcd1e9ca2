#include "cli/client/api_client.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fetch/testing.h"

namespace latchkey::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

fetch::HttpResponse answer(long status, std::string body) {
    fetch::HttpResponse response;
    response.status = status;
    response.body = std::move(body);
    response.headers = {{"x-request-id", "from-header"}};
    return response;
}

TEST(ApiClient, AProblemBecomesAnErrorWithAllItSays) {
    Problem problem;
    const Error error = decode_problem(
        answer(
            403,
            R"({"type":"x","title":"t","status":403,"detail":"not allowed",)"
            R"("code":"insufficient_scope","requestId":"r1","hint":"ask",)"
            R"("missingScopes":["a:b"],"errors":[{"pointer":"/scopes/0","detail":"unknown scope"}]})"),
        problem);
    EXPECT_EQ(error.code, ErrorCode::kPermissionDenied);
    EXPECT_EQ(error.message, "not allowed; /scopes/0: unknown scope");
    EXPECT_EQ(error.hint, "ask");
    EXPECT_EQ(error.scopes, std::vector<std::string>{"a:b"});
    EXPECT_EQ(problem.status, 403);
    EXPECT_EQ(problem.code, "insufficient_scope");
    EXPECT_EQ(problem.request_id, "r1");
}

TEST(ApiClient, AProblemSaysWhereInWhatWasSentItIs) {
    Problem problem;
    const Error error =
        decode_problem(answer(422, R"({"detail":"line 4, column 17: no","code":"bad_policy",)"
                                   R"("errors":[{"pointer":"/statement/0","detail":"no","line":4,)"
                                   R"("column":17},3,{"pointer":"/x","line":"4","column":-1}]})"),
                       problem);
    EXPECT_EQ(error.message, "line 4, column 17: no");
    ASSERT_EQ(problem.places.size(), 2U);
    EXPECT_EQ(problem.places[0].pointer, "/statement/0");
    EXPECT_EQ(problem.places[0].line, 4U);
    EXPECT_EQ(problem.places[0].column, 17U);
    EXPECT_EQ(problem.places[1].line, 0U);
    EXPECT_EQ(problem.places[1].column, 0U);
}

TEST(ApiClient, AnythingElseThanAProblemIsStillAnError) {
    struct Row {
        long status;
        ErrorCode code;
    };
    for (const Row& row :
         {Row{400, ErrorCode::kInvalidArgument}, Row{413, ErrorCode::kInvalidArgument},
          Row{401, ErrorCode::kUnauthenticated}, Row{404, ErrorCode::kNotFound},
          Row{409, ErrorCode::kConflict}, Row{412, ErrorCode::kPrecondition},
          Row{422, ErrorCode::kInvalidArgument}, Row{429, ErrorCode::kRateLimited},
          Row{500, ErrorCode::kInternal}, Row{502, ErrorCode::kUnavailable},
          Row{507, ErrorCode::kOutOfSpace}}) {
        for (const char* body : {"", "<html>", "[]", R"({"detail":3,"errors":{},"hint":[]})"}) {
            Problem problem;
            const Error error = decode_problem(answer(row.status, body), problem);
            EXPECT_EQ(error.code, row.code) << row.status;
            EXPECT_THAT(error.message, HasSubstr(std::to_string(row.status)));
            EXPECT_EQ(problem.request_id, "from-header");
        }
    }
}

TEST(ApiClient, TheNextLinkIsFoundAmongOthers) {
    fetch::HttpResponse response;
    EXPECT_EQ(next_link(response), std::nullopt);
    response.headers = {{"link", "</a?x=1>; rel=\"prev\", </b?y=2>; rel=\"next\""}};
    EXPECT_EQ(next_link(response), "/b?y=2");
    response.headers = {{"link", "rel=\"next\""}};
    EXPECT_EQ(next_link(response), std::nullopt);
}

TEST(ApiClient, QueriesAreEncodedAndEmptyValuesLeftOut) {
    EXPECT_EQ(with_query("/v1/x", {{"a", ""}, {"b", "c&d"}, {"e", "f"}}), "/v1/x?b=c%26d&e=f");
    EXPECT_EQ(with_query("/v1/x", {}), "/v1/x");
}

std::string page(const std::string& body, const std::string& link) {
    return fmt::format(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{}"
        "Content-Length: {}\r\n\r\n{}",
        link.empty() ? "" : "Link: <" + link + ">; rel=\"next\"\r\n", body.size(), body);
}

TEST(ApiClient, ATextAboutAMemberNamesIt) {
    const auto message = [](const std::string& pointer, const std::string& detail) {
        fetch::HttpResponse response;
        response.status = 422;
        response.body = fmt::format(
            R"({{"detail":"{1}","errors":[{{"pointer":"{0}","detail":"{1}"}}]}})", pointer, detail);
        Problem problem;
        return decode_problem(response, problem).message;
    };
    EXPECT_EQ(message("/name", "too long"), "name: too long");
    EXPECT_EQ(message("/name", "a name is needed"), "a name is needed");
    EXPECT_EQ(message("/scopes/0", "no such scope"), "no such scope");
    EXPECT_EQ(message("", "wrong"), "wrong");
}

TEST(ApiClient, PagesAreFollowedOnTheSameServerOnly) {
    // The server calls itself by a name that leads elsewhere; our credential must not follow it.
    fetch::CannedServer server(
        {page("[1,2]", "https://elsewhere.example/v1/x?after=2"), page("[3]", "")});
    std::optional<Problem> problem;
    ApiClient client({}, server.url(), Secret("s3cret"), problem);
    const auto listing = client.list("/v1/x", 0);
    ASSERT_TRUE(listing) << listing.error().message;
    EXPECT_EQ(to_json(listing->items), "[1,2,3]");
    EXPECT_FALSE(listing->has_more);
    const auto requests = server.requests();
    ASSERT_EQ(requests.size(), 2U);
    EXPECT_THAT(requests[1], HasSubstr("GET /v1/x?after=2 HTTP/1.1"));
    EXPECT_THAT(requests[1], HasSubstr("Authorization: Bearer s3cret"));
}

TEST(ApiClient, ALimitStopsAndSaysThatThereIsMore) {
    fetch::CannedServer server({page("[1,2,3]", "/v1/x?after=3")});
    std::optional<Problem> problem;
    ApiClient client({}, server.url(), Secret{}, problem);
    const auto listing = client.list("/v1/x", 2);
    ASSERT_TRUE(listing);
    EXPECT_EQ(to_json(listing->items), "[1,2]");
    EXPECT_TRUE(listing->has_more);
    EXPECT_THAT(server.requests().front(), Not(HasSubstr("Authorization")));
}

TEST(ApiClient, SomethingThatIsNoLatchkeyServerIsSaidSo) {
    fetch::CannedServer server({"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>"});
    std::optional<Problem> problem;
    ApiClient client({}, server.url(), Secret{}, problem);
    const auto value = client.get("/v1/x");
    ASSERT_FALSE(value);
    EXPECT_THAT(value.error().message, HasSubstr("not Latchkey's JSON"));
}

}  // namespace
}  // namespace latchkey::cli
