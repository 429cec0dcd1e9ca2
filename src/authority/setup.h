// The first administrator. While there is no user, each start makes a new one-time code (30
// minutes); only its digest is kept, so older links are void.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <string>

#include "authority/authority.h"
#include "authority/users.h"
#include "base/secret.h"

namespace latchkey::authority {

inline constexpr Microseconds kSetupCodeLife = std::chrono::minutes(30);

class SetupCode {
public:
    // The code to print. Replaces an older one.
    Secret renew(const Clock& clock);
    // Bounded tries; true uses nothing up: the code dies with the first user.
    bool matches(std::string_view code, const Clock& clock);

private:
    std::mutex mutex_;
    std::optional<Digest> digest_;
    Microseconds expires_{};
    int tries_left_{0};
};

// Hashes the password and creates the administrator. Blocks: for the password worker or a start.
Result<store::UserRecord> set_up(Authority& authority, CreateUser wanted, const Secret& password);
// Any user, by an administrator on the machine itself.
Result<store::UserRecord> create_user_with_password(Authority& authority, const Actor& actor,
                                                    CreateUser wanted, const Secret& password);

}  // namespace latchkey::authority
