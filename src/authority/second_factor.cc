#include "authority/second_factor.h"

#include "authority/key_ring.h"
#include "authority/users.h"
#include "base/encoding.h"
#include "crypto/random.h"
#include "crypto/seal.h"
#include "crypto/totp.h"

namespace latchkey::authority {
namespace {

constexpr std::string_view kWrapContext = "latchkey second factor ";
// Without letters and digits that look alike on paper; ten of them are 49 bits.
constexpr std::string_view kLetters = "23456789abcdefghjkmnpqrstuvwxyz";
constexpr std::size_t kRecoveryLength = 10;
constexpr std::size_t kCodeBytesMax = 40;

Error bad_code() {
    return Error{ErrorCode::kUnauthenticated, "the code is wrong, too old or was used"}.with_reason(
        "bad_code");
}

Error no_factor() {
    return Error{ErrorCode::kConflict, "there is no second factor"}.with_reason("no_factor");
}

std::string wrap_context(const UserId& user) {
    return std::string(kWrapContext) + user.uuid();
}

Digest recovery_digest(Authority& authority, const UserId& user, std::string_view code) {
    return hmac_sha256(authority.keys().kek(),
                       "latchkey recovery code " + user.uuid() + " " + std::string(code));
}

// "ABCDE-fghjk" as it is kept, and "123 456" as authenticators show it.
Secret plain(std::string_view typed) {
    std::string code;
    for (const char c : typed.substr(0, kCodeBytesMax)) {
        if (c == '-' || c == ' ') continue;
        code.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
    }
    return Secret(std::move(code));
}

// The step whose code this is, if it was not used: a clock may be off by one.
std::optional<std::int64_t> step_of(const Secret& secret, std::string_view code,
                                    std::int64_t last_step, Timestamp now) {
    const std::int64_t current = totp_step(now);
    for (std::int64_t step = current - 1; step <= current + 1; ++step) {
        const Secret expected = totp_code(secret, step);
        const bool is_it = equal_in_constant_time(expected.expose(), code);
        if (is_it && step > last_step) return step;
    }
    return std::nullopt;
}

struct NewCodes {
    RecoveryCodes shown;
    std::vector<Digest> kept;
};

NewCodes make_recovery_codes(Authority& authority, const UserId& user) {
    NewCodes codes;
    for (std::size_t i = 0; i < kRecoveryCodes; ++i) {
        std::string code;
        for (std::size_t at = 0; at < kRecoveryLength; ++at) {
            code.push_back(kLetters[random_below(kLetters.size())]);
        }
        codes.kept.push_back(recovery_digest(authority, user, code));
        code.insert(kRecoveryLength / 2, "-");
        codes.shown.emplace_back(std::move(code));
    }
    return codes;
}

// The authenticator's code for this step, or nothing when the factor does not open.
Result<bool> use_step(Authority& authority, store::Transaction& tx, store::FactorRecord& factor,
                      std::string_view code) {
    const Secret secret =
        TRY(open_sealed(authority.keys().kek(), factor.wrapped_secret, wrap_context(factor.user)));
    const auto step = step_of(secret, code, factor.last_step, tx.now());
    if (!step) return false;
    factor.last_step = *step;
    TRY(store::put_factor(tx.connection(), factor));
    return true;
}

// In the writer's transaction: whoever sends one code twice at the same moment is let in once.
Status consume(Authority& authority, store::Transaction& tx, const store::UserRecord& user,
               std::string_view typed) {
    auto& db = tx.connection();
    auto factor = TRY(store::find_factor(db, user.id));
    if (!factor || !factor->confirmed_at) return bad_code();
    const Secret code = plain(typed);
    if (code.expose().size() == kTotpDigits) {
        const bool is_good = TRY(use_step(authority, tx, *factor, code.expose()));
        return is_good ? Status{} : Status(bad_code());
    }
    if (code.expose().size() != kRecoveryLength) return bad_code();
    const auto digest = recovery_digest(authority, user.id, code.expose());
    const bool is_good = TRY(store::use_recovery_code(db, user.id, digest));
    if (!is_good) return bad_code();
    return append_user_event(tx, "user.recovery_code_used", "user/" + user.id.uuid(), user);
}

// Host alone: a colon would end the issuer in the label.
std::string place_of(std::string_view issuer) {
    const auto scheme = issuer.find("://");
    if (scheme != std::string_view::npos) issuer.remove_prefix(scheme + 3);
    return "Latchkey " + std::string(issuer.substr(0, issuer.find_first_of(":/")));
}

Secret uri_of(Authority& authority, const store::UserRecord& user, std::string_view secret) {
    const std::string place = percent_encode(place_of(authority.settings().issuer));
    std::string uri = "otpauth://totp/" + place + ":" + percent_encode(user.login);
    uri.append("?secret=").append(secret);
    uri += "&issuer=" + place + "&algorithm=SHA1&digits=6&period=30";
    return Secret(std::move(uri));
}

// Six digits are guessed in the end; a recovery code is not, and whoever has one must get past the
// stranger who knows the password and keeps trying.
class Guesses {
public:
    Guesses(Authority& authority, const UserId& user, std::string_view typed)
        : failures_(authority.code_failures()),
          steady_(authority.clock().steady()),
          user_(user),
          are_counted_(plain(typed).expose().size() != kRecoveryLength) {}

