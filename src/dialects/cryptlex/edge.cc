#include "dialects/cryptlex/edge.h"

#include <array>

#include "api/problem.h"
#include "dialects/cryptlex/address_rate.h"
#include "dialects/cryptlex/handlers.h"
#include "dialects/own_tokens.h"

namespace latchkey::dialects {
namespace {

using api::Route;
using cryptlex::AddressRate;
using http::Method;
using P = api::Permission;
using W = api::Work;

http::Response error_answer(int status, std::string_view message, std::string_view code) {
    http::Response response;
    response.status = status;
    response.content_type = "application/json";
    response.body = to_json(json::object{{"message", message}, {"code", code}});
    return response;
}

// Our own permissions by the names that its clients know.
Error in_its_words(const Error& error) {
    Error worded = error;
    for (auto& scope : worded.scopes) {
        if (scope == "token:write") scope = cryptlex::kWriteScope;
        if (scope == "token:read") scope = cryptlex::kWriteScope;
    }
    if (error.scopes.size() == 1 && worded.scopes != error.scopes) {
        worded.message = "this needs the permission " + worded.scopes.front();
    }
    return worded;
}

class CryptlexEdge final : public api::Edge {
public:
    using Edge::Edge;
    [[nodiscard]] std::span<const Route> routes() const override;
    [[nodiscard]] Result<api::Principal> authenticate(api::Services& services, std::size_t reactor,
                                                      const http::Request& request,
                                                      api::CookieRule /*cookies*/) const override {
        TRY(count(services, request));
        const auto apis = services.authority.directory().view();
        const auto* api = apis->find(cryptlex::kApi);
        if (api == nullptr || api->api.slug != cryptlex::kApi) {
            return Error{ErrorCode::kConflict, "this installation has no API licensing"}.with_hint(
                "import one: latchkey api import examples/catalogues/licensing.toml");
        }
        return enter(services, reactor, request,
                     {{api->api.id, cryptlex::kWriteScope, cryptlex::kReadScope}, api->api.slug});
    }
    [[nodiscard]] http::Response error(const api::Services& services, const http::Request& request,
                                       const Error& error) const override {
        const Error worded = in_its_words(error);
        auto response = error_answer(status_of(worded), sentence_of(worded), api::code_of(worded));
        add_error_fields(services, worded, response);
        add_rate_fields(services, request, response);
        return response;
    }
    [[nodiscard]] http::Response refusal(const api::Services& /*services*/, int status,
                                         std::string_view why,
                                         std::string_view /*request_id*/) const override {
        auto response = error_answer(status, why, "bad_request");
        response.fields.emplace_back("Cache-Control", "no-store");
        return response;
    }

    // Of what needs no credential, the handler counts.
    Status count(const api::Services& services, const http::Request& request) const {
        const auto state =
            rate_.take(api::client_address(services, request), services.authority.clock().steady());
        if (state.is_allowed) return {};
        Error error{ErrorCode::kRateLimited, "too many requests came from this address"};
        error.retry_after_seconds =
            std::chrono::ceil<std::chrono::seconds>(state.until_reset).count();
        return error;
    }
    void add_rate_fields(const api::Services& services, const http::Request& request,
                         http::Response& response) const {
        const auto& clock = services.authority.clock();
        const auto state = rate_.look(api::client_address(services, request), clock.steady());
        response.fields.emplace_back("X-Rate-Limit-Limit",
                                     std::to_string(cryptlex::kPeriodSeconds) + "s");
        response.fields.emplace_back("X-Rate-Limit-Remaining", std::to_string(state.remaining));
        response.fields.emplace_back("X-Rate-Limit-Reset",
                                     format_rfc3339(clock.now() + state.until_reset));
    }

private:
    mutable AddressRate rate_;
};

template <api::Handler handler>
Result<http::Response> with_rate(api::Call& call) {
    auto response = handler(call);
    if (!response) return response;
    static_cast<const CryptlexEdge&>(call.edge).add_rate_fields(call.services, call.request(),
                                                                *response);
    return response;
}

Result<http::Response> counted_login(api::Call& call) {
    TRY(static_cast<const CryptlexEdge&>(call.edge).count(call.services, call.request()));
    return cryptlex::post_login(call);
}

constexpr std::array kRoutes = {
    Route{Method::kPost, "/v3/accounts/login", P::nobody_needed(),
          W::on_passwords(with_rate<counted_login>)},
    Route{Method::kGet, "/v3/personal-access-tokens", P::scope("token:read"),
          W::on_worker(with_rate<cryptlex::get_tokens>), "page,limit,sort,query"},
    Route{Method::kPost, "/v3/personal-access-tokens", P::scope("token:write"),
          W::on_worker(with_rate<cryptlex::post_token>)},
    // Who may read others is the use case's business: itself a token may always read.
    Route{Method::kGet, "/v3/personal-access-tokens/{id}", P::any_credential(),
          W::on_worker(with_rate<cryptlex::get_token>)},
    Route{Method::kPatch, "/v3/personal-access-tokens/{id}", P::scope("token:write"),
          W::on_worker(with_rate<cryptlex::patch_token>)},
    Route{Method::kDelete, "/v3/personal-access-tokens/{id}", P::scope("token:write"),
          W::on_worker(with_rate<cryptlex::delete_token>)},
};

std::span<const Route> CryptlexEdge::routes() const {
    return kRoutes;
}

}  // namespace

std::unique_ptr<api::Edge> make_cryptlex(api::Services& /*services*/,
                                         std::vector<std::string> urls) {
    return std::make_unique<CryptlexEdge>(std::move(urls));
}

}  // namespace latchkey::dialects
