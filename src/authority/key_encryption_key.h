// The key-encryption key: 32 bytes outside the database, hexadecimal in a file (0600) or in the
// environment. Who has the database alone has no signing key.
#pragma once

#include "authority/authority.h"
#include "base/secret.h"

namespace latchkey::authority {

// Makes the default file when `may_make`; otherwise a missing or open-to-others file is an error
// that names the remedy.
Result<Secret> open_key_encryption_key(const AuthorityOptions& options, bool may_make);

std::string default_kek_file(const std::string& data_directory);

}  // namespace latchkey::authority
