#include "base/file.h"

#include <cerrno>
#include <fstream>
#include <iterator>

#include <fcntl.h>
#include <gtest/gtest.h>

#include "base/temporary_directory.h"

namespace latchkey {
namespace {

TEST(Files, WhatIsWrittenIsThereWholeAndItsNameToo) {
    const TemporaryDirectory folder;
    const std::string path = folder.file("file");
    const std::string bytes(300'000, 'x');
    {
        const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
        ASSERT_TRUE(file);
        EXPECT_TRUE(write_and_sync(file, bytes));
    }
    EXPECT_TRUE(sync_to_disk(path));
    EXPECT_TRUE(sync_directory_of(path));
    std::ifstream back(path);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(back), {}), bytes);
}

TEST(Files, AFailureSaysWhy) {
    const TemporaryDirectory folder;
    EXPECT_FALSE(sync_to_disk(folder.file("missing")));
    EXPECT_EQ(errno, ENOENT);
    const FileDescriptor full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
    ASSERT_TRUE(full);
    EXPECT_FALSE(write_and_sync(full, "x"));
    EXPECT_EQ(errno, ENOSPC);
}

TEST(Files, ARelativeNameWhereTheWorkingDirectoryIsGoneIsAFailureLikeOthers) {
    const FileDescriptor here(::open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    {
        const TemporaryDirectory folder;
        ASSERT_EQ(::chdir(folder.path().c_str()), 0);
    }
    EXPECT_FALSE(sync_directory_of("name"));
    EXPECT_EQ(errno, ENOENT);
    ASSERT_EQ(::fchdir(here.get()), 0);
}

TEST(Files, ADescriptorIsClosedOnceByItsLastHolder) {
    const int number = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    {
        FileDescriptor first(number);
        const FileDescriptor second(std::move(first));
        EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): that is the question
        EXPECT_EQ(second.get(), number);
    }
    EXPECT_EQ(::fcntl(number, F_GETFD), -1);
    EXPECT_EQ(errno, EBADF);
}

}  // namespace
}  // namespace latchkey
