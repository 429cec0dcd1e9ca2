#include "api/oauth_answers.h"

#include <algorithm>
#include <array>

#include "api/problem.h"
#include "api/proof.h"
#include "base/json.h"

namespace latchkey::api {
namespace {

int status_of_oauth(const Error& error) {
    if (error.reason == "invalid_client") return 401;
    return error.code == ErrorCode::kRateLimited && error.retry_after_seconds > 0 ? 429 : 400;
}

// The scheme of what came in the Authorization field, as a challenge names it; empty: none came.
std::string_view scheme_of(const http::Request& request) {
    const auto field = request.find("Authorization").value_or("");
    if (field.empty()) return {};
    const auto scheme = field.substr(0, field.find(' '));
    for (const std::string_view known : {"Bearer", "DPoP"}) {
        if (http::equal_without_case(scheme, known)) return known;
    }
    return "Basic";
}

// RFC 6749 §5.2: the challenge is of the scheme that the client used.
void challenge_client(const http::Request& request, http::Response& response) {
    const auto scheme = scheme_of(request);
    if (scheme.empty()) return;
    response.fields.emplace_back("WWW-Authenticate", std::string(scheme) + " realm=\"latchkey\"");
}

// RFC 6749 §5.2 where a client says who it is, RFC 6750 §3.1 where a bearer token does it.
std::string_view oauth_word(const Error& error, const http::Request& request) {
    if (is_of_oauth(error)) return error.reason;
    const int status = status_of(error);
    const auto scheme = scheme_of(request);
    if (status == 401) {
        return scheme.empty() || scheme == "Basic" ? "invalid_client" : "invalid_token";
    }
    if (status == 403) {
        return error.reason == "insufficient_scope" ? "insufficient_scope" : "unauthorized_client";
    }
    if (status == 429) return "slow_down";
    if (status == 503) return "temporarily_unavailable";
    return status >= 500 ? "server_error" : "invalid_request";
}

}  // namespace

Error invalid_request(std::string why) {
    return invalid(std::move(why), "invalid_request");
}

bool is_of_oauth(const Error& error) {
    static constexpr std::array<std::string_view, 13> kReasons = {"invalid_request",
                                                                  "invalid_client",
                                                                  "invalid_grant",
                                                                  "invalid_scope",
                                                                  "invalid_target",
                                                                  "slow_down",
                                                                  "access_denied",
                                                                  "unsupported_grant_type",
                                                                  "authorization_pending",
                                                                  "expired_token",
                                                                  "invalid_dpop_proof",
                                                                  "use_dpop_nonce",
                                                                  "unsupported_response_type"};
    return std::find(kReasons.begin(), kReasons.end(), error.reason) != kReasons.end();
}

http::Response token_answer(int status, const json::value& value) {
    auto response = json_answer(status, value);
    response.fields.emplace_back("Pragma", "no-cache");
    return response;
}

http::Response oauth_refusal(const Error& error) {
    auto response =
        token_answer(status_of_oauth(error),
                     json::object{{"error", error.reason}, {"error_description", error.message}});
    if (error.retry_after_seconds > 0) {
        response.fields.emplace_back("Retry-After", std::to_string(error.retry_after_seconds));
    }
    return response;
}

bool is_oauth_endpoint(std::string_view path) {
    return path.starts_with("/oauth2/");
}

http::Response oauth_problem(const Error& error, std::string_view issuer,
                             const http::Request& request) {
    auto response = problem(error, issuer, request.request_id);
    const auto word = oauth_word(error, request);
    response.content_type = "application/json";
    response.body.insert(1, "\"error\":" + json_quote(word) +
                                ",\"error_description\":" + json_quote(detail_of(error)) + ",");
    response.fields.emplace_back("Pragma", "no-cache");
    if (word == "invalid_client") challenge_client(request, response);
    return response;
}

Result<http::Response> refused(Error error) {
    if (!is_of_oauth(error)) return error;
    return oauth_refusal(error);
}

void refuse(const CallPtr& call, Error error) {
    const bool needs_nonce = is_about_proof(error);
    auto response = refused(std::move(error));
    if (response && response->status == 401) challenge_client(call->request(), *response);
    if (response && needs_nonce) {
        response->fields.emplace_back("DPoP-Nonce", fresh_nonce(call->services));
    }
    reply(call, std::move(response));
}

Result<Form> read_form(const http::Request& request) {
    if (!request.query.empty()) return invalid_request("Parameters belong into the body.");
    return Form::parse(request);
}

}  // namespace latchkey::api
