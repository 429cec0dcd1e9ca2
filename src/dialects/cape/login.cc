// `cape login`: the device flow, with the portal's page for the person who confirms.
#include "api/oauth_answers.h"
#include "api/oauth_grants.h"
#include "dialects/cape/handlers.h"

namespace latchkey::dialects::cape {
namespace {

Result<http::Response> begin(api::Call& call) {
    // Whatever client_id, scope and audience say: there is one client here, and no secret of its
    // own.
    TRY(api::read_form(call.request()));
    return api::begin_device_login(call, kClient);
}

Result<http::Response> poll(api::Call& call) {
    const auto form = TRY(api::read_form(call.request()));
    if (form.get("grant_type") != api::kDeviceGrant) {
        return invalid("The only grant type is " + std::string(api::kDeviceGrant) + ".",
                       "unsupported_grant_type");
    }
    return api::poll_device_login(call, form, kClient);
}

// Errors of OAuth's as OAuth words them; the client reads `error` alone, whatever the status.
Result<http::Response> in_words_of_oauth(Result<http::Response> answer) {
    if (!answer) return api::refused(std::move(answer).error());
    return answer;
}

}  // namespace

Result<http::Response> post_device_code(api::Call& call) {
    return in_words_of_oauth(begin(call));
}

Result<http::Response> post_oauth_token(api::Call& call) {
    return in_words_of_oauth(poll(call));
}

}  // namespace latchkey::dialects::cape
