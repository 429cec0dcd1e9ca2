#include "authority/restore.h"

#include <filesystem>
#include <fstream>

#include <sqlite3.h>

#include "authority/device_login.h"
#include "authority/edit_token.h"
#include "authority/login.h"
#include "authority/restore_files.h"
#include "authority/restore_testing.h"
#include "authority/rotate_token.h"
#include "store/hold_directory.h"
#include "token/status_list.h"

namespace latchkey::authority {
namespace {

using testing::reason_of;

class RestoreTest : public testing::AuthorityTest {
protected:
    std::string back_up(const std::string& name = "backup.db") {
        return testing::back_up(*this, name);
    }
    void close() {
        reader.reset();
        authority.reset();
    }
    Result<std::string> put_back(const std::string& file, bool nothing_changed = false) {
        return testing::put_back(*this, file, nothing_changed);
    }
    void restore(const std::string& file, bool nothing_changed = false) {
        testing::restore(*this, file, nothing_changed);
    }
    void forget_the_present() { std::filesystem::remove(directory.database()); }
    PreparedToken mint() { return token(as_alice_, "billing", {"license:read"}); }
    void revoke(const PreparedToken& made) {
        ASSERT_TRUE(change(as_admin_, made.token.id.uuid(), TokenChange::kRevoke));
    }
    void resume(const PreparedToken& made) {
        ASSERT_TRUE(change(as_admin_, made.token.id.uuid(), TokenChange::kResume));
    }
};

TEST_F(RestoreTest, WhatWasRevokedSinceStaysRevokedAndTheRestLives) {
    const auto untouched = mint();
    const auto revoked = mint();
    const auto deleted = mint();
    const auto touched = mint();
    const auto file = back_up();
    revoke(revoked);
    ASSERT_TRUE(change(as_alice_, deleted.token.id.uuid(), TokenChange::kDelete));
    ASSERT_TRUE(change(as_alice_, touched.token.id.uuid(), TokenChange::kSuspend));
    ASSERT_TRUE(change(as_alice_, touched.token.id.uuid(), TokenChange::kResume));
    const auto later = mint();
    restore(file);
    EXPECT_EQ(verdict(untouched), "active");
    EXPECT_EQ(verdict(revoked), "revoked");
    EXPECT_EQ(verdict(deleted), "revoked");
    EXPECT_EQ(verdict(touched), "suspended");  // somebody who knows resumes it
    EXPECT_EQ(verdict(later), "revoked");      // off-line its status entry must say so, too
    EXPECT_EQ(authority->replica().position().epoch, 2U);
    EXPECT_TRUE(authority->store().query<std::string>(store::check_integrity));
}

// The second restore must know what the first one knew: its log now begins with one event that
// names many tokens.
TEST_F(RestoreTest, RestoringTheSameBackupTwiceRevivesNothing) {
    const auto revoked = mint();
    const auto file = back_up();
    revoke(revoked);
    restore(file);
    restore(file);
    EXPECT_EQ(verdict(revoked), "revoked");
    EXPECT_EQ(authority->replica().position().epoch, 3U);
}

TEST_F(RestoreTest, WithAnUnknownPastEveryTokenIsSuspendedAlsoTheSecondTime) {
    const auto made = mint();
    const auto file = back_up();
    revoke(made);
    close();
    forget_the_present();
    restore(file);
    EXPECT_EQ(verdict(made), "suspended");
    restore(file);
    EXPECT_EQ(verdict(made), "suspended");
    resume(made);
    EXPECT_EQ(verdict(made), "active");
}

TEST_F(RestoreTest, TheOperatorsWordKeepsTokensAlive) {
    const auto made = mint();
    const auto file = back_up();
    close();
    forget_the_present();
    restore(file, true);
    EXPECT_EQ(verdict(made), "active");
}

// After a restore two logs go separate ways: revisions that are equal no longer mean the same.
TEST_F(RestoreTest, ABackupOfAnotherBranchCountsAsAnUnknownPast) {
    const auto made = mint();
    const auto early = back_up("early.db");
    for (int i = 0; i < 5; ++i) {
        mint();
    }
    const auto branch = back_up("branch.db");
    restore(early);
    revoke(made);
    for (int i = 0; i < 9; ++i) {
        mint();
    }
    restore(branch);
    EXPECT_EQ(verdict(made), "suspended");
}

TEST_F(RestoreTest, WhatWasTakenFromAUserStaysTaken) {
    const auto second = human("second@example.com", "administrator");
    const auto third = human("third@example.com");
    const auto file = back_up();
    EditUser demote;
    demote.roles = {{"member"}};
    ASSERT_TRUE(edit(as_admin_, second.id, demote));
    EditUser disable;
    disable.state = store::UserState::kDisabled;
    ASSERT_TRUE(edit(as_admin_, third.id, disable));
    restore(file);
    EXPECT_FALSE(session_of(second.id).may("user:write"));
    const verify::ReadGuard guard(*reader);
    std::vector<std::string> patterns;
    EXPECT_FALSE(reader->find_user_patterns(third.id, kManagementApi, patterns));
}

TEST_F(RestoreTest, NoSessionComesBack) {
    Login login;
    const auto made = open_session(*authority, alice_, login).value();
    const auto file = back_up();
    ASSERT_TRUE(close_session(*authority, made.session.id));
    restore(file);
    EXPECT_FALSE(authority->sessions().use(sha256(made.secret.expose()), clock.now()));
}

TEST_F(RestoreTest, ADeviceCodeThatWasUsedDoesNotServeAgain) {
    const auto start = start_device_login(*authority, {}).value();
    const auto approve = [&](store::Transaction& tx) -> Status {
        const auto user_code = read_user_code(start.user_code).value();
        auto code = TRY(store::find_device_code_by_user_code(tx.connection(), user_code));
        code->state = store::DeviceCodeState::kApproved;
        code->user = alice_.id;
        return store::update_device_code(tx.connection(), *code);
    };
    ASSERT_TRUE(authority->store().mutate(approve));
    const auto file = back_up();
    const auto log_in = [&] {
        DevicePolls polls;
        return finish_device_login(*authority, polls, start.device_code.expose(), {});
    };
    ASSERT_TRUE(log_in());
    restore(file);
    EXPECT_EQ(reason_of(log_in()), "invalid_grant");
}

TEST_F(RestoreTest, AKeyWithdrawnSinceStaysWithdrawnAndNewOnesSign) {
    const auto made = mint();
    const auto kid = authority->keys().keys()->active->kid();
    const auto file = back_up();
    ASSERT_TRUE(authority->store().mutate([&](store::Transaction& tx) {
        return rotate_keys(authority->keys(), tx, "system", Rotation::kEmergency);
    }));
    restore(file);
    EXPECT_EQ(verdict(made), "key_compromised");
    EXPECT_EQ(authority->keys().keys()->find(kid), nullptr);
    EXPECT_NE(authority->keys().keys()->active->kid(), kid);
    EXPECT_EQ(verdict(mint()), "active");
}

// Such a token may still be out there, and nobody here could say off-line that it is revoked.
TEST_F(RestoreTest, KeysThatMayHaveSignedUnknownTokensArePublishedNoMore) {
    mint();
    const auto kid = authority->keys().keys()->active->kid();
    const auto file = back_up();
    restore(file);
    EXPECT_NE(authority->keys().keys()->find(kid), nullptr);  // the past is known: all is well
    close();
    forget_the_present();
    restore(file);
    EXPECT_EQ(authority->keys().keys()->find(kid), nullptr);
}

TEST_F(RestoreTest, ATokenMadeAfterTheBackupIsRevokedInTheStatusList) {
    const auto file = back_up();
    const auto lost = mint();
    const auto index = *lost.secret.status_index;
    restore(file);
    const auto bits = [&] {
        const auto own = authority->replica().make_reader();
        const verify::ReadGuard guard(*own);
        return own->status_list(index >> 20);
    }();
    const auto list = StatusList::from_bytes(kStatusBits, bits);
    EXPECT_EQ(list.get(index & ((1U << 20) - 1)), std::uint8_t{1});
}

TEST_F(RestoreTest, ARunningServersDatabaseIsNotReplaced) {
    const auto file = back_up();
    RestoreInput input;
    input.data_directory = directory.data();
    input.backup_file = file;
    input.clock = &clock;
    const auto done = restore_backup(input);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().reason, "data_directory_locked");
    EXPECT_FALSE(std::filesystem::exists(directory.database() + ".before-restore"));
    EXPECT_EQ(verdict(mint()), "active");
}

// Where there is no database yet, or none that opens, a server may be about to make one.
TEST_F(RestoreTest, AnEmptyDirectoryThatSomebodyHasIsLeftAlone) {
    const auto file = back_up();
    close();
    forget_the_present();
    {
        const auto held = store::hold_directory(directory.data());
        ASSERT_TRUE(held);
        const auto done = put_back(file);
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().reason, "data_directory_locked");
    }
    EXPECT_FALSE(std::filesystem::exists(directory.database()));
    EXPECT_TRUE(put_back(file));
}

