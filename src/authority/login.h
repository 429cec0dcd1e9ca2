// Logging in: password to session. Slow on purpose (argon2id), so it runs on the password worker
// only. Known and unknown accounts answer alike and take the same time.
#pragma once

#include <string>

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
// A session for somebody who has just proven himself otherwise (setup).
Result<LoggedIn> open_session(Authority& authority, const store::UserRecord& user,
                              const Login& login);
Status close_session(Authority& authority, const SessionId& id);

}  // namespace latchkey::authority
