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
    Secret code;  // of the second factor, or a recovery code; empty: not asked for yet
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

// kRateLimited with retry_after_seconds, or kUnauthenticated: bad_credentials with one text for
// every cause; to who knows the password of somebody with a second factor, totp_needed without a
// code, and bad_code for a wrong one.
Result<LoggedIn> log_in(Authority& authority, const Login& login);
// The first half of it: whose password and code these are.
Result<store::UserRecord> prove_password(Authority& authority, const Login& login);
// Whether what somebody proved is still all that he has to prove: he is active, has the same
// password, and no second factor since.
bool is_as_proven(const store::UserRecord& proven, const std::optional<store::UserRecord>& now);
// A session for somebody who has just proven himself otherwise (setup, a device's code). `first`
// runs in the transaction that makes it.
using BeforeSession = std::function<Status(store::Transaction&, const store::SessionRecord&)>;
Result<LoggedIn> open_session(Authority& authority, const store::UserRecord& user,
                              const Login& login, const BeforeSession& first = {});
// Who has a session proves himself anew (login.password and login.code): it counts as fresh, and
// under another secret, so that who may have copied the old one gains nothing. wrong_password and
// the reasons above as kPermissionDenied: the session is as good as before.
Result<LoggedIn> prove_session(Authority& authority, const store::SessionRecord& session,
                               Login login);
// Within the last ten minutes.
inline constexpr Microseconds kProofLife = std::chrono::minutes(10);
bool is_freshly_proven(const store::SessionRecord& session, Timestamp now);
// As prove_password, for somebody who is logged in: refusals are kPermissionDenied.
Result<store::UserRecord> prove_once_more(Authority& authority, const UserId& user, Login& login);
// What a client calls itself, cut and harmless.
std::string printable_agent(std::string_view agent);
Status close_session(Authority& authority, const SessionId& id);

}  // namespace latchkey::authority