// A kill between putting aside the one and the other would leave a database without what was
// revoked last, for the next start to believe.
TEST_F(RestoreTest, ADatabaseWhoseLogCannotBeEmptiedIsNotReplaced) {
    const auto made = mint();
    const auto file = back_up();
    revoke(made);
    sqlite3* other = nullptr;
    ASSERT_EQ(sqlite3_open(directory.database().c_str(), &other), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(other, "BEGIN; SELECT * FROM settings", nullptr, nullptr, nullptr),
              SQLITE_OK);
    const auto done = put_back(file);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().reason, "storage_error");
    EXPECT_FALSE(std::filesystem::exists(directory.database() + ".before-restore"));
    reopen();
    EXPECT_EQ(verdict(made), "revoked");
    sqlite3_close_v2(other);
    restore(file);
    EXPECT_EQ(verdict(made), "revoked");
}

// Its log is where the new epoch stands: without it, what was revoked since would live.
TEST_F(RestoreTest, ACopyWhoseLogIsNotInItIsNotPutInPlace) {
    const auto made = mint();
    const auto file = back_up();
    close();
    {
        auto scratch = RestoreScratch::create(directory.data(), file).value();
        std::ofstream(scratch.directory() + "/latchkey.db-wal") << "what the disk had no room for";
        const auto placed = scratch.put_in_place(directory.data());
        ASSERT_FALSE(placed);
        EXPECT_EQ(placed.error().code, ErrorCode::kOutOfSpace);
    }
    EXPECT_FALSE(std::filesystem::exists(directory.database() + ".before-restore"));
    reopen();
    EXPECT_EQ(verdict(made), "active");
}

