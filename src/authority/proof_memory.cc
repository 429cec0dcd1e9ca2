#include "authority/proof_memory.h"

#include <cstring>
#include <utility>

#include "base/encoding.h"
#include "crypto/random.h"

namespace latchkey::authority {
namespace {

constexpr Microseconds kStep = std::chrono::seconds(30);
constexpr std::uint64_t kStepsKept = kProofNonceLife / kStep;
constexpr std::size_t kStepBytes = 8;
constexpr std::size_t kMacBytes = 16;
// Longer than any nonce is good: what is forgotten is refused for its nonce.
constexpr Microseconds kGeneration = kProofNonceLife + 2 * kStep;

std::uint64_t step_at(Microseconds steady) {
    return static_cast<std::uint64_t>(steady / kStep);
}

}  // namespace

ProofNonces::ProofNonces() : key_(random_string(32)) {}

std::string ProofNonces::nonce_of(std::uint64_t step) const {
    std::string bytes;
    for (std::size_t i = 0; i < kStepBytes; ++i) {
        bytes.push_back(static_cast<char>(step >> (8 * (kStepBytes - 1 - i)) & 0xFF));
    }
    const Digest mac = hmac_sha256(key_, "latchkey dpop nonce " + bytes);
    return base64url_encode(bytes.append(as_text(mac).substr(0, kMacBytes)));
}

std::string ProofNonces::current(Microseconds steady) const {
    return nonce_of(step_at(steady));
}

bool ProofNonces::is_good(std::string_view nonce, Microseconds steady) const {
    const auto bytes = base64url_decode(nonce);
    if (!bytes || bytes->size() != kStepBytes + kMacBytes) return false;
    std::uint64_t step = 0;
    for (std::size_t i = 0; i < kStepBytes; ++i) {
        step = step << 8 | static_cast<std::uint8_t>((*bytes)[i]);
    }
    const std::uint64_t now = step_at(steady);
    if (step > now || now - step > kStepsKept) return false;
    return equal_in_constant_time(nonce_of(step), nonce);
}

Replay ProofReplays::remember(const Digest& key, std::string_view id, Microseconds steady) {
    // The key has a fixed length, so that no two pairs give one text.
    const Digest digest = sha256(as_text(key), id);
    Mark mark{};
    std::memcpy(mark.data(), digest.data(), sizeof mark);
    Shard& shard = shards_[digest.back() % kShards];
    const std::lock_guard lock(shard.mutex);
    if (steady - shard.turned_at > kGeneration) {
        const bool is_long_ago = steady - shard.turned_at > 2 * kGeneration;
        shard.old = is_long_ago ? Marks() : std::move(shard.young);
        shard.young = Marks();
        shard.turned_at = steady;
    }
    if (shard.old.contains(mark)) return Replay::kSeen;
    if (shard.young.size() >= kMarksMax) {
        return shard.young.contains(mark) ? Replay::kSeen : Replay::kFull;
    }
    return shard.young.insert(mark).second ? Replay::kFresh : Replay::kSeen;
}

}  // namespace latchkey::authority
