#include "dialects/cape/edge.h"

#include <array>

#include "dialects/cape/handlers.h"
#include "dialects/own_tokens.h"

namespace latchkey::dialects {
namespace {

using api::Route;
using http::Method;
using P = api::Permission;
using W = api::Work;

constexpr std::array kRoutes = {
    Route{Method::kPost, "/oauth/device/code", P::nobody_needed(),
          W::on_worker(cape::post_device_code)},
    Route{Method::kPost, "/oauth/token", P::nobody_needed(), W::on_worker(cape::post_oauth_token)},
    Route{Method::kPost, "/v1/token", P::scope("token:write"), W::on_worker(cape::post_token)},
    Route{Method::kGet, "/v1/tokens", P::scope("token:read"), W::on_worker(cape::get_tokens)},
    Route{Method::kDelete, "/v1/token/{id}", P::scope("token:write"),
          W::on_worker(cape::delete_token)},
    Route{Method::kGet, "/v1/functions", P::any_credential(), W::on_reactor(cape::get_functions)},
};

http::Response error_answer(int status, std::string_view text) {
    http::Response response;
    response.status = status;
    response.content_type = "application/json";
    response.body = to_json(json::object{{"error", text}});
    return response;
}

class CapeEdge final : public api::Edge {
public:
    using Edge::Edge;
    [[nodiscard]] std::span<const Route> routes() const override { return kRoutes; }
    [[nodiscard]] Result<api::Principal> authenticate(api::Services& services, std::size_t reactor,
                                                      const http::Request& request,
                                                      api::CookieRule /*cookies*/) const override {
        const auto apis = services.authority.directory().view();
        const auto* api = apis->find("");
        if (api == nullptr) {
            return Error{ErrorCode::kConflict, "this installation has no default API"}.with_hint(
                "latchkey api import makes one");
        }
        // A token of that API that may do everything there sees its owner's others. To make and
        // delete them takes a login: a program's token that leaked must not make its successor.
        return enter(services, reactor, request, {{api->api.id, "", "*"}, api->api.slug});
    }
    [[nodiscard]] http::Response error(const api::Services& services,
                                       const http::Request& /*request*/,
                                       const Error& error) const override {
        auto response = error_answer(status_of(error), sentence_of(error));
        add_error_fields(services, error, response);
        return response;
    }
    [[nodiscard]] http::Response refusal(const api::Services& /*services*/, int status,
                                         std::string_view why,
                                         std::string_view /*request_id*/) const override {
        auto response = error_answer(status, why);
        response.fields.emplace_back("Cache-Control", "no-store");
        return response;
    }
};

}  // namespace

std::unique_ptr<api::Edge> make_cape(api::Services& /*services*/, std::vector<std::string> urls) {
    return std::make_unique<CapeEdge>(std::move(urls));
}

}  // namespace latchkey::dialects
