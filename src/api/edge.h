// The edge at which clients meet an API: which routes there are, where a credential is looked for,
// and how an error is worded. Our own API has one, each dialect (another product's wire shape) has
// another. Behind it all are alike: one permission gate, one set of use cases.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/principal.h"
#include "api/route.h"
#include "http/message.h"

namespace latchkey::api {

// Lives as long as the server. Its functions are called on any reactor at once; error() on any
// thread. What an edge keeps for itself (a dialect's logins under way) it guards itself.
class Edge {
public:
    // `urls`: under which its clients know it, without a slash at the end; the first is what it
    // calls itself. Never taken from a request, whose Host is the client's own word.
    explicit Edge(std::vector<std::string> urls) : urls_(std::move(urls)) {}
    virtual ~Edge() = default;
    Edge(const Edge&) = delete;
    Edge& operator=(const Edge&) = delete;

    [[nodiscard]] const std::vector<std::string>& urls() const { return urls_; }
    // Our own API is strict about queries, Accept and the type of bodies, and has /check.
    [[nodiscard]] virtual bool is_ours() const { return false; }
    [[nodiscard]] virtual std::span<const Route> routes() const = 0;
    // Who is asking. A dialect finds its credential and hands it to authenticate_credential().
    [[nodiscard]] virtual Result<Principal> authenticate(Services& services, std::size_t reactor,
                                                         const http::Request& request,
                                                         CookieRule cookies) const = 0;
    [[nodiscard]] virtual http::Response error(const Services& services,
                                               const http::Request& request,
                                               const Error& error) const = 0;
    // What the connection refuses before there is a request.
    [[nodiscard]] virtual http::Response refusal(const Services& services, int status,
                                                 std::string_view why,
                                                 std::string_view request_id) const = 0;

private:
    std::vector<std::string> urls_;
};

// Our own, with one of our tables.
class OwnEdge final : public Edge {
public:
    explicit OwnEdge(std::span<const Route> table) : Edge({}), table_(table) {}
    [[nodiscard]] bool is_ours() const override { return true; }
    [[nodiscard]] std::span<const Route> routes() const override { return table_; }
    [[nodiscard]] Result<Principal> authenticate(Services& services, std::size_t reactor,
                                                 const http::Request& request,
                                                 CookieRule cookies) const override;
    [[nodiscard]] http::Response error(const Services& services, const http::Request& request,
                                       const Error& error) const override;
    [[nodiscard]] http::Response refusal(const Services& services, int status, std::string_view why,
                                         std::string_view request_id) const override;

private:
    std::span<const Route> table_;
};

}  // namespace latchkey::api
