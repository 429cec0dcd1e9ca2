#include "authority/invites.h"
#include "authority/restore_testing.h"
#include "authority/second_factor.h"
#include "base/encoding.h"
#include "crypto/seal.h"
#include "crypto/totp.h"

namespace latchkey::authority {
namespace {

using testing::reason_of;

class RestoreFactorsTest : public testing::AuthorityTest {
protected:
    Secret secret_of(const UserId& user) {
        const auto factor = authority->store().query<std::optional<store::FactorRecord>>(
            [&](store::Connection& db) { return store::find_factor(db, user); });
        return open_sealed(authority->keys().kek(), (*factor)->wrapped_secret,
                           "latchkey second factor " + user.uuid())
            .value();
    }
    std::string code_of(const UserId& user) {
        return std::string(totp_code(secret_of(user), totp_step(clock.now())).expose());
    }
};

TEST_F(RestoreFactorsTest, AFactorThatWasTurnedOnSinceGoesOnAndALinkDoesNot) {
    const auto link = invite_again(*authority, as_admin_, bob_.id.uuid()).value();
    const auto file = testing::back_up(*this);
    const auto start = begin_factor(*authority, as_alice_).value();
    const auto pending = begin_factor(*authority, as_bob_).value();
    ASSERT_EQ(base32_encode(secret_of(alice_.id).expose()), start.secret.expose());
    const auto code = code_of(alice_.id);
    const auto codes = confirm_factor(*authority, as_alice_, code).value();
    testing::restore(*this, file);
    const auto kept = read_factor(*authority, alice_.id).value();
    EXPECT_TRUE(kept.since);
    EXPECT_EQ(kept.recovery_codes, kRecoveryCodes);
    auto alice = alice_;
    alice.has_second_factor = true;
    EXPECT_TRUE(use_code(*authority, alice, codes[3].expose()));
    EXPECT_EQ(reason_of(use_code(*authority, alice, code)), "bad_code");  // was used
    EXPECT_FALSE(read_factor(*authority, bob_.id)->since);
    EXPECT_EQ(reason_of(read_invite(*authority, link.code.expose())), "bad_invite");
}

TEST_F(RestoreFactorsTest, APasswordThatWasReplacedAndAFactorThatWasTurnedOffStaySo) {
    const auto set_password = [&](const std::string& hash) {
        ASSERT_TRUE(authority->store().mutate(
            [&](store::Transaction& tx) { return replace_password(tx, "system", alice_, hash); }));
    };
    set_password("hash of then");
    ASSERT_TRUE(begin_factor(*authority, as_alice_));
    ASSERT_TRUE(confirm_factor(*authority, as_alice_, code_of(alice_.id)));
    const auto file = testing::back_up(*this);
    ASSERT_TRUE(end_factor(*authority, as_alice_));
    set_password("hash of now");
    testing::restore(*this, file);
    const auto user = authority->store().query<store::UserRecord>(
        [&](store::Connection& db) { return get_user(db, alice_.id); });
    EXPECT_EQ(user->password_hash, "hash of now");
    EXPECT_FALSE(user->has_second_factor);
    EXPECT_FALSE(read_factor(*authority, alice_.id)->since);
}

}  // namespace
}  // namespace latchkey::authority
