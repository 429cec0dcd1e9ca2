#include "authority/login.h"

#include "authority/passwords.h"
#include "authority/second_factor.h"
#include "crypto/password.h"
#include "crypto/random.h"
#include "token/opaque.h"

namespace latchkey::authority {
namespace {

constexpr std::size_t kPasswordBytesMax = 1024;
constexpr std::size_t kAgentBytesMax = 120;

Error refused() {
    return Error{ErrorCode::kUnauthenticated, "the e-mail address or the password is wrong"}
        .with_reason("bad_credentials");
}

bool password_fits(const std::optional<store::UserRecord>& user, std::string_view password) {
    const bool can_log_in = user && user->kind == store::UserKind::kHuman &&
                            user->state == store::UserState::kActive &&
                            !user->password_hash.empty();
    // The same work for an account that is not there: time must not tell which ones are.
    if (!can_log_in) return verify_against_nothing(password);
    return verify_password(user->password_hash, password);
}

}  // namespace

std::string printable_agent(std::string_view agent) {
    std::string text;
    for (const char c : agent.substr(0, kAgentBytesMax)) {
        text.push_back(c >= ' ' && c < 0x7F ? c : '?');
    }
    return text;
}

Result<LoggedIn> log_in(Authority& authority, const Login& login) {
    const auto user = TRY(prove_password(authority, login));
    return open_session(authority, user, login);
}

Result<store::UserRecord> prove_password(Authority& authority, const Login& login) {
    const std::string name = normalise_login(login.login.substr(0, 254));
    const auto wait = authority.throttle().admit(name, login.address, authority.clock().steady());
    if (wait > 0) {
        Error error{ErrorCode::kRateLimited, "too many attempts; wait a little"};
        error.retry_after_seconds = wait;
        return error;
    }
    if (login.password.expose().size() > kPasswordBytesMax) return refused();
    const auto user = TRY(authority.store().query<std::optional<store::UserRecord>>(
        [&](store::Connection& db) { return store::find_user_by_login(db, name); }));
    if (!password_fits(user, login.password.expose())) return refused();
    // Only a whole login gives the tries back: a password that is known must not buy guesses.
    if (user->has_second_factor) TRY(use_code(authority, *user, login.code.expose()));
    authority.throttle().succeeded(name, login.address);
    return *user;
}

bool is_as_proven(const store::UserRecord& proven, const std::optional<store::UserRecord>& now) {
    return now && now->state == store::UserState::kActive &&
           now->password_hash == proven.password_hash &&
           (proven.has_second_factor || !now->has_second_factor);
}

Result<LoggedIn> open_session(Authority& authority, const store::UserRecord& user,
                              const Login& login, const BeforeSession& first) {
    LoggedIn made;
    made.user = user;
    made.secret = make_opaque(kSessionPrefix);
    const Timestamp now = authority.clock().now();
    made.session.id = new_id<SessionId>(now);
    made.session.user = user.id;
    made.session.kind = login.kind;
    made.session.digest = sha256(made.secret.expose());
    made.session.agent = printable_agent(login.agent);
    made.session.address = login.address_text;
    made.session.created_at = now;
    made.session.last_seen_at = now;
    made.session.expires_at = now + session_life(login.kind);
    made.session.proven_at = now;
    const Status kept = authority.store().mutate([&](store::Transaction& tx) -> Status {
        // Disabled while the password was checked: the session would wait for his return. Or it is
        // another one by now, or not enough any more, and every session from before has ended.
        const auto now_user = TRY(store::find_user(tx.connection(), user.id));
        if (!is_as_proven(user, now_user)) return refused();
        if (first) TRY(first(tx, made.session));
        TRY(store::insert_session(tx.connection(), made.session));
        // In the writer's order: what ends all of his sessions next finds this one, too.
        authority.sessions().add(made.session);
        return {};
    });
    if (!kept) {
        authority.sessions().remove(made.session.id);
        return kept.error();
    }
    return made;
}

bool is_freshly_proven(const store::SessionRecord& session, Timestamp now) {
    return now - session.proven_at < kProofLife;
}

Result<store::UserRecord> prove_once_more(Authority& authority, const UserId& user, Login& login) {
    const auto found = TRY(authority.store().query<std::optional<store::UserRecord>>(
        [&](store::Connection& db) { return store::find_user(db, user); }));
    if (!found) return Error{ErrorCode::kUnauthenticated, "the session has ended; log in again"};
    login.login = found->login;
    auto proven = prove_password(authority, login);
    if (proven || proven.error().code != ErrorCode::kUnauthenticated) return proven;
    // Not 401: the session is as good as before.
    const bool is_of_code = proven.error().reason != "bad_credentials";
    return Error{ErrorCode::kPermissionDenied,
                 is_of_code ? proven.error().message : "the password is wrong"}
        .with_reason(is_of_code ? proven.error().reason : "wrong_password");
}

Result<LoggedIn> prove_session(Authority& authority, const store::SessionRecord& session,
                               Login login) {
    LoggedIn made;
    made.user = TRY(prove_once_more(authority, session.user, login));
    made.secret = make_opaque(kSessionPrefix);
    made.session = session;
    made.session.digest = sha256(made.secret.expose());
    made.session.proven_at = authority.clock().now();
    TRY(authority.store().mutate([&](store::Transaction& tx) -> Status {
        // Two tabs may ask at the same moment: one of them has the session.
        if (!TRY(store::find_session(tx.connection(), session.digest))) {
            return Error{ErrorCode::kConflict, "this session was renewed or ended meanwhile"}
                .with_reason("session_renewed");
        }
        return store::renew_session(tx.connection(), made.session);
    }));
    authority.sessions().renew(session.digest, made.session, authority.clock().now());
    return made;
}

Status close_session(Authority& authority, const SessionId& id) {
    authority.sessions().remove(id);
    return authority.store().mutate(
        [&](store::Transaction& tx) { return store::delete_session(tx.connection(), id); },
        true);  // a full disk must not keep anybody logged in
}

}  // namespace latchkey::authority
