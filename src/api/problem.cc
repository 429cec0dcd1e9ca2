#include "api/problem.h"

#include <array>

#include "base/encoding.h"
#include "base/json.h"
#include "base/redaction.h"

namespace latchkey::api {
namespace {

// What cannot be read at all is 400; what can be read but not accepted is 422.
constexpr std::array<std::string_view, 8> kUnreadable = {
    "malformed_json", "unknown_member", "wrong_type",      "missing_member",
    "bad_query",      "bad_request",    "bad_requirement", "bad_path"};

int status_of_invalid(std::string_view reason) {
    for (const auto unreadable : kUnreadable) {
        if (reason == unreadable) return 400;
    }
    if (reason == "too_large") return 413;
    if (reason == "unsupported_media_type") return 415;
    if (reason == "method_not_allowed") return 405;
    if (reason == "not_acceptable") return 406;
    return 422;
}

std::string_view word_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::kInvalidArgument: return "invalid";
        case ErrorCode::kUnauthenticated: return "unauthenticated";
        case ErrorCode::kPermissionDenied: return "forbidden";
        case ErrorCode::kNotFound: return "not_found";
        case ErrorCode::kConflict: return "conflict";
        case ErrorCode::kPrecondition: return "precondition_failed";
        case ErrorCode::kRateLimited: return "rate_limited";
        case ErrorCode::kOutOfSpace: return "out_of_space";
        case ErrorCode::kUnavailable: return "unavailable";
        case ErrorCode::kInternal: return "internal";
    }
    return "internal";
}

std::string_view code_of_refusal(int status) {
    switch (status) {
        case 408: return "timeout";
        case 413: return "too_large";
        case 414: return "uri_too_long";
        case 415: return "unsupported_media_type";
        case 417: return "expectation_failed";
        case 431: return "header_too_large";
        case 501: return "not_implemented";
        case 503: return "unavailable";
        case 505: return "version_not_supported";
        default: return status >= 500 ? "internal" : "bad_request";
    }
}

std::string joined(const std::vector<std::string>& scopes) {
    std::string text;
    for (const auto& scope : scopes) {
        if (!text.empty()) text.push_back(' ');
        text += scope;
    }
    return text;
}

}  // namespace

// Errors repeat what a client sent, perhaps cut in the middle of a character: what is no text any
// more would make the whole answer unreadable, and a control character is nobody's to send on. A
// secret in the wrong place is not repeated.
std::string readable(std::string_view text) {
    std::string clean = without_secrets(text);
    const bool is_text = is_valid_utf8(clean);
    for (char& c : clean) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7F || (!is_text && byte >= 0x80)) c = '?';
    }
    return clean;
}

std::string detail_of(const Error& error) {
    if (error.code != ErrorCode::kInternal) return readable(error.message);
    return "something went wrong here; the log has the details under this request id";
}

int status_of(const Error& error) {
    switch (error.code) {
        case ErrorCode::kInvalidArgument: return status_of_invalid(error.reason);
        case ErrorCode::kUnauthenticated: return 401;
        case ErrorCode::kPermissionDenied: return 403;
        case ErrorCode::kNotFound: return 404;
        case ErrorCode::kConflict: return 409;
        case ErrorCode::kPrecondition: return 412;
        case ErrorCode::kRateLimited: return 429;
        case ErrorCode::kOutOfSpace: return 507;
        case ErrorCode::kUnavailable: return 503;
        case ErrorCode::kInternal: return 500;
    }
    return 500;
}

std::string_view code_of(const Error& error) {
    return error.reason.empty() ? word_of(error.code) : error.reason;
}

bool is_about_proof(const Error& error) {
    return error.reason == "use_dpop_nonce" || error.reason == "invalid_dpop_proof";
}

std::string challenge(const Error& error, std::string_view issuer) {
    std::string text =
        is_about_proof(error) ? "DPoP realm=\"latchkey\"" : "Bearer realm=\"latchkey\"";
    text.append(", resource_metadata=\"").append(issuer);
    text += "/.well-known/oauth-protected-resource\"";
    if (is_about_proof(error)) {
        text += ", error=\"" + std::string(error.reason) + "\", error_description=\"" +
                error.message + "\", algs=\"" + std::string(kProofAlgorithms) + "\"";
        return text;
    }
    if (error.reason == "insufficient_scope") {
        text += ", error=\"insufficient_scope\"";
        // RFC 6750 §3 knows no empty list of scopes.
        if (!error.scopes.empty()) text += ", scope=\"" + joined(error.scopes) + "\"";
    } else if (error.reason != "no_credential" && error.code == ErrorCode::kUnauthenticated) {
        text += ", error=\"invalid_token\", error_description=\"" + error.message + "\"";
    }
    return text;
}

http::Response problem(const Error& error, std::string_view issuer, std::string_view request_id) {
    http::Response response;
    response.status = status_of(error);
    response.content_type = "application/problem+json";
    const std::string_view code = code_of(error);
    json::object body;
    body["type"] = std::string(issuer) + "/errors/" + std::string(code);
    body["title"] = http::reason_phrase(response.status);
    body["status"] = response.status;
    body["detail"] = detail_of(error);
    body["code"] = code;
    body["requestId"] = request_id;
    if (!error.hint.empty()) body["hint"] = readable(error.hint);
    if (!error.field.empty()) {
        body["errors"] = json::array{
            json::object{{"pointer", readable(error.field)}, {"detail", readable(error.message)}}};
    }
    if (!error.scopes.empty()) {
        json::array missing;
        for (const auto& scope : error.scopes) {
            missing.emplace_back(readable(scope));
        }
        body["missingScopes"] = std::move(missing);
    }
    if (response.status == 401 || error.reason == "insufficient_scope") {
        response.fields.emplace_back("WWW-Authenticate", challenge(error, issuer));
    }
    if (error.retry_after_seconds > 0 || response.status == 503) {
        const auto seconds = error.retry_after_seconds > 0 ? error.retry_after_seconds : 1;
        body["retryAfter"] = seconds;
        response.fields.emplace_back("Retry-After", std::to_string(seconds));
    }
    response.body = to_json(body);
    response.fields.emplace_back("Cache-Control", "no-store");
    return response;
}

http::Response refusal_problem(int status, std::string_view why, std::string_view issuer,
                               std::string_view request_id) {
    const std::string_view code = code_of_refusal(status);
    http::Response response;
    response.status = status;
    response.content_type = "application/problem+json";
    json::object body;
    body["type"] = std::string(issuer) + "/errors/" + std::string(code);
    body["title"] = http::reason_phrase(status);
    body["status"] = status;
    body["detail"] = why;
    body["code"] = code;
    body["requestId"] = request_id;
    response.body = to_json(body);
    response.fields.emplace_back("Cache-Control", "no-store");
    response.fields.emplace_back("X-Content-Type-Options", "nosniff");
    return response;
}

Error missing_credential() {
    return Error{ErrorCode::kUnauthenticated, "this needs a token or a session"}
        .with_reason("no_credential")
        .with_hint("send Authorization: Bearer <token>, or log in");
}

Error invalid_token(std::string_view why) {
    return Error{ErrorCode::kUnauthenticated, std::string(why)}.with_reason("invalid_token");
}

}  // namespace latchkey::api
