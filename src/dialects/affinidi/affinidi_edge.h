// The edge itself, for the handlers of this folder.
#pragma once

#include <string>
#include <vector>

#include "api/edge.h"
#include "dialects/affinidi/logins.h"

namespace latchkey::dialects::affinidi {

inline constexpr std::string_view kTokenEndpoint = "/auth/oauth2/token";

class AffinidiEdge final : public api::Edge {
public:
    explicit AffinidiEdge(std::vector<std::string> urls) : Edge(std::move(urls)) {}
    [[nodiscard]] std::span<const api::Route> routes() const override;
    // A token or a session's secret in Authorization, with `Bearer` before it or bare, as
    // iam-client sends it; else the session's secret in the command line's cookie.
    [[nodiscard]] Result<api::Principal> authenticate(api::Services& services, std::size_t reactor,
                                                      const http::Request& request,
                                                      api::CookieRule cookies) const override;
    [[nodiscard]] http::Response error(const api::Services& services, const http::Request& request,
                                       const Error& error) const override;
    [[nodiscard]] http::Response refusal(const api::Services& services, int status,
                                         std::string_view why,
                                         std::string_view request_id) const override;

    [[nodiscard]] Logins& logins() { return logins_; }

private:
    Logins logins_;
};

inline AffinidiEdge& edge_of(const api::Call& call) {
    return static_cast<AffinidiEdge&>(call.edge);
}

// What was presented, wherever it stood; nothing when there was nothing.
struct Credential {
    std::string_view text;
    bool is_cookie{false};
};
std::optional<Credential> credential_of(const http::Request& request);

}  // namespace latchkey::dialects::affinidi
