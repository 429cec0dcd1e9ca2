// What happens to a token after it was made: revoke, suspend, resume, delete. Each is one
// mutation with one event, in force on this node before it is acknowledged. Ids that the actor may
// not see answer as unknown ones, so that nobody can probe which ids exist.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "authority/actor.h"
#include "store/store.h"
#include "store/tables.h"
#include "store/usage.h"

namespace latchkey::authority {

struct KeyChanges;  // token_keys.h

enum class TokenChange : std::uint8_t { kRevoke, kSuspend, kResume, kDelete };

struct TokenDetails {
    store::TokenRecord token;
    std::vector<store::SecretRecord> secrets;  // newest generation last
    std::optional<store::UsageRecord> usage;
    // Of each secret, where the answer shows them.
    std::optional<std::vector<store::SecretUsage>> generations;
};

// Reads one token that the actor may see: its own, a project's where he is a member with
// token:read, or anybody's with user:read.
Result<TokenDetails> get_token(store::Connection& db, const Actor& actor, std::string_view id);

// Needs token:write, and user:write for another user's, or token:write in the project whose it is.
// A change that changes nothing (revoking what is revoked) succeeds without an event; resuming a
// revoked token is a conflict.
Result<TokenDetails> change_token(store::Transaction& tx, const Actor& actor, std::string_view id,
                                  TokenChange change, const std::string& reason);

// For changes that other files of this folder make: the token as the actor may change it.
Result<TokenDetails> token_to_change(store::Transaction& tx, const Actor& actor,
                                     std::string_view id);
// Giving a token life or a new key is like making one: a token that does it could have made it,
// with its scopes, its addresses, its rate and its lifetime. Sessions may.
Status check_could_make(store::Connection& db, const Actor& actor, const store::TokenRecord& token);
// Of one token, with the secrets that were changed or added.
Status append_token_event(store::Transaction& tx, std::string_view type, const Actor& actor,
                          const store::TokenRecord& token, const KeyChanges& secrets);

}  // namespace latchkey::authority
