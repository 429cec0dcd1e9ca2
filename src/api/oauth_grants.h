// The grants of POST /oauth2/token, each in its own file, and what they share. Errors are OAuth's,
// or everybody's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/form.h"
#include "api/route.h"
#include "authority/device_login.h"
#include "token/access_token.h"

namespace latchkey::api {

inline constexpr std::string_view kDeviceGrant = "urn:ietf:params:oauth:grant-type:device_code";
inline constexpr std::string_view kAuthorizationCodeGrant = "authorization_code";
inline constexpr std::string_view kTokenExchangeGrant =
    "urn:ietf:params:oauth:grant-type:token-exchange";

// oauth.cc: client_credentials with an assertion; answers by itself. What a dialect changes of it:
struct AssertionTerms {
    std::vector<std::string> audiences;  // whom it may be for beside the issuer
    // An identity token (authority/identity_token.h) for whoever signed: projects and scopes are
    // asked for with it later, and not here.
    bool for_identity{false};
};
void client_credentials(const CallPtr& call, Form form, AssertionTerms terms);
// device.cc, on a worker
Result<http::Response> device_grant(Call& call, const Form& form);
// The same for another client than our own, whom who calls has recognised.
Result<http::Response> begin_device_login(Call& call, std::string_view client);
// For a client that words the answer by itself.
Result<authority::DeviceStart> start_device_login(Call& call, std::string_view client,
                                                  std::string_view return_url);
Result<http::Response> poll_device_login(Call& call, const Form& form, std::string_view client);
// What both kinds of login of a command line have in common.
Status check_cli_client(const Form& form);
Status check_login_start(Call& call, const authority::Login& login);   // "csrf", "slow_down"
Status charge_login_start(Call& call, const authority::Login& login);  // the same, and it counts
http::Response cli_session_answer(const authority::LoggedIn& made);
// web_login.cc, on a worker
Result<http::Response> authorization_code_grant(Call& call, const Form& form);
// token_exchange.cc, on the reactor
Result<http::Response> token_exchange(Call& call, const Form& form);

// The key that the access token is to be bound to: of the proof in the DPoP field, if one came.
Result<std::optional<Digest>> proven_key(Call& call);

// project_id, or resource=urn:latchkey:project:<id>; any other resource is reason "invalid_target".
Result<std::optional<ProjectId>> project_of(const Form& form);
json::object access_view(const AccessClaims& claims, const std::string& token);

}  // namespace latchkey::api
