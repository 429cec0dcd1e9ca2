// The API as an http::Application: the check path answered at once on the reactor, everything else
// matched, authenticated, permitted and handed to where it runs. Default deny.
#pragma once

#include <memory>
#include <span>

#include "api/edge.h"
#include "api/route.h"
#include "api/services.h"
#include "http/server.h"

namespace latchkey::api {

class Application : public http::Application {
public:
    Application(Services& services, std::unique_ptr<Edge> edge)
        : services_(services), edge_(std::move(edge)) {}
    // Our own API, or one of its smaller tables.
    Application(Services& services, std::span<const Route> table)
        : Application(services, std::make_unique<OwnEdge>(table)) {}
    void handle(http::Exchange& exchange) noexcept override;
    [[nodiscard]] http::Response refusal(int status, std::string_view why,
                                         std::string_view request_id) const override;

private:
    void dispatch(http::Exchange& exchange);

    Services& services_;
    std::unique_ptr<Edge> edge_;
};

}  // namespace latchkey::api
