#include "dialects/calyptia/errors.h"

#include <algorithm>
#include <array>
#include <string>

#include "api/problem.h"
#include "base/encoding.h"
#include "base/json.h"
#include "base/redaction.h"

namespace latchkey::dialects::calyptia {
namespace {

struct Said {
    std::string_view reason;
    int status;
    std::string_view text;
};

constexpr std::array kSaid = {
    Said{"no_credential", 401, "unauthenticated"},
    Said{"unknown_token", 404, "token not found"},
    Said{"unknown_project", 404, "project not found"},
    Said{"unknown_principal", 404, "member not found"},
    Said{"unknown_user", 404, "member not found"},
    Said{"token_name_taken", 409, "token name taken"},
    Said{"project_name_taken", 409, "project name taken"},
    Said{"last_owner", 409, "cannot delete last creator"},
    Said{"token_revoked", 410, "token gone"},
    Said{"token_expired", 410, "token gone"},
    Said{"duplicate_permission", 400, "duplicate permission"},
    Said{"no_permissions", 400, "invalid permission"},
    Said{"unknown_scope", 400, "invalid permission"},
    Said{"bad_scope", 400, "invalid permission"},
    Said{"too_many_scopes", 400, "invalid permission"},
};

// The member of the body at fault says it best, whatever is wrong with it.
std::string_view text_of_field(const Error& error, const http::Request& request) {
    if (error.field == "/name") {
        const bool is_token =
            request.path.starts_with("/v1/project_tokens/") || request.path.ends_with("/tokens");
        return is_token ? "invalid token name" : "invalid project name";
    }
    return error.field.starts_with("/permissions") ? "invalid permission" : "";
}

// Two that the protocol knows; everything else that is wrong with a request is 400 here.
int status_of_invalid(const Error& error) {
    const int status = api::status_of(error);
    return status == 405 || status == 413 || status == 415 ? status : 400;
}

http::Response invalid_answer(const Error& error, const http::Request& request) {
    const auto text = text_of_field(error, request);
    if (!text.empty()) return error_answer(400, text);
    if (error.reason == "method_not_allowed") return error_answer(405, "method not allowed");
    // What this dialect says itself has no reason, and its text is the one to send.
    if (error.reason.empty()) return error_answer(400, error.message, error.hint);
    return error_answer(status_of_invalid(error), "invalid argument", error.message);
}

std::string readable(std::string_view text) {
    std::string clean = without_secrets(text);
    if (!is_valid_utf8(clean)) {
        std::replace_if(
            clean.begin(), clean.end(), [](char c) { return (c & 0x80) != 0; }, '?');
    }
    return clean;
}

}  // namespace

http::Response error_answer(int status, std::string_view text, std::string_view detail) {
    http::Response response;
    response.status = status;
    response.content_type = "application/json";
    json::object body{{"error", text}};
    if (!detail.empty()) body["detail"] = readable(detail);
    response.body = to_json(body);
    response.fields.emplace_back("Cache-Control", "no-store");
    return response;
}

http::Response error_answer(const Error& error, const http::Request& request) {
    const auto* known = std::find_if(kSaid.begin(), kSaid.end(),
                                     [&](const Said& said) { return said.reason == error.reason; });
    if (known != kSaid.end()) return error_answer(known->status, known->text);
    switch (error.code) {
        case ErrorCode::kInvalidArgument: return invalid_answer(error, request);
        case ErrorCode::kUnauthenticated: return error_answer(401, "invalid token");
        case ErrorCode::kPermissionDenied: return error_answer(403, "permission denied");
        case ErrorCode::kNotFound: return error_answer(404, "not found");
        case ErrorCode::kConflict: return error_answer(409, "conflict", error.message);
        case ErrorCode::kPrecondition: return error_answer(412, "conflict", error.message);
        case ErrorCode::kOutOfSpace: return error_answer(507, "unavailable", error.message);
        case ErrorCode::kInternal: return error_answer(500, "internal error");
        case ErrorCode::kRateLimited:
        case ErrorCode::kUnavailable: break;
    }
    const bool is_limited = error.code == ErrorCode::kRateLimited;
    auto response = error_answer(is_limited ? 429 : 503,
                                 is_limited ? "too many requests" : "unavailable", error.message);
    const auto seconds = std::max<std::int64_t>(error.retry_after_seconds, 1);
    response.fields.emplace_back("Retry-After", std::to_string(seconds));
    return response;
}

}  // namespace latchkey::dialects::calyptia
