// For tests over backups and restores.
#pragma once

#include <string>

#include "authority/restore.h"
#include "authority/testing.h"

namespace latchkey::authority::testing {

inline std::string back_up(const Fixture& fixture, const std::string& name = "backup.db") {
    auto file = fixture.directory.file(name);
    EXPECT_TRUE(fixture.authority->store().backup_to(file));
    return file;
}

// Afterwards the authority is closed.
inline Result<std::string> put_back(Fixture& fixture, const std::string& file,
                                    bool nothing_changed = false) {
    fixture.reader.reset();
    fixture.authority.reset();
    RestoreInput input;
    input.data_directory = fixture.directory.data();
    input.backup_file = file;
    input.nothing_changed_since = nothing_changed;
    input.clock = &fixture.clock;
    return restore_backup(input);
}

inline void restore(Fixture& fixture, const std::string& file, bool nothing_changed = false) {
    const auto done = put_back(fixture, file, nothing_changed);
    ASSERT_TRUE(done) << done.error().message << ": " << done.error().detail;
    fixture.reopen();
}

}  // namespace latchkey::authority::testing
