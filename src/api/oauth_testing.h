// For the tests of the token endpoint: a person, his project, and a key token that may be exchanged
// there.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/testing.h"
#include "authority/exchange_assertion.h"
#include "authority/testing_keys.h"
#include "token/jws.h"

namespace latchkey::api::testing {

using authority::testing::KeyHolder;
using Parameters = std::vector<std::pair<std::string, std::string>>;

inline constexpr const char* kAssertionType =
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

inline std::string form_of(const Parameters& parameters) {
    std::string body;
    for (const auto& [name, value] : parameters) {
        body += (body.empty() ? "" : "&") + percent_encode(name) + "=" + percent_encode(value);
    }
    return body;
}

class OAuthTest : public ApiTest {
protected:
    void SetUp() override {
        ApiTest::SetUp();
        project_ = authority::testing::project_of(*this, as_alice_, "shop");
        holder_.emplace(authority::testing::key_token(*this, as_alice_, {project_}));
    }
    Reply post(Client& client, const std::string& body) {
        return client.ask("POST", "/oauth2/token",
                          {{"Content-Type", "application/x-www-form-urlencoded"}}, body);
    }
    Reply post(const std::string& body) { return post(*form_client(), body); }
    static Parameters parameters(const std::string& assertion, const Parameters& more = {}) {
        Parameters all = {{"grant_type", "client_credentials"},
                          {"client_assertion_type", kAssertionType},
                          {"client_assertion", assertion}};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
    Reply present(const std::string& assertion, const Parameters& more = {}) {
        return post(form_of(parameters(assertion, more)));
    }
    Reply exchange(const Parameters& more = {}) {
        return present(holder_->assertion(clock.now()), more);
    }
    // The only text that a wrong assertion ever gets. Time goes on, so that a long list of wrong
    // ones is not held up by the budget.
    void expect_invalid_client(const std::string& assertion, const std::string& what) {
        const auto reply = present(assertion);
        EXPECT_EQ(reply.status, 401) << what << reply.body;
        EXPECT_EQ(
            reply.body,
            R"({"error":"invalid_client","error_description":"The client assertion is not valid."})")
            << what;
        clock_step_ += 1;
        if (clock_step_ % 50 == 0) clock.advance(std::chrono::seconds(20));
    }
    void expect_error(const Reply& reply, const std::string& error, int status = 400) {
        EXPECT_EQ(reply.status, error == "invalid_client" ? 401 : status) << reply.body;
        EXPECT_EQ(reply.field("Content-Type"), "application/json");
        EXPECT_NE(reply.text("error_description"), "") << reply.body;
        EXPECT_EQ(reply.text("error"), error) << reply.body;
        EXPECT_EQ(reply.field("Cache-Control"), "no-store");
        EXPECT_EQ(reply.field("Pragma"), "no-cache");
    }
    // What is logged of a refusal, which must name the cause and repeat nothing that was sent.
    void expect_logged(const std::string& assertion, const std::string& cause,
                       const Parameters& more = {}) {
        ::testing::internal::CaptureStderr();
        present(assertion, more);
        const auto logged = ::testing::internal::GetCapturedStderr();
        EXPECT_NE(logged.find("a client assertion was refused"), std::string::npos) << cause;
        EXPECT_NE(logged.find(cause), std::string::npos) << cause << ": " << logged;
        for (std::size_t at = 0; at + 16 <= assertion.size(); at += 16) {
            EXPECT_EQ(logged.find(assertion.substr(at, 16)), std::string::npos) << logged;
        }
    }
    json::object claims() { return holder_->claims(clock.now()); }
    std::string signed_claims(const json::object& claims) {
        return holder_->sign(holder_->header(), claims);
    }
    std::string access_token(const Parameters& more = {}) {
        const auto reply = exchange(more);
        EXPECT_EQ(reply.status, 200) << reply.body;
        return reply.text("access_token");
    }
    json::object claims_of(const std::string& access_token) {
        const auto parsed = parse_unverified(access_token).value();
        const auto keys = authority->keys().keys();
        const auto claims =
            verify_jws(access_token, *keys->find(parsed.kid), TypPolicy::exactly("at+jwt"));
        EXPECT_TRUE(claims);
        return claims ? *claims : json::object{};
    }
    std::string check(const std::string& path, const std::string& secret) {
        return ask("GET", path, bearer(secret)).field("Latchkey-Verdict");
    }
    Client* form_client() {
        if (!form_client_) form_client_ = std::make_unique<Client>(server_->port(0));
        return form_client_.get();
    }
    void TearDown() override {
        form_client_.reset();
        ApiTest::TearDown();
    }

    std::string project_;
    std::optional<KeyHolder> holder_;
    std::unique_ptr<Client> form_client_;
    int clock_step_{0};
};

}  // namespace latchkey::api::testing