    [[nodiscard]] Status check() const {
        const auto seconds = are_counted_ ? failures_.wait_for(payer(), steady_) : 0;
        if (seconds <= 0) return {};
        Error error{ErrorCode::kRateLimited, "too many wrong codes; wait a little"};
        error.retry_after_seconds = seconds;
        return error;
    }
    void count(const Status& tried) {
        const bool is_wrong = !tried && tried.error().reason == "bad_code";
        if (is_wrong && are_counted_) failures_.charge(payer(), steady_);
    }

private:
    [[nodiscard]] FailureBudget::Payer payer() const { return {{}, user_.raw()}; }

    FailureBudget& failures_;
    Microseconds steady_;
    UserId user_;
    bool are_counted_;
};

// The person himself, as he is now.
Result<store::UserRecord> own_user(store::Transaction& tx, const Actor& actor) {
    TRY(require_still_active(tx.connection(), actor, tx.now()));
    return get_user(tx.connection(), actor.user);
}

}  // namespace

Result<FactorStart> begin_factor(Authority& authority, const Actor& actor) {
    std::string bytes = random_string(kTotpSecretBytes);
    const Secret secret(bytes);
    wipe(bytes);
    FactorStart start;
    start.secret = Secret(base32_encode(secret.expose()));
    TRY(authority.store().mutate([&](store::Transaction& tx) -> Status {
        const auto user = TRY(own_user(tx, actor));
        if (user.has_second_factor) {
            return Error{ErrorCode::kConflict, "there is a second factor already"}
                .with_reason("factor_exists")
                .with_hint("turn it off first");
        }
        store::FactorRecord factor;
        factor.user = user.id;
        factor.wrapped_secret =
            seal(authority.keys().kek(), secret.expose(), wrap_context(user.id));
        factor.created_at = tx.now();
        start.uri = uri_of(authority, user, start.secret.expose());
        return store::put_factor(tx.connection(), factor);
    }));
    return start;
}

Result<RecoveryCodes> confirm_factor(Authority& authority, const Actor& actor,
                                     std::string_view code, const SessionId& session) {
    // Whoever found an open session must not confirm by guessing what its owner began.
    Guesses guesses(authority, actor.user, {});
    TRY(guesses.check());
    auto codes = make_recovery_codes(authority, actor.user);
    const Status confirmed = authority.store().mutate([&](store::Transaction& tx) -> Status {
        auto user = TRY(own_user(tx, actor));
        auto factor = TRY(store::find_factor(tx.connection(), user.id));
        if (!factor) return no_factor();
        if (factor->confirmed_at) {
            return Error{ErrorCode::kConflict, "the second factor counts already"}.with_reason(
                "factor_exists");
        }
        factor->confirmed_at = tx.now();
        const Secret typed = plain(code);
        const bool is_good = TRY(use_step(authority, tx, *factor, typed.expose()));
        if (!is_good) {
            return Error{ErrorCode::kPermissionDenied, "this is not the code that we expect now"}
                .with_reason("bad_code")
                .with_hint("look whether the clock of the telephone is right");
        }
        TRY(store::replace_recovery_codes(tx.connection(), user.id, codes.kept));
        TRY(store::delete_other_sessions_of(tx.connection(), user.id, session));
        user.has_second_factor = true;
        return append_user_event(tx, "user.factor_enabled", actor.text(), user);
    });
    guesses.count(confirmed);
    if (!confirmed) return confirmed.error();
    authority.sessions().remove_others_of(actor.user, session);
    return std::move(codes.shown);
}

Result<FactorState> read_factor(Authority& authority, const UserId& user) {
    return authority.store().query<FactorState>([&](store::Connection& db) -> Result<FactorState> {
        FactorState state;
        const auto factor = TRY(store::find_factor(db, user));
        if (!factor || !factor->confirmed_at) return state;
        state.since = factor->confirmed_at;
        state.recovery_codes = TRY(store::list_recovery_codes(db, user)).size();
        return state;
    });
}

Status use_code(Authority& authority, const store::UserRecord& user, std::string_view code) {
    if (code.empty()) {
        return Error{ErrorCode::kUnauthenticated, "a code of your second factor is needed as well"}
            .with_reason("totp_needed")
            .with_hint("type the six digits that your authenticator shows, or a recovery code");
    }
    Guesses guesses(authority, user.id, code);
    TRY(guesses.check());
    const Status used = authority.store().mutate(
        [&](store::Transaction& tx) { return consume(authority, tx, user, code); },
        true);  // a full disk must not keep anybody out who comes to stop something
    guesses.count(used);
    return used;
}

Result<RecoveryCodes> renew_recovery_codes(Authority& authority, const Actor& actor) {
    auto codes = make_recovery_codes(authority, actor.user);
    TRY(authority.store().mutate([&](store::Transaction& tx) -> Status {
        const auto user = TRY(own_user(tx, actor));
        if (!user.has_second_factor) return no_factor();
        TRY(store::replace_recovery_codes(tx.connection(), user.id, codes.kept));
        return append_user_event(tx, "user.recovery_codes_renewed", actor.text(), user);
    }));
    return std::move(codes.shown);
}

Status end_factor(Authority& authority, const Actor& actor) {
    return authority.store().mutate([&](store::Transaction& tx) -> Status {
        const auto user = TRY(own_user(tx, actor));
        if (!user.has_second_factor) return no_factor();
        TRY(store::delete_factor(tx.connection(), user.id));
        return append_user_event(tx, "user.factor_disabled", actor.text(), user);
    });
}

bool opens(const KeyRing& ring, const store::FactorRecord& factor) {
    return open_sealed(ring.kek(), factor.wrapped_secret, wrap_context(factor.user)).has_value();
}

Status reset_factor(Authority& authority, const Actor& actor, std::string_view id) {
    return authority.store().mutate([&](store::Transaction& tx) -> Status {
        const auto user = TRY(person_to_look_after(tx, actor, id));
        TRY(actor.require("*"));
        // Or whoever knows the password of an open session would need no code at all.
        if (user.id == actor.user) {
            return Error{ErrorCode::kConflict, "nobody resets the factor of his own account"}
                .with_reason("own_account")
                .with_hint("turn it off with a code or a recovery code, or ask another one");
        }
        if (!user.has_second_factor) return {};
        TRY(store::delete_factor(tx.connection(), user.id));
        return append_user_event(tx, "user.factor_reset", actor.text(), user);
    });
}

}  // namespace latchkey::authority
