#include "dialects/affinidi/errors.h"

#include <algorithm>

#include "api/problem.h"
#include "base/json.h"

namespace latchkey::dialects::affinidi {
namespace {

struct Named {
    int status{500};
    std::string name;
    std::string message;
    std::string issue;  // of the details; empty: the error's own message
};

// "/authenticationMethod/publicKeyInfo/jwks/keys/0/crv" as their clients name a parameter.
std::string parameter_of(const Error& error) {
    if (error.field.empty()) return "body";
    std::string name = error.field.substr(1);
    std::replace(name.begin(), name.end(), '/', '.');
    return name;
}

std::string missing_thing(std::string_view reason) {
    if (reason == "unknown_token") return "token";
    if (reason == "unknown_principal" || reason == "unknown_user") return "principal";
    if (reason == "unknown_project") return "project";
    if (reason == "unknown_device_code") return "state";
    return "resource";
}

Named of_invalid(const Error& error) {
    const int status = api::status_of(error);
    if (error.reason == "not_supported") return {400, "NotSupportedError", error.message, {}};
    if (error.reason == "invalid_target") {
        return {403,
                "PrincipalDoesNotBelongToProjectError",
                "Principal does not belong to the given project",
                {}};
    }
    // Their 400 is everything that a 422 is here.
    const bool is_of_http = status == 405 || status == 413 || status == 415;
    return {is_of_http ? status : 400,
            "InvalidParameterError",
            "Invalid parameter: " + parameter_of(error) + ". " + error.message,
            {}};
}

Named of_conflict(const Error& error) {
    if (error.reason == "own_principal") {
        return {409,
                "PrincipalCannotBeDeletedError",
                "Cannot delete own record from the project with the same principalId",
                {}};
    }
    const bool is_there_already =
        error.reason.ends_with("_taken") || error.reason.starts_with("duplicate_");
    return {409, is_there_already ? "AlreadyExistsError" : "ConflictError", error.message, {}};
}

// Theirs is a 403 below /iam; the command line takes both for «not logged in» below /api, and says
// so better when it hears that a session has ended.
Named of_unauthenticated(const Error& error, bool is_session_host) {
    if (!is_session_host) return {403, "UnauthorizedError", "Unauthorized", {}};
    if (error.reason == "invalid_token") {
        return {401, "InvalidJwtTokenError", "The session has ended", "jwt-expired"};
    }
    return {401, "UnauthorizedError", "Unauthorized", {}};
}

// Below /api any 5xx makes the command line throw its login away, and the person would have to log
// in again because our disk was full for a moment. A 429 says the same («later») and keeps it.
Named of_failure(const Error& error, bool is_session_host) {
    const int status = is_session_host ? 429 : api::status_of(error);
    return {status, "UnexpectedError", "Unexpected Error Occurred.",
            error.code == ErrorCode::kInternal ? "the log has the details under this traceId" : ""};
}

Named named(const Error& error, bool is_session_host) {
    switch (error.code) {
        case ErrorCode::kInvalidArgument: return of_invalid(error);
        case ErrorCode::kUnauthenticated: return of_unauthenticated(error, is_session_host);
        case ErrorCode::kPermissionDenied:
            return {403,
                    "ActionForbiddenError",
                    "Principal can not execute action on given resource",
                    {}};
        case ErrorCode::kNotFound:
            return {404, "NotFoundError", "Not found: " + missing_thing(error.reason) + ".", {}};
        case ErrorCode::kConflict:
        case ErrorCode::kPrecondition: return of_conflict(error);
        case ErrorCode::kRateLimited: return {429, "TooManyRequestsError", error.message, {}};
        case ErrorCode::kOutOfSpace:
        case ErrorCode::kUnavailable:
        case ErrorCode::kInternal: return of_failure(error, is_session_host);
    }
    return of_failure(error, is_session_host);
}

json::array details_of(const Error& error, const Named& named) {
    json::object detail;
    std::string issue = named.issue.empty() ? error.message : named.issue;
    for (const auto& scope : error.scopes) {
        issue += (&scope == &error.scopes.front() ? ": " : ", ") + scope;
    }
    detail["issue"] = issue;
    if (!error.field.empty()) {
        detail["field"] = parameter_of(error);
        detail["location"] = "body";
    }
    return {std::move(detail)};
}

http::Response answer(const Named& named, json::array details, std::string_view trace_id) {
    http::Response response;
    response.status = named.status;
    response.content_type = "application/json";
    response.body = to_json(json::object{{"name", named.name},
                                         {"message", named.message},
                                         {"httpStatusCode", named.status},
                                         {"traceId", trace_id},
                                         {"details", std::move(details)}});
    response.fields.emplace_back("Cache-Control", "no-store");
    return response;
}

}  // namespace

http::Response error_answer(const api::Services& services, const http::Request& request,
                            const Error& error) {
    const auto named_error = named(error, request.path.starts_with("/api/"));
    auto response = answer(named_error, details_of(error, named_error), request.request_id);
    if (response.status == 401) {
        response.fields.emplace_back("WWW-Authenticate", api::challenge(error, services.issuer()));
    }
    if (error.retry_after_seconds > 0 || response.status == 429 || response.status == 503) {
        response.fields.emplace_back(
            "Retry-After", std::to_string(std::max<std::int64_t>(1, error.retry_after_seconds)));
    }
    return response;
}

http::Response refusal_answer(int status, std::string_view why, std::string_view request_id) {
    const std::string text(why);
    const Named named_refusal =
        status >= 500
            ? Named{status, "UnexpectedError", "Unexpected Error Occurred.", {}}
            : Named{status, "InvalidParameterError", "Invalid parameter: request. " + text, {}};
    auto response = answer(named_refusal, {json::object{{"issue", text}}}, request_id);
    response.fields.emplace_back("X-Content-Type-Options", "nosniff");
    return response;
}

}  // namespace latchkey::dialects::affinidi
