// Logging in: password to session. Slow on purpose (argon2id), so it runs on the password worker
// only. Known and unknown accounts answer alike and take the same time.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "authority/authority.h"
#include "base/secret.h"

namespace latchkey::authority {

struct Login {
    std::string login;
    Secret password;
    store::SessionKind kind{store::SessionKind::kPortal};
    LoginThrottle::Address address{};
    std::string address_text;
    std::string agent;
};

struct LoggedIn {
    store::UserRecord user;
    store::SessionRecord session;
    Secret secret;  // "lks_…": the cookie's value, or what the CLI keeps
};

// kRateLimited with retry_after_seconds, or kUnauthenticated with one text for every cause.
Result<LoggedIn> log_in(Authority& authority, const Login& login);
// The first half of it: whose password this is.
Result<store::UserRecord> prove_password(Authority& authority, const Login& login);
// A session for somebody who has just proven himself otherwise (setup, a device's code). `first`
// runs in the transaction that makes it.
Result<LoggedIn> open_session(Authority& authority, const store::UserRecord& user,
                              const Login& login,
                              const std::function<Status(store::Transaction&)>& first = {});
// What a client calls itself, cut and harmless.
std::string printable_agent(std::string_view agent);
Status close_session(Authority& authority, const SessionId& id);

}  // namespace latchkey::authority
