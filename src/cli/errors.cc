#include "cli/errors.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/redaction.h"
#include "cli/text.h"

namespace latchkey::cli {
namespace {

// The table: one row for each code. CONTRACT fixes the numbers, and the first status of a row is
// the one that has no other reading. No row for a code is a failed test, not a default.
struct Row {
    ErrorCode code;
    std::string_view name;
    ExitCode exit;
    std::array<long, 3> statuses;
};

constexpr std::array<Row, 10> kRows{{
    {ErrorCode::kInvalidArgument, "invalid_argument", kExitInvalid, {400, 422, 0}},
    {ErrorCode::kUnauthenticated, "unauthenticated", kExitNotLoggedIn, {401, 0, 0}},
    {ErrorCode::kPermissionDenied, "permission_denied", kExitNotAllowed, {403, 0, 0}},
    {ErrorCode::kNotFound, "not_found", kExitNotFound, {404, 0, 0}},
    {ErrorCode::kConflict, "conflict", kExitInvalid, {409, 0, 0}},
    {ErrorCode::kPrecondition, "precondition", kExitInvalid, {412, 0, 0}},
    {ErrorCode::kRateLimited, "rate_limited", kExitRateLimited, {429, 0, 0}},
    {ErrorCode::kOutOfSpace, "out_of_space", kExitFailure, {507, 0, 0}},
    {ErrorCode::kUnavailable, "unavailable", kExitNetwork, {502, 503, 504}},
    {ErrorCode::kInternal, "internal", kExitFailure, {500, 0, 0}},
}};

const Row& row_of(ErrorCode code) {
    const auto* found = std::find_if(kRows.begin(), kRows.end(),
                                     [code](const Row& row) { return row.code == code; });
    CHECK(found != kRows.end());
    return *found;
}

std::string hint_of(const Error& error) {
    if (!error.hint.empty()) return error.hint;
    if (!error.scopes.empty()) {
        return fmt::format("this needs the scopes {}", join(error.scopes, " "));
    }
    if (error.retry_after_seconds > 0) {
        return fmt::format("try again in {} s", error.retry_after_seconds);
    }
    return {};
}

}  // namespace

Error usage_error(std::string message, std::string hint) {
    return invalid(std::move(message), "usage").with_hint(std::move(hint));
}

Error failure(std::string message, std::string hint) {
    return Error{ErrorCode::kInternal, std::move(message)}.with_reason("failure").with_hint(
        std::move(hint));
}

std::vector<ExitCodeText> exit_code_texts() {
    return {{kExitOk, "done"},
            {kExitFailure, "it failed, or the answer is no"},
            {kExitUsage, "the command line cannot be meant; nothing was done"},
            {kExitNotFound, "there is no such thing"},
            {kExitNotLoggedIn, "not logged in, or the token is not accepted (401)"},
            {kExitNotAllowed, "not allowed (403)"},
            {kExitInvalid, "a value is not valid, or conflicts (400, 409, 412, 422)"},
            {kExitRateLimited, "too many requests; try again later (429)"},
            {kExitNetwork, "the server cannot be reached, or cannot answer now"},
            {kExitPartly, "done for some, failed for others"},
            {kExitInterrupted, "interrupted"}};
}

ErrorCode code_of_status(long status) {
    for (const Row& row : kRows) {
        const auto* found = std::find(row.statuses.begin(), row.statuses.end(), status);
        if (found != row.statuses.end()) return row.code;
    }
    return status >= 400 && status < 500 ? ErrorCode::kInvalidArgument : ErrorCode::kInternal;
}

std::string_view code_name(ErrorCode code) {
    return row_of(code).name;
}

int exit_code(const Error& error) {
    return error.reason == "usage" ? kExitUsage : row_of(error.code).exit;
}

int exit_code_of_status(long status) {
    if (status >= 200 && status < 300) return kExitOk;
    return row_of(code_of_status(status)).exit;
}

void report(Console& console, const Error& error, const std::optional<Problem>& problem,
            bool as_json) {
    const std::string message = without_secrets(error.message);
    print_labelled(console, "error", message);
    if (problem) console.err << problem->excerpt;
    const std::string hint = without_secrets(hint_of(error));
    if (!hint.empty()) print_hint(console, hint);
    if (!as_json) return;
    json::object object;
    object["code"] = !error.reason.empty()               ? std::string(error.reason)
                     : problem && !problem->code.empty() ? problem->code
                                                         : std::string(code_name(error.code));
    object["message"] = message;
    if (!hint.empty()) object["hint"] = hint;
    if (problem && problem->status != 0) object["status"] = problem->status;
    if (problem && !problem->request_id.empty()) object["requestId"] = problem->request_id;
    if (problem && !problem->places.empty() && problem->places.front().line != 0) {
        object["line"] = problem->places.front().line;
        object["column"] = problem->places.front().column;
    }
    if (!error.scopes.empty()) {
        object["missingScopes"] = json::array(error.scopes.begin(), error.scopes.end());
    }
    json::object whole;
    whole["error"] = std::move(object);
    console.err << to_json(whole) << "\n";
}

}  // namespace latchkey::cli
