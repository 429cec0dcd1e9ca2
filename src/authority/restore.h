// Putting a backup in place. A restore begins a new epoch, and it never revives a revoked token:
// what changed since the backup, as far as the data directory still knows, is revoked or
// suspended again; where nothing is known of the time since, every token is suspended until
// somebody who knows resumes it.
#pragma once

#include <string>

#include "authority/authority.h"

namespace latchkey::authority {

struct RestoreInput {
    std::string data_directory;
    std::string backup_file;
    std::string kek_file;               // empty: <data>/kek
    std::string kek;                    // the key itself, hexadecimal; wins over the file
    bool nothing_changed_since{false};  // the operator's word
    const Clock* clock{nullptr};
};

// What was done, in lines for people. The database that was there before is kept beside it.
// Without the key-encryption key of the backup new signing keys are made: old tokens stay
// verifiable, nothing can be signed with the old keys.
Result<std::string> restore_backup(const RestoreInput& input);

}  // namespace latchkey::authority
