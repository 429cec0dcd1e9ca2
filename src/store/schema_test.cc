#include "store/schema.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/sqlite/connection.h"
#include "store/sqlite/faults.h"
#include "store/testing.h"

namespace latchkey::store {
namespace {

using testing::at;
using testing::id;

// A data directory as an older Latchkey left it, with a row in every table that a later step
// touches.
class OldDatabase : public testing::StoreTest {
protected:
    void SetUp() override {
        std::filesystem::create_directory(directory_.data());
        std::filesystem::permissions(directory_.data(), std::filesystem::perms::owner_all);
        std::ofstream(directory_.database()).close();
    }
    static Status fill_first(Connection& db) {
        TRY(migrate(db, 0, 1));
        TRY(
            db.run("INSERT INTO users VALUES (x'00000000000000000000000000000001', 1, 1, 'a', 'a',"
                   " 'Ann', '', '[]', 5, 6)"));
        TRY(
            db.run("INSERT INTO apis VALUES (x'00000000000000000000000000000001', 'a', 'aud', 'A',"
                   " '', '[]', 1, 0, 5, 6)"));
        TRY(
            db.run("INSERT INTO tokens VALUES (x'00000000000000000000000000000001',"
                   " x'00000000000000000000000000000001', x'00000000000000000000000000000001',"
                   " 2, 1, 'nightly', '', '[\"a:b\"]', '[]', NULL, '', 5, 6, NULL, NULL)"));
        TRY(
            db.run("INSERT INTO token_secrets VALUES (x'00000000000000000000000000000001',"
                   " x'00000000000000000000000000000001', 1, 1, x'"
                   "0101010101010101010101010101010101010101010101010101010101010101',"
                   " 'kid-1', 40, NULL, 7)"));
        TRY(
            db.run("INSERT INTO projects VALUES (x'00000000000000000000000000000001', 'default',"
                   " 'the first', 5000000)"));
        return db.run(
            "INSERT INTO projects VALUES (x'00000000000000000000000000000002', 'other',"
            " '', 6000000)");
    }
    void make_first() {
        auto connection =
            sqlite::SqliteConnection::open(directory_.database(), sqlite::Access::kReadWrite);
        ASSERT_TRUE(connection);
        const Status filled = fill_first(**connection);
        ASSERT_TRUE(filled) << filled.error().detail;
        EXPECT_EQ(read_schema_version(**connection).value(), 1);
    }
};

TEST_F(OldDatabase, IsBroughtUpToDateWithAllItsRows) {
    make_first();
    store_ = open();
    ASSERT_TRUE(store_);
    EXPECT_EQ(ask<std::int64_t>(read_schema_version), kSchemaVersion);
    EXPECT_EQ(integrity(), "0 events, 1 tokens");
    const auto projects =
        ask<std::vector<ProjectRecord>>([](Connection& db) { return list_projects(db, {}); });
    ASSERT_EQ(projects.size(), 2U);
    EXPECT_EQ(projects[0].id, id<ProjectId>(1));
    EXPECT_EQ(projects[0].name, "default");
    EXPECT_EQ(projects[0].description, "the first");
    EXPECT_EQ(projects[0].api_slug, "");
    EXPECT_EQ(projects[0].created_at, at(5));
    EXPECT_EQ(projects[0].updated_at, at(5));
    EXPECT_FALSE(projects[0].deleted_at);
    const auto secrets = ask<std::vector<SecretRecord>>(
        [](Connection& db) { return secrets_of(db, id<TokenId>(1)); });
    ASSERT_EQ(secrets.size(), 1U);
    EXPECT_EQ(secrets[0].kid, "kid-1");
    EXPECT_EQ(secrets[0].status_index, 40U);
    EXPECT_EQ(secrets[0].public_jwk, "");
    EXPECT_EQ(secrets[0].created_at, Timestamp::from_microseconds(7));
}

// Killed at one write after another until somebody gets through; the next one always does.
TEST_F(OldDatabase, IsBroughtUpToDateWholeWhenTheOneBeforeWasKilledInTheMidst) {
    make_first();
    const std::string untouched = directory_.file("untouched.db");
    std::filesystem::copy_file(directory_.database(), untouched);
    int exit_code = sqlite::Faults::kKilled;
    int kills = 0;
    for (int writes = 1; exit_code == sqlite::Faults::kKilled; writes += 7) {
        store_.reset();
        std::filesystem::remove_all(directory_.data());
        std::filesystem::create_directory(directory_.data());
        std::filesystem::copy_file(untouched, directory_.database());
        const pid_t child = ::fork();
        if (child == 0) {
            sqlite::Faults faults;
            faults.writes_until_killed = writes;
            ::_exit(open() ? 0 : 1);
        }
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        exit_code = WEXITSTATUS(status);
        kills += exit_code == sqlite::Faults::kKilled ? 1 : 0;
        store_ = open();
        ASSERT_TRUE(store_);
        ASSERT_EQ(ask<std::int64_t>(read_schema_version), kSchemaVersion) << writes;
        ASSERT_EQ(integrity(), "0 events, 1 tokens") << writes;
    }
    EXPECT_EQ(exit_code, 0);
    EXPECT_GT(kills, 10);
}

TEST_F(OldDatabase, CanHoldEverythingNewAfterwards) {
    make_first();
    store_ = open();
    ASSERT_TRUE(store_);
    write([](Connection& db) -> Status {
        ProjectRecord twin = testing::project(3);
        twin.name = "default";
        TRY(insert_project(db, twin));
        TRY(put_membership(db, testing::membership(1)));
        TRY(put_grant(db, testing::grant(1, 1)));
        TRY(insert_assertion(db, testing::digest(1), at(9)));
        SecretRecord key = testing::secret(1, 2);
        key.public_jwk = "{}";
        return insert_secret(db, key);
    });
    reopen();
    EXPECT_EQ(integrity(), "0 events, 1 tokens");
    EXPECT_EQ(ask<std::vector<MembershipRecord>>([](Connection& db) {
                  return list_members(db, id<ProjectId>(1));
              }).size(),
              1U);
}

TEST_F(OldDatabase, IsNotChangedByWhoOnlyReads) {
    make_first();
    StoreOptions wanted = options();
    wanted.is_read_only = true;
    const auto opened = Store::open(wanted);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().reason, "older_schema");
    auto connection =
        sqlite::SqliteConnection::open(directory_.database(), sqlite::Access::kReadOnly);
    ASSERT_TRUE(connection);
    EXPECT_EQ(read_schema_version(**connection).value(), 1);
}

}  // namespace
}  // namespace latchkey::store
