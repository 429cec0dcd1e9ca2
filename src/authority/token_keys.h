// The keys of a key token. Each is a row of its own, found by token and thumbprint: a key that was
// removed stays removed, and a new name for a key does not make it another one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "authority/actor.h"
#include "authority/change_token.h"
#include "crypto/key_upload.h"
#include "crypto/keys.h"
#include "store/store.h"
#include "store/tables.h"

namespace latchkey::authority {

// What happens to the rows of a token's keys, or of its other secrets.
struct KeyChanges {
    std::vector<store::SecretRecord> added;
    std::vector<store::SecretRecord> changed;  // named anew or removed

    [[nodiscard]] bool empty() const { return added.empty() && changed.empty(); }
};

// `secrets` becomes what the set is then; nothing is written. The first key of a token is named by
// its own kid, else by the token's id; later ones by their kid, else by their thumbprint. Errors:
// too_many_keys, no_keys, bad_kid, duplicate_kid, duplicate_key, key_removed.
Result<KeyChanges> with_keys_added(std::vector<store::SecretRecord>& secrets,
                                   const store::TokenRecord& token,
                                   const std::vector<PublicKey>& keys, Timestamp now);
// The rest is removed; a key that stays keeps its row, and its name unless it declares another.
Result<KeyChanges> with_keys_replaced(std::vector<store::SecretRecord>& secrets,
                                      const store::TokenRecord& token,
                                      const std::vector<PublicKey>& keys, Timestamp now);

Status write_keys(store::Connection& db, const KeyChanges& changes);
// Their facts, for the one event.
void append_facts(const KeyChanges& changes, json::array& facts);

// A key is as good as the token: who adds one must be who could make such a token. Own tokens only
// (administrators: any); a token only for what it could make itself. Conflicts: not_a_key_token,
// token_revoked.
Status check_may_change_keys(store::Connection& db, const Actor& actor,
                             const store::TokenRecord& token);

// One event each. Needs token:write.
Result<TokenDetails> add_keys(store::Transaction& tx, const Actor& actor, std::string_view id,
                              const std::vector<PublicKey>& keys);
// By its name, else by its thumbprint; the last one stays (409 last_key).
Result<TokenDetails> remove_key(store::Transaction& tx, const Actor& actor, std::string_view id,
                                std::string_view kid);

// What is published of a key.
struct KeyDetails {
    std::string kid;
    std::string algorithm;
    std::string thumbprint;
    Timestamp created_at;
};
// The keys that count, oldest first. A row that cannot be read is a CHECK: we wrote it.
std::vector<KeyDetails> live_keys(const std::vector<store::SecretRecord>& secrets);

}  // namespace latchkey::authority
