#include "cli/errors.h"

#include <sstream>

#include <gtest/gtest.h>

namespace latchkey::cli {
namespace {

TEST(Errors, EveryCodeHasItsExitCode) {
    struct Row {
        ErrorCode code;
        int expected;
    };
    for (const Row& row : {Row{ErrorCode::kInvalidArgument, 6}, Row{ErrorCode::kUnauthenticated, 4},
                           Row{ErrorCode::kPermissionDenied, 5}, Row{ErrorCode::kNotFound, 3},
                           Row{ErrorCode::kConflict, 6}, Row{ErrorCode::kPrecondition, 6},
                           Row{ErrorCode::kRateLimited, 7}, Row{ErrorCode::kOutOfSpace, 1},
                           Row{ErrorCode::kUnavailable, 8}, Row{ErrorCode::kInternal, 1}}) {
        EXPECT_EQ(exit_code(Error(row.code, "x")), row.expected);
    }
    EXPECT_EQ(exit_code(usage_error("x")), 2);
}

TEST(Errors, AStatusAndItsCodeEndAlikeAndEveryExitIsExplained) {
    struct Row {
        long status;
        ErrorCode code;
    };
    for (const Row& row :
         {Row{400, ErrorCode::kInvalidArgument}, Row{422, ErrorCode::kInvalidArgument},
          Row{418, ErrorCode::kInvalidArgument}, Row{401, ErrorCode::kUnauthenticated},
          Row{403, ErrorCode::kPermissionDenied}, Row{404, ErrorCode::kNotFound},
          Row{409, ErrorCode::kConflict}, Row{412, ErrorCode::kPrecondition},
          Row{429, ErrorCode::kRateLimited}, Row{507, ErrorCode::kOutOfSpace},
          Row{502, ErrorCode::kUnavailable}, Row{503, ErrorCode::kUnavailable},
          Row{504, ErrorCode::kUnavailable}, Row{500, ErrorCode::kInternal},
          Row{302, ErrorCode::kInternal}}) {
        EXPECT_EQ(code_of_status(row.status), row.code) << row.status;
        const int code = exit_code_of_status(row.status);
        EXPECT_EQ(code, exit_code(Error(row.code, "x"))) << row.status;
        bool is_explained = false;
        for (const ExitCodeText& text : exit_code_texts()) {
            is_explained = is_explained || text.code == code;
        }
        EXPECT_TRUE(is_explained) << code;
        EXPECT_FALSE(code_name(row.code).empty());
    }
}

TEST(Errors, TheLinesItIsAboutStandBetweenTheErrorAndTheHint) {
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    Console console{in, out, err};
    Problem problem{422, "bad_policy", "r1"};
    problem.places = {{"/statement/0", 4, 17}};
    problem.excerpt = "   4 | x\n";
    report(console, Error{ErrorCode::kInvalidArgument, "wrong"}.with_hint("do"), problem, true);
    EXPECT_EQ(err.str(),
              "error: wrong\n   4 | x\nhint: do\n"
              R"({"error":{"code":"bad_policy","message":"wrong","hint":"do","status":422,)"
              R"("requestId":"r1","line":4,"column":17}})"
              "\n");
}

TEST(Errors, APassedThroughStatusHasItsExitCode) {
    EXPECT_EQ(exit_code_of_status(204), 0);
    EXPECT_EQ(exit_code_of_status(302), 1);
    EXPECT_EQ(exit_code_of_status(401), 4);
    EXPECT_EQ(exit_code_of_status(403), 5);
    EXPECT_EQ(exit_code_of_status(404), 3);
    EXPECT_EQ(exit_code_of_status(422), 6);
    EXPECT_EQ(exit_code_of_status(500), 1);
}

TEST(Errors, AreTwoLinesForPeopleAndOneObjectWithJson) {
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    Console console{in, out, err};
    const Error error =
        Error{ErrorCode::kPermissionDenied, "not \x1b allowed"}.with_scopes({"license:write"});
    report(console, error, Problem{403, "insufficient_scope", "r1"}, true);
    EXPECT_EQ(err.str(),
              "error: not \\x1b allowed\n"
              "hint: this needs the scopes license:write\n"
              R"({"error":{"code":"insufficient_scope","message":"not \u001b allowed",)"
              R"("hint":"this needs the scopes license:write","status":403,"requestId":"r1",)"
              R"("missingScopes":["license:write"]}})"
              "\n");
    EXPECT_EQ(out.str(), "");
}

}  // namespace
}  // namespace latchkey::cli
