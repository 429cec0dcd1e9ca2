// For the tests of this folder: the whole API behind a real server on a free port, over a fresh
// data directory, and a client that asks it.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "api/application.h"
#include "authority/login.h"
#include "authority/testing.h"
#include "base/encoding.h"
#include "http/raw_client.h"
#include "http/reactor_server.h"

namespace latchkey::api::testing {

using authority::testing::reason_of;
using Fields = std::vector<std::pair<std::string, std::string>>;

struct Reply {
    int status{0};
    std::string head;
    std::string body;

    [[nodiscard]] std::string field(const std::string& name) const {
        const auto at = head.find("\r\n" + name + ": ");
        if (at == std::string::npos) return {};
        const auto start = at + name.size() + 4;
        return head.substr(start, head.find("\r\n", start) - start);
    }
    [[nodiscard]] json::value json() const {
        auto parsed = parse_json(body, {.bytes_max = 1U << 24, .members_max = 10'000});
        EXPECT_TRUE(parsed) << body;
        return parsed ? std::move(*parsed) : json::value();
    }
    [[nodiscard]] std::string text(std::string_view name) const {
        const auto value = json();
        const auto* object = value.if_object();
        const auto* member = object == nullptr ? nullptr : object->if_contains(name);
        return member != nullptr && member->is_string() ? std::string(member->get_string()) : "";
    }
    // The body without what differs from request to request.
    [[nodiscard]] std::string shape() const {
        auto value = json();
        if (auto* object = value.if_object()) object->erase("requestId");
        return std::to_string(status) + " " + to_json(value);
    }
};

class Client {
public:
    explicit Client(std::uint16_t port) : port_(port), socket_(port) {}

    Reply ask(const std::string& method, const std::string& target, const Fields& fields = {},
              const std::string& body = {}) {
        std::string text = method + " " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\n";
        for (const auto& [name, value] : fields) {
            text += name + ": " + value + "\r\n";
        }
        const bool has_type = std::any_of(fields.begin(), fields.end(), [](const auto& field) {
            return field.first == "Content-Type";
        });
        if (!body.empty() && !has_type) text += "Content-Type: application/json\r\n";
        text += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
        if (!socket_.send(text)) return {};
        const auto answer = socket_.read_answer(method == "HEAD");
        // A stream's head is an answer too; who asked for it goes on elsewhere.
        if (answer.head.find("\r\nTransfer-Encoding: ") != std::string::npos) {
            socket_ = http::RawClient(port_);
        }
        return {answer.status, "\r\n" + answer.head, answer.body};
    }

private:
    std::uint16_t port_;
    http::RawClient socket_;
};

inline Fields bearer(std::string_view secret) {
    return {{"Authorization", "Bearer " + std::string(secret)}};
}
inline Fields basic(std::string_view secret) {
    return {{"Authorization", "Basic " + base64_encode("git:" + std::string(secret))}};
}
inline Fields cookie(std::string_view secret) {
    return {{"Cookie", "latchkey_session=" + std::string(secret)}};
}
inline Fields cookie_with_csrf(std::string_view secret) {
    return {{"Cookie", "latchkey_session=" + std::string(secret)},
            {"X-CSRF-Token", csrf_of(secret)}};
}

inline std::string method_name(http::Method method) {
    switch (method) {
        case http::Method::kGet: return "GET";
        case http::Method::kPost: return "POST";
        case http::Method::kPut: return "PUT";
        case http::Method::kPatch: return "PATCH";
        case http::Method::kDelete: return "DELETE";
        case http::Method::kHead:
        case http::Method::kOptions:
        case http::Method::kOther: break;
    }
    return "";
}

class ApiTest : public authority::testing::AuthorityTest {
protected:
    void SetUp() override {
        AuthorityTest::SetUp();
        services_ = std::make_unique<Services>(*authority, setup_, workers_, passwords_);
        constexpr std::size_t kReactors = 2;
        for (std::size_t i = 0; i < kReactors; ++i) {
            services_->reactors.push_back(std::make_unique<ReactorState>());
            services_->reactors.back()->reader = authority->replica().make_reader();
        }
        services_->worker_reader = authority->replica().make_reader();
        application_ = std::make_unique<Application>(*services_, routes());
        http::ServerOptions options;
        options.reactors = kReactors;
        options.listeners.emplace_back().application = application_.get();
        if (auto edge = make_edge(*services_)) {
            dialect_ = std::make_unique<Application>(*services_, std::move(edge));
            options.listeners.emplace_back().application = dialect_.get();
        }
        auto made = http::ReactorServer::create(options, [this] { return clock.steady(); });
        ASSERT_TRUE(made) << made.error().message;
        server_ = std::move(*made);
        server_->start();
        client_ = std::make_unique<Client>(server_->port(0));
    }
    void TearDown() override {
        client_.reset();
        server_.reset();
        services_.reset();
        reader.reset();
    }

    std::string session(const store::UserRecord& user,
                        store::SessionKind kind = store::SessionKind::kCli) {
        authority::Login login;
        login.kind = kind;
        return std::string(
            authority::open_session(*authority, user, login).value().secret.expose());
    }
    // A verifier cannot create tokens: an administrator makes one for it.
    authority::PreparedToken verifier_token(const store::UserRecord& machine) {
        authority::CreateToken wanted;
        wanted.api = "latchkey";
        wanted.scopes = {{"token:verify"}};
        wanted.owner = machine.id;
        return create(as_admin_, wanted).value();
    }
    // The edge of a dialect, on a second listener: port(1).
    virtual std::unique_ptr<Edge> make_edge(Services& /*services*/) { return nullptr; }
    Client connect() { return Client(server_->port(0)); }
    Reply ask(const std::string& method, const std::string& target, const Fields& fields = {},
              const std::string& body = {}) {
        return client_->ask(method, target, fields, body);
    }

    authority::SetupCode setup_;
    Workers workers_{2, 1024};
    Workers passwords_{1, 50};
    std::unique_ptr<Services> services_;
    std::unique_ptr<Application> application_;
    std::unique_ptr<Application> dialect_;
    std::unique_ptr<http::ReactorServer> server_;
    std::unique_ptr<Client> client_;
};

}  // namespace latchkey::api::testing
