#include "api/body.h"

#include "api/problem.h"
#include "authority/testing.h"

namespace latchkey::api {
namespace {

using authority::testing::reason_of;

struct Sent {
    explicit Sent(std::string_view body, std::string_view type = "application/json") {
        fields[0] = {"Content-Type", type};
        request.fields = fields;
        request.body = body;
    }
    Sent(const Sent&) = delete;
    Sent& operator=(const Sent&) = delete;
    std::array<http::Field, 1> fields{};
    http::Request request;
};

std::string parsed(std::string_view body, std::string_view type = "application/json") {
    const Sent sent(body, type);
    return reason_of(Body::parse(sent.request));
}

TEST(Body, IsAnObjectOfJson) {
    EXPECT_EQ(parsed("{}"), "");
    EXPECT_EQ(parsed("{}", "application/json; charset=utf-8"), "");
    EXPECT_EQ(parsed("{}", "Application/JSON ;x=y"), "");
    for (const char* type : {"", "text/plain", "application/x-www-form-urlencoded",
                             "application/json5", "application/problem+json"}) {
        EXPECT_EQ(parsed("{}", type), "unsupported_media_type") << type;
    }
    for (const char* body : {"", "{", "{} {}", "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}",
                             "{'a':1}", "{\"a\":NaN}", "{\"a\":\"\xff\"}", "{\"a\":\"\\ud800\"}"}) {
        EXPECT_EQ(parsed(body), "malformed_json") << body;
    }
    for (const char* body : {"[]", "null", "1", "\"x\"", "true"}) {
        EXPECT_EQ(parsed(body), "wrong_type") << body;
    }
    EXPECT_EQ(parsed(std::string(100, '[')), "malformed_json");
}

TEST(Body, AnEmptyOneIsAnObjectOnlyWhereItMayBe) {
    const Sent sent("", "");
    EXPECT_TRUE(Body::parse(sent.request, true));
    EXPECT_FALSE(Body::parse(sent.request));
}

TEST(Body, EveryMemberHasItsTypeAndNothingIsLeftOver) {
    const Sent sent(R"({"text":"x","number":1,"flag":true,"list":["a"],"mixed":["a",1],"none":null,
                        "time":"2027-01-31T00:00:00Z","bad":"tomorrow","extra":1})");
    auto body = Body::parse(sent.request).value();
    EXPECT_EQ(body.text("text").value(), "x");
    EXPECT_EQ(reason_of(body.text("number")), "wrong_type");
    EXPECT_EQ(reason_of(body.text("none")), "wrong_type");
    EXPECT_EQ(reason_of(body.text("missing")), "missing_member");
    EXPECT_EQ(body.optional_text("none").value(), std::nullopt);
    EXPECT_EQ(reason_of(body.optional_text("flag")), "wrong_type");
    EXPECT_TRUE(body.flag("flag", false).value());
    EXPECT_EQ(reason_of(body.flag("text", false)), "wrong_type");
    EXPECT_EQ(reason_of(body.flag("none", false)), "wrong_type");
    EXPECT_EQ(body.optional_texts("list").value(), std::vector<std::string>{"a"});
    EXPECT_EQ(reason_of(body.optional_texts("mixed")), "wrong_type");
    EXPECT_EQ(reason_of(body.optional_texts("text")), "wrong_type");
    EXPECT_TRUE(body.optional_time("time").value());
    EXPECT_EQ(body.optional_time("bad").error().field, "/bad");
    EXPECT_EQ(reason_of(body.done()), "unknown_member");
    EXPECT_EQ(body.done().error().field, "/extra");
    EXPECT_TRUE(body.has("extra"));
    EXPECT_FALSE(body.optional_text("extra"));
    EXPECT_EQ(reason_of(body.done()), "");
}

TEST(Query, KnowsItsParametersEachOnce) {
    const auto read = [](std::string_view text) {
        return reason_of(Query::parse(text, "limit,after"));
    };
    EXPECT_EQ(read(""), "");
    EXPECT_EQ(read("limit=5&after=x"), "");
    EXPECT_EQ(read("%6cimit=5"), "");
    for (const char* bad :
         {"limit=1&limit=2", "limit=1&%6Cimit=2", "owner=x", "limit=1&&after=x", "Limit=1", "=x",
          "limit%2Cafter=1", "limi=1", "fter=1", "limit=%zz", "limit=%ff", "&"}) {
        EXPECT_EQ(read(bad), "bad_query") << bad;
    }
}

TEST(Query, ALimitIsANumberWithinBounds) {
    const auto limit = [](std::string_view text) {
        return Query::parse(text, "limit").value().limit(50, 200);
    };
    EXPECT_EQ(limit("").value(), 50U);
    EXPECT_EQ(limit("limit=1").value(), 1U);
    EXPECT_EQ(limit("limit=200").value(), 200U);
    for (const char* bad : {"limit=", "limit=0", "limit=201", "limit=-1", "limit=1x", "limit=+1",
                            "limit=1.5", "limit=99999999999999999999"}) {
        EXPECT_FALSE(limit(bad)) << bad;
    }
}

TEST(Problem, EveryCodeOfOursHasItsStatus) {
    const std::vector<std::pair<ErrorCode, int>> rows = {
        {ErrorCode::kInvalidArgument, 422},  {ErrorCode::kUnauthenticated, 401},
        {ErrorCode::kPermissionDenied, 403}, {ErrorCode::kNotFound, 404},
        {ErrorCode::kConflict, 409},         {ErrorCode::kPrecondition, 412},
        {ErrorCode::kRateLimited, 429},      {ErrorCode::kOutOfSpace, 507},
        {ErrorCode::kUnavailable, 503},      {ErrorCode::kInternal, 500}};
    for (const auto& [code, status] : rows) {
        EXPECT_EQ(status_of(Error{code, "x"}), status);
    }
    for (const char* reason : {"malformed_json", "unknown_member", "wrong_type", "missing_member",
                               "bad_query", "bad_path"}) {
        EXPECT_EQ(status_of(invalid("x", reason)), 400) << reason;
    }
    EXPECT_EQ(status_of(invalid("x", "too_large")), 413);
    EXPECT_EQ(status_of(invalid("x", "unknown_scope")), 422);
}

TEST(Problem, SaysWhatWasMissingAndWhenToComeBack) {
    auto denied = Error{ErrorCode::kPermissionDenied, "no"}
                      .with_reason("insufficient_scope")
                      .with_scopes({"a:b", "c:d"});
    const auto answer = problem(denied, "https://issuer", "id-1");
    const auto body = parse_json(answer.body).value().as_object();
    EXPECT_EQ(to_json(body.at("missingScopes")), R"(["a:b","c:d"])");
    EXPECT_EQ(to_json(body.at("type")), R"("https://issuer/errors/insufficient_scope")");
    const std::string start =
        "Bearer realm=\"latchkey\", "
        "resource_metadata=\"https://issuer/.well-known/oauth-protected-resource\"";
    EXPECT_EQ(challenge(denied, "https://issuer"),
              start + ", error=\"insufficient_scope\", scope=\"a:b c:d\"");
    denied.scopes.clear();
    EXPECT_EQ(challenge(denied, "https://issuer"), start + ", error=\"insufficient_scope\"");
    EXPECT_EQ(challenge(missing_credential(), "https://issuer"), start);
    EXPECT_NE(challenge(invalid_token("why"), "").find("invalid_token"), std::string::npos);
    Error later{ErrorCode::kRateLimited, "wait"};
    later.retry_after_seconds = 7;
    EXPECT_NE(problem(later, "", "").body.find("\"retryAfter\":7"), std::string::npos);
}

TEST(Problem, TheLogsDetailNeverReachesTheClient) {
    const auto answer =
        problem(Error{ErrorCode::kInternal, "canary-one", "canary-two"}, "https://issuer", "id-1");
    EXPECT_EQ(answer.body.find("canary"), std::string::npos);
}

// An error repeats what the client sent; cut in the middle of a character it is no text any more.
TEST(Problem, IsValidJsonWhateverTheClientSent) {
    for (const auto& text : {std::string("\xff\xfe"), std::string("caf\xc3"),
                             std::string("\xe2\x82"), std::string("a\"b\\c\n\x01")}) {
        auto error = invalid("there is no " + text, "unknown_api", "/" + text).with_hint(text);
        error.scopes = {text};
        EXPECT_TRUE(parse_json(problem(error, "https://issuer", "id-1").body)) << text;
    }
}

}  // namespace
}  // namespace latchkey::api
