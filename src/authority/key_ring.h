// The signing keys: one pending (published ahead, so that verifiers with a cached key set know it
// before it signs), one active, any number verify-only, then retired. Private keys are kept
// wrapped by the key-encryption key, which lives outside the database.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/secret.h"
#include "store/store.h"
#include "store/tables.h"
#include "token/jws.h"

namespace latchkey::authority {

// Everything needed to sign and to publish, replaced whole on rotation.
struct KeySet {
    std::shared_ptr<const SigningKey> active;
    std::string jwks;  // the JWKS document: active first, then pending, then verify-only
    std::vector<store::SigningKeyRecord> records;
    std::vector<PublicKey> published;

    [[nodiscard]] const PublicKey* find(std::string_view kid) const;  // published ones only
};

class KeyRing {
public:
    explicit KeyRing(Secret key_encryption_key) : kek_(std::move(key_encryption_key)) {}

    // Reads the keys; private keys that the key-encryption key does not open are kPrecondition.
    Status load(store::Store& store);
    [[nodiscard]] std::shared_ptr<const KeySet> keys() const;  // any thread
    // Grows whenever the keys were read anew: what was verified under an older version is to be
    // verified again. Read it before keys(). Any thread, no lock.
    [[nodiscard]] std::uint64_t version() const { return version_.load(std::memory_order_acquire); }
    [[nodiscard]] const Secret& kek() const { return kek_; }

    // A new key in this state, wrapped; its private half never leaves.
    [[nodiscard]] store::SigningKeyRecord make_record(store::KeyState state, Timestamp now) const;

private:
    Secret kek_;
    mutable std::mutex mutex_;
    std::shared_ptr<const KeySet> keys_ = std::make_shared<KeySet>();
    std::atomic<std::uint64_t> version_{0};
};

// In the writer's transaction, one event each.
// Pending becomes active, active verify-only, and a new pending key is published. In an emergency
// the active key is withdrawn at once: every secret it signed is dead, on-line too.
enum class Rotation { kOrderly, kEmergency };
Status rotate_keys(const KeyRing& ring, store::Transaction& tx, const std::string& actor,
                   Rotation rotation);
// Verify-only keys that no live jwt needs any more, a month after they were replaced; access tokens
// live an hour. No event when there are none.
Status retire_unneeded_keys(store::Transaction& tx);

std::string_view key_state_name(store::KeyState state);

}  // namespace latchkey::authority
