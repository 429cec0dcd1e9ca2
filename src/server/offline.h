// The admin commands on a stopped server's data directory. Each opens the store (and so holds its
// lock) for as long as it runs.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace latchkey::server {

Result<std::string> backup_offline(const std::string& data, const std::string& file);
Result<std::string> restore_offline(const std::string& data, const std::string& file,
                                    bool nothing_changed_since, const std::string& kek_file);
Result<std::string> rotate_keys_offline(const std::string& data, bool is_emergency);
Result<std::string> check_offline(const std::string& data);
Result<std::string> create_user_offline(const std::string& data, const std::string& email,
                                        const Secret& password,
                                        const std::vector<std::string>& roles);

}  // namespace latchkey::server
