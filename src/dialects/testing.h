// For the tests of dialects: the whole server of api/testing.h with a dialect on a second listener,
// a person with a password, and words to speak to either.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "api/attack_testing.h"
#include "crypto/password.h"

namespace latchkey::dialects::testing {

using api::testing::bearer;
using api::testing::Client;
using api::testing::Fields;
using api::testing::Held;
using api::testing::Reply;

inline constexpr const char* kPassword = "correct horse battery staple";

// A subclass says with make_edge() which dialect it is.
class DialectTest : public api::testing::AttackTest {
protected:
    void SetUp() override {
        AttackTest::SetUp();
        through_ = std::make_unique<Client>(server_->port(1));
        authority::CreateUser wanted;
        wanted.email = "dora@example.com";
        wanted.roles = {"member"};
        wanted.password_hash = hash_password(kPassword).value();
        dora_ = add_user(authority::Actor::system(), wanted).value();
        by_dora_ = bearer(session(dora_));
    }
    void TearDown() override {
        through_.reset();
        AttackTest::TearDown();
    }

    // Through the dialect's listener; ask() goes to our own.
    Reply say(const std::string& method, const std::string& target, const Fields& fields = {},
              const std::string& body = {}) {
        return through_->ask(method, target, fields, body);
    }
    // The same without a word about what the body is.
    Reply say_untyped(const std::string& method, const std::string& target, const Fields& fields,
                      const std::string& body) {
        http::RawClient socket(server_->port(1));
        std::string text = method + " " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\n";
        for (const auto& [name, value] : fields) {
            text += name + ": " + value + "\r\n";
        }
        text += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
        EXPECT_TRUE(socket.send(text));
        const auto answer = socket.read_answer();
        return {answer.status, "\r\n" + answer.head, answer.body};
    }
    void expect(const Reply& reply, int status, const std::string& body) {
        EXPECT_EQ(reply.status, status) << reply.body;
        EXPECT_EQ(reply.body, body);
    }
    std::string now_plus(Microseconds span) { return format_rfc3339(clock.now() + span); }

    std::unique_ptr<Client> through_;
    store::UserRecord dora_;
    Fields by_dora_;
};

}  // namespace latchkey::dialects::testing

// The words of every conversation.
namespace latchkey::dialects {

using api::testing::json_quoted;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::bearer;
using testing::Fields;
using testing::Held;
using testing::kPassword;
using testing::Reply;

}  // namespace latchkey::dialects
