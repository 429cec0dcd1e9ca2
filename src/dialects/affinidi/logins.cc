#include "dialects/affinidi/logins.h"

#include <cstring>

#include "authority/device_login.h"
#include "base/encoding.h"
#include "crypto/random.h"

namespace latchkey::dialects::affinidi {

std::size_t Logins::DigestHash::operator()(const Digest& digest) const noexcept {
    std::size_t head = 0;
    std::memcpy(&head, digest.data(), sizeof head);
    return head;
}

std::string Logins::add(PublicKey recipient, Secret device_code, Microseconds steady) {
    constexpr std::size_t kStateBytes = 24;
    std::string state = base64url_encode(random_string(kStateBytes));
    const std::lock_guard lock(mutex_);
    // As many as the store lets wait at once, for each has a row there.
    std::erase_if(entries_, [&](const auto& item) { return item.second.until <= steady; });
    entries_.emplace(sha256(state), Entry{std::move(recipient), std::move(device_code),
                                          steady + authority::kDeviceCodeLife});
    return state;
}

std::optional<Logins::Waiting> Logins::find(std::string_view state, Microseconds steady) {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(sha256(state));
    if (found == entries_.end() || found->second.until <= steady) return std::nullopt;
    const Entry& entry = found->second;
    return Waiting{entry.recipient, Secret(std::string(entry.device_code.expose()))};
}

void Logins::remove(std::string_view state) {
    const std::lock_guard lock(mutex_);
    entries_.erase(sha256(state));
}

}  // namespace latchkey::dialects::affinidi
