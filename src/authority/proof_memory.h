// What must be remembered about proofs of possession (RFC 9449): the nonces that we handed out, by
// arithmetic alone, and which proofs were seen, for as long as their nonce is good. Both are this
// process's: after a restart old nonces are refused, and with them every proof that was made
// before.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/clock.h"
#include "base/secret.h"
#include "crypto/digest.h"

namespace latchkey::authority {

// So long a nonce is good, at least; at most half a minute longer.
inline constexpr Microseconds kProofNonceLife = std::chrono::minutes(2);

// base64url of: number of the half minute ‖ HMAC-SHA-256 of it, cut to 16 bytes. Thread-safe.
class ProofNonces {
public:
    ProofNonces();
    [[nodiscard]] std::string current(Microseconds steady) const;
    // One of ours, not too old.
    [[nodiscard]] bool is_good(std::string_view nonce, Microseconds steady) const;

private:
    [[nodiscard]] std::string nonce_of(std::uint64_t step) const;
    Secret key_;
};

enum class Replay : std::uint8_t { kFresh, kSeen, kFull };

// Proofs by key and jti, in two generations of sets, so that forgetting costs nothing. Bounded:
// when too many came within a nonce's life the next ones are kFull, "could not tell", and never
// accepted unseen. Thread-safe; requests of plain tokens never come here.
class ProofReplays {
public:
    Replay remember(const Digest& key, std::string_view id, Microseconds steady);

private:
    using Mark = std::array<std::uint64_t, 2>;
    struct MarkHash {
        std::size_t operator()(const Mark& mark) const noexcept {
            return static_cast<std::size_t>(mark[0]);
        }
    };
    using Marks = std::unordered_set<Mark, MarkHash>;
    struct Shard {
        std::mutex mutex;
        Marks young;
        Marks old;
        Microseconds turned_at{};
    };
    static constexpr std::size_t kShards = 16;
    static constexpr std::size_t kMarksMax = 1U << 16;  // young ones of one shard

    std::array<Shard, kShards> shards_;
};

}  // namespace latchkey::authority
