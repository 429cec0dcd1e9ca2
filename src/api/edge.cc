#include "api/edge.h"

#include "api/oauth_answers.h"
#include "api/problem.h"
#include "api/proof.h"

namespace latchkey::api {

Result<Principal> OwnEdge::authenticate(Services& services, std::size_t reactor,
                                        const http::Request& request, CookieRule cookies) const {
    return api::authenticate(services, reactor, request, cookies);
}

http::Response OwnEdge::error(const Services& services, const http::Request& request,
                              const Error& error) const {
    // A path that is none of OAuth's endpoints has no errors of OAuth's either.
    const bool is_of_oauth = is_oauth_endpoint(request.path) && error.code != ErrorCode::kNotFound;
    auto answer = is_of_oauth ? oauth_problem(error, services.issuer(), request)
                              : problem(error, services.issuer(), request.request_id);
    if (is_about_proof(error)) answer.fields.emplace_back("DPoP-Nonce", fresh_nonce(services));
    return answer;
}

http::Response OwnEdge::refusal(const Services& services, int status, std::string_view why,
                                std::string_view request_id) const {
    return refusal_problem(status, why, services.issuer(), request_id);
}

}  // namespace latchkey::api
