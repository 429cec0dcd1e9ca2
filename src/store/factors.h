// What a person logs in with beside the password: the link that lets one choose it, the second
// factor, and the codes for the day when that is lost. One row each a user.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "store/sql.h"

namespace latchkey::store {

struct InviteRecord {
    UserId user;
    Digest digest{};  // of the code in the link
    Timestamp created_at;
    Timestamp expires_at;
    std::optional<UserId> made_by{};  // none: before that was kept
};
Status put_invite(Connection& db, const InviteRecord& invite);  // the one before is void
Result<std::optional<InviteRecord>> find_invite(Connection& db, const Digest& digest);
Result<std::optional<InviteRecord>> find_invite_of(Connection& db, const UserId& user);
Status delete_invite(Connection& db, const UserId& user);
Status delete_expired_invites(Connection& db, Timestamp now);  // kEndOfTime: all

struct FactorRecord {
    UserId user;
    std::string wrapped_secret;  // AES-256-GCM under the key-encryption key
    std::int64_t last_step{0};   // of the last code that was used: no code serves twice
    Timestamp created_at;
    std::optional<Timestamp> confirmed_at;  // it counts from then on
};
Status put_factor(Connection& db, const FactorRecord& factor);  // new or changed
Result<std::optional<FactorRecord>> find_factor(Connection& db, const UserId& user);
Result<std::vector<FactorRecord>> list_factors(Connection& db);
Status delete_factor(Connection& db, const UserId& user);  // and its recovery codes

Status replace_recovery_codes(Connection& db, const UserId& user,
                              const std::vector<Digest>& digests);
// False: there is no such code, or it was used. It is gone afterwards.
Result<bool> use_recovery_code(Connection& db, const UserId& user, const Digest& digest);
Result<std::vector<Digest>> list_recovery_codes(Connection& db, const UserId& user);

}  // namespace latchkey::store
