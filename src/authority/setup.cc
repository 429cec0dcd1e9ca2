#include "authority/setup.h"

#include "authority/passwords.h"
#include "crypto/password.h"
#include "crypto/random.h"

namespace latchkey::authority {
namespace {

Status hash_into(CreateUser& wanted, const Secret& password) {
    TRY(check_new_user(wanted));
    TRY(check_password(password.expose()));
    wanted.password_hash = TRY(hash_password(password.expose()));
    return {};
}

}  // namespace

Secret SetupCode::renew(const Clock& clock) {
    Secret code(random_string_base62(32));
    const std::lock_guard lock(mutex_);
    digest_ = sha256(code.expose());
    expires_ = clock.steady() + kSetupCodeLife;
    tries_left_ = 100;
    return code;
}

bool SetupCode::matches(std::string_view code, const Clock& clock) {
    const std::lock_guard lock(mutex_);
    if (!digest_ || clock.steady() >= expires_ || tries_left_ <= 0) return false;
    --tries_left_;
    return equal_in_constant_time(*digest_, sha256(code));
}

Result<store::UserRecord> set_up(Authority& authority, CreateUser wanted, const Secret& password) {
    TRY(hash_into(wanted, password));
    std::optional<store::UserRecord> user;
    TRY(authority.store().mutate([&](store::Transaction& tx) -> Status {
        user = TRY(create_first_administrator(tx, wanted));
        return {};
    }));
    return std::move(*user);
}

Result<store::UserRecord> create_user_with_password(Authority& authority, const Actor& actor,
                                                    CreateUser wanted, const Secret& password) {
    // Hashing is dear: not for who may not.
    TRY(actor.require("user:write"));
    TRY(actor.require_session());
    TRY(hash_into(wanted, password));
    const auto apis = authority.directory().view();
    std::optional<store::UserRecord> user;
    TRY(authority.store().mutate([&](store::Transaction& tx) -> Status {
        user = TRY(create_user(tx, actor, *apis, wanted));
        return {};
    }));
    return std::move(*user);
}

}  // namespace latchkey::authority
