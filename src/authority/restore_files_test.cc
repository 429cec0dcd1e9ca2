#include "authority/restore_files.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "authority/restore_testing.h"
#include "base/temporary_directory.h"

namespace latchkey::authority {
namespace {

namespace fs = std::filesystem;

std::ptrdiff_t scratches_in(const std::string& data) {
    return std::count_if(fs::directory_iterator(data), {}, [](const auto& each) {
        return each.path().filename().string().starts_with("unfinished-restore-");
    });
}

// As after SIGKILL: no destructor ran.
void begin_and_die(const std::string& data, const std::string& backup) {
    const pid_t child = ::fork();
    if (child == 0) {
        const auto scratch = RestoreScratch::create(data, backup);
        ::_exit(scratch ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0);
}

TEST(UnfinishedRestores, AreRemovedByTheNextButNotWhileTheyAreUnderWay) {
    const TemporaryDirectory folder;
    const std::string data = folder.path() + "/";  // as a shell completes it
    const std::string backup = folder.file("backup.db");
    std::ofstream{backup} << "a copy of everything";
    fs::create_directory(folder.file("restore-backup"));  // somebody's own
    begin_and_die(data, backup);
    ASSERT_EQ(scratches_in(data), 1);
    {
        const auto first = RestoreScratch::create(data, backup);
        ASSERT_TRUE(first);
        EXPECT_EQ(scratches_in(data), 1);
        const auto second = RestoreScratch::create(data, backup);
        ASSERT_TRUE(second);
        EXPECT_TRUE(fs::exists(first->directory() + "/latchkey.db"));
        EXPECT_EQ(scratches_in(data), 2);
    }
    EXPECT_EQ(scratches_in(data), 0);
    EXPECT_TRUE(fs::exists(folder.file("restore-backup")));
}

TEST(RestoreFiles, SayThatThereIsNoRoomForTheCopy) {
    const TemporaryDirectory folder;
    const std::string backup = folder.file("backup.db");
    std::ofstream{backup} << std::string(1U << 16, 'a');
    const pid_t child = ::fork();
    if (child == 0) {
        ::signal(SIGXFSZ, SIG_IGN);
        const rlimit small{4'096, 4'096};
        ::setrlimit(RLIMIT_FSIZE, &small);
        const auto scratch = RestoreScratch::create(folder.path(), backup);
        const bool is_said = !scratch && scratch.error().code == ErrorCode::kOutOfSpace &&
                             scratch.error().reason == "out_of_space";
        ::_exit(is_said ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

// Root may remove everything; as anybody else he may not.
class AsNobody {
public:
    AsNobody() { EXPECT_TRUE(::geteuid() != 0 || ::seteuid(65'534) == 0); }
    AsNobody(const AsNobody&) = delete;
    AsNobody& operator=(const AsNobody&) = delete;
    ~AsNobody() { EXPECT_EQ(::seteuid(::getuid()), 0); }
};

TEST(UnfinishedRestores, ThatCannotBeRemovedAreNotSaidToBe) {
    const TemporaryDirectory folder;
    const std::string left = folder.file("unfinished-restore-abcdef");
    fs::create_directory(left);
    std::ofstream{left + "/latchkey.db"} << "a copy of everything";
    fs::permissions(folder.path(), fs::perms(0755));
    fs::permissions(left, fs::perms(0555));
    ::testing::internal::CaptureStderr();
    {
        const AsNobody nobody;
        remove_unfinished_restores(folder.path());
    }
    const std::string said = ::testing::internal::GetCapturedStderr();
    EXPECT_NE(said.find("cannot be removed"), std::string::npos) << said;
    EXPECT_EQ(said.find("is removed"), std::string::npos) << said;
    fs::permissions(left, fs::perms(0755));
}

class UnfinishedRestoresAtStart : public testing::AuthorityTest {};

TEST_F(UnfinishedRestoresAtStart, AreRemoved) {
    begin_and_die(directory.data(), testing::back_up(*this));
    ASSERT_EQ(scratches_in(directory.data()), 1);
    reopen();
    EXPECT_EQ(scratches_in(directory.data()), 0);
}

}  // namespace
}  // namespace latchkey::authority
