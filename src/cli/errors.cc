#include "cli/errors.h"

#include <fmt/format.h>

#include "base/redaction.h"
#include "cli/text.h"

namespace latchkey::cli {
namespace {

std::string_view code_name(ErrorCode code) {
    switch (code) {
        case ErrorCode::kInvalidArgument: return "invalid_argument";
        case ErrorCode::kUnauthenticated: return "unauthenticated";
        case ErrorCode::kPermissionDenied: return "permission_denied";
        case ErrorCode::kNotFound: return "not_found";
        case ErrorCode::kConflict: return "conflict";
        case ErrorCode::kPrecondition: return "precondition";
        case ErrorCode::kRateLimited: return "rate_limited";
        case ErrorCode::kOutOfSpace: return "out_of_space";
        case ErrorCode::kUnavailable: return "unavailable";
        case ErrorCode::kInternal: return "internal";
    }
    return "internal";
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

int exit_code(const Error& error) {
    switch (error.code) {
        case ErrorCode::kInvalidArgument:
            return error.reason == "usage" ? kExitUsage : kExitInvalid;
        case ErrorCode::kUnauthenticated: return kExitNotLoggedIn;
        case ErrorCode::kPermissionDenied: return kExitNotAllowed;
        case ErrorCode::kNotFound: return kExitNotFound;
        case ErrorCode::kConflict:
        case ErrorCode::kPrecondition: return kExitInvalid;
        case ErrorCode::kRateLimited: return kExitRateLimited;
        case ErrorCode::kUnavailable: return kExitNetwork;
        case ErrorCode::kOutOfSpace:
        case ErrorCode::kInternal: return kExitFailure;
    }
    return kExitFailure;
}

int exit_code_of_status(long status) {
    switch (status) {
        case 401: return kExitNotLoggedIn;
        case 403: return kExitNotAllowed;
        case 404: return kExitNotFound;
        case 400:
        case 409:
        case 422: return kExitInvalid;
        case 429: return kExitRateLimited;
        default: return status >= 200 && status < 300 ? kExitOk : kExitFailure;
    }
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
