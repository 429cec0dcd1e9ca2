#include "api/oauth_answers.h"

#include <algorithm>
#include <array>

#include "api/problem.h"
#include "api/proof.h"

namespace latchkey::api {
namespace {

int status_of_oauth(const Error& error) {
    if (error.reason == "invalid_client") return 401;
    return error.code == ErrorCode::kRateLimited && error.retry_after_seconds > 0 ? 429 : 400;
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

Result<http::Response> refused(Error error) {
    if (!is_of_oauth(error)) return error;
    return oauth_refusal(error);
}

void refuse(const CallPtr& call, Error error) {
    const bool needs_nonce = is_about_proof(error);
    auto response = refused(std::move(error));
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