TEST_F(RestoreTest, ADirectoryThatWasThereStaysAsOpenAsItWas) {
    const auto file = back_up();
    namespace fs = std::filesystem;
    const auto others_may_read = fs::perms(0755);
    fs::permissions(directory.data(), others_may_read);
    restore(file);
    EXPECT_EQ(fs::status(directory.data()).permissions(), others_may_read);
    close();
    fs::remove_all(directory.data());
    EXPECT_TRUE(put_back(file));
    EXPECT_EQ(fs::status(directory.data()).permissions(), fs::perms::owner_all);
}

TEST_F(RestoreTest, AFileThatIsNoBackupChangesNothing) {
    const auto made = mint();
    const auto file = directory.file("nonsense.db");
    std::ofstream(file) << "this is no database";
    EXPECT_FALSE(put_back(file));
    EXPECT_FALSE(put_back(directory.file("missing.db")));
    reopen();
    EXPECT_EQ(verdict(made), "active");
}

// What a rotation did since the backup stays done, whatever is resumed afterwards.
TEST_F(RestoreTest, ASecretThatWasRotatedAwayDoesNotComeBack) {
    const auto made = mint();
    const auto file = back_up();
    const auto rotated = write<RotatedToken>([&](store::Transaction& tx) {
                             return rotate_token(*authority, tx, as_alice_, made.token.id.uuid(),
                                                 {.grace_seconds = 0});
                         }).value();
    restore(file);
    resume(made);
    EXPECT_EQ(verdict(made), "revoked");
    const verify::ReadGuard guard(*reader);
    verify::TokenView view;
    ASSERT_TRUE(reader->find(sha256(rotated.text.expose()), view));
    EXPECT_TRUE(view.secret_is_revoked);
}

TEST_F(RestoreTest, TheGraceOfAnOldSecretIsNotLengthened) {
    const auto made = mint();
    const auto file = back_up();
    ASSERT_TRUE(write<RotatedToken>([&](store::Transaction& tx) {
        return rotate_token(*authority, tx, as_alice_, made.token.id.uuid(), {.grace_seconds = 60});
    }));
    restore(file);
    resume(made);
    EXPECT_EQ(verdict(made), "active");
    clock.advance(std::chrono::seconds(60));
    EXPECT_EQ(verdict(made), "expired");
}

TEST_F(RestoreTest, ATokenIsNotWiderThanItWasMadeSince) {
    CreateToken wanted;
    wanted.api = "billing";
    wanted.scopes = {{"license:read", "license:write"}};
    const auto made = create(as_alice_, wanted).value();
    const auto file = back_up();
    TokenEdit edit;
    edit.scopes = {{"license:read"}};
    edit.allowed_ips = {{"10.0.0.0/8"}};
    edit.rate = RateLimit{5, 60};
    edit.expires_at = std::optional(clock.now() + std::chrono::hours(5));
    ASSERT_TRUE(write<TokenDetails>([&](store::Transaction& tx) {
        return edit_token(tx, as_alice_, *authority->directory().view(), made.token.id.uuid(),
                          edit);
    }));
    restore(file);
    resume(made);
    const auto now = authority->store()
                         .query<TokenDetails>([&](store::Connection& db) {
                             return get_token(db, as_alice_, made.token.id.uuid());
                         })
                         .value();
    EXPECT_EQ(now.token.scopes, edit.scopes);
    EXPECT_EQ(now.token.allowed_ips, *edit.allowed_ips);
    EXPECT_EQ(now.token.rate, *edit.rate);
    EXPECT_EQ(now.token.expires_at, *edit.expires_at);
    EXPECT_TRUE(now.secrets.front().must_ask);
}

}  // namespace
}  // namespace latchkey::authority
