// The API as an http::Application: the check path answered at once on the reactor, everything else
// matched, authenticated, permitted and handed to where it runs. Default deny.
#pragma once

#include <span>

#include "api/route.h"
#include "api/services.h"
#include "http/server.h"

namespace latchkey::api {

class Application : public http::Application {
public:
    Application(Services& services, std::span<const Route> table)
        : services_(services), table_(table) {}
    void handle(http::Exchange& exchange) noexcept override;
    [[nodiscard]] http::Response refusal(int status, std::string_view why,
                                         std::string_view request_id) const override;

private:
    void dispatch(http::Exchange& exchange);

    Services& services_;
    std::span<const Route> table_;
};

}  // namespace latchkey::api
