#include "authority/key_ring.h"

#include <fstream>
#include <set>

#include <sys/stat.h>

#include "authority/maintenance.h"
#include "authority/testing.h"
#include "base/json.h"

namespace latchkey::authority {
namespace {

using testing::reason_of;

class KeyRingTest : public testing::AuthorityTest {
protected:
    void rotate(Rotation rotation = Rotation::kOrderly) {
        ASSERT_TRUE(authority->store().mutate([&](store::Transaction& tx) {
            return rotate_keys(authority->keys(), tx, "system", rotation);
        }));
    }
    std::vector<std::string> published() {
        std::vector<std::string> kids;
        const auto jwks = parse_json(authority->keys().keys()->jwks).value();
        for (const auto& key : jwks.at("keys").as_array()) {
            kids.emplace_back(key.at("kid").as_string());
            EXPECT_FALSE(key.as_object().contains("d"));
        }
        return kids;
    }
    std::string active() { return authority->keys().keys()->active->kid(); }
    PreparedToken mint() { return token(as_alice_, "billing", {}); }
};

TEST_F(KeyRingTest, TheActiveKeyIsPublishedFirstAndTheNextOneAhead) {
    const auto before = published();
    ASSERT_EQ(before.size(), 2U);
    EXPECT_EQ(before[0], active());
    const auto made = mint();
    rotate();
    const auto after = published();
    ASSERT_EQ(after.size(), 3U);
    EXPECT_EQ(after[0], before[1]);  // verifiers knew it before it signed
    EXPECT_EQ(active(), before[1]);
    EXPECT_EQ(after[2], before[0]);
    EXPECT_EQ(verdict(made), "active");
    EXPECT_EQ(mint().secret.kid, before[1]);
}

TEST_F(KeyRingTest, WithoutAnActiveKeyOnlyWhoRotatesGetsInAndMakesOneAlsoWhenNoneIsPending) {
    ASSERT_TRUE(authority->store().mutate([](store::Transaction& tx) -> Status {
        for (auto& record : TRY(store::list_signing_keys(tx.connection()))) {
            record.state = store::KeyState::kVerifyOnly;
            TRY(store::update_signing_key(tx.connection(), record));
        }
        return {};
    }));
    reader.reset();
    authority.reset();
    auto wanted = options();
    const auto refused = Authority::open(wanted);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message, "there is no active signing key");
    wanted.may_lack_key = true;
    authority = Authority::open(wanted).value();
    rotate();
    reopen();
    EXPECT_EQ(mint().secret.kid, active());
    EXPECT_EQ(published().size(), 4U);
}

TEST_F(KeyRingTest, AVerifyOnlyKeyRetiresAMonthAfterWhenNoLiveTokenNeedsIt) {
    const auto made = mint();
    const auto old = active();
    rotate();
    ASSERT_TRUE(change(as_alice_, made.token.id.uuid(), TokenChange::kRevoke));
    ASSERT_TRUE(tidy_up(*authority));
    EXPECT_NE(authority->keys().keys()->find(old), nullptr);  // it signed status lists till now
    clock.advance(std::chrono::hours(24 * 31));
    ASSERT_TRUE(tidy_up(*authority));
    EXPECT_EQ(authority->keys().keys()->find(old), nullptr);
    const auto before = revision();
    ASSERT_TRUE(tidy_up(*authority));
    EXPECT_EQ(revision(), before);  // nothing left to say
}

TEST_F(KeyRingTest, AVerifyOnlyKeyStaysWhileALiveTokenNeedsIt) {
    const auto made = mint();
    const auto old = active();
    rotate();
    clock.advance(std::chrono::hours(24 * 31));
    ASSERT_TRUE(tidy_up(*authority));
    EXPECT_NE(authority->keys().keys()->find(old), nullptr);
    EXPECT_EQ(verdict(made), "active");
}

TEST_F(KeyRingTest, AnEmergencyKillsEverySecretOfTheKeyAtOnce) {
    const auto dead = mint();
    const auto opaque = token(as_alice_, "billing", {}, store::TokenKind::kOpaque);
    const auto old = active();
    rotate(Rotation::kEmergency);
    EXPECT_EQ(verdict(dead), "key_compromised");
    EXPECT_EQ(verdict(opaque), "active");
    EXPECT_EQ(authority->keys().keys()->find(old), nullptr);
    const auto kids = published();
    EXPECT_EQ(std::set<std::string>(kids.begin(), kids.end()).count(old), 0U);
    EXPECT_EQ(verdict(mint()), "active");
    reopen();
    EXPECT_EQ(verdict(dead), "key_compromised");
}

TEST_F(KeyRingTest, PrivateKeysAreGoneOnceTheyNoLongerSign) {
    rotate();
    rotate(Rotation::kEmergency);
    int without = 0;
    for (const auto& record : authority->keys().keys()->records) {
        const bool may_sign =
            record.state == store::KeyState::kActive || record.state == store::KeyState::kPending;
        EXPECT_EQ(record.wrapped_private.empty(), !may_sign);
        without += may_sign ? 0 : 1;
    }
    EXPECT_EQ(without, 2);
}

TEST_F(KeyRingTest, AWrongOrOpenKeyEncryptionKeyIsNamed) {
    reader.reset();
    authority.reset();
    const auto open = [&](const std::string& kek) {
        auto wanted = options();
        wanted.kek = kek;
        const auto opened = Authority::open(wanted);
        return opened ? std::string() : std::string(opened.error().reason);
    };
    EXPECT_EQ(open(std::string(64, 'a')), "wrong_kek");
    EXPECT_EQ(open("nonsense"), "kek");
    const std::string file = directory.data() + "/kek";
    struct stat facts {};
    ASSERT_EQ(::stat(file.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777, 0600U);
    ::chmod(file.c_str(), 0640);
    EXPECT_EQ(open({}), "kek");
    ::chmod(file.c_str(), 0600);
    EXPECT_EQ(open({}), "");
    std::filesystem::rename(file, file + ".away");
    EXPECT_EQ(open({}), "kek");  // a new one is never made silently
    EXPECT_FALSE(std::filesystem::exists(file));
}

}  // namespace
}  // namespace latchkey::authority
