// Logins that were begun and not handed over yet: for whom a session will be encrypted, and what we
// keep of the device login behind it. In memory: whoever waits through a restart begins anew.
// Thread-safe.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/secret.h"
#include "crypto/digest.h"
#include "crypto/keys.h"

namespace latchkey::dialects::affinidi {

class Logins {
public:
    struct Waiting {
        PublicKey recipient;
        Secret device_code;  // never leaves this process
    };

    // The state, which the command line shows again.
    std::string add(PublicKey recipient, Secret device_code, Microseconds steady);
    [[nodiscard]] std::optional<Waiting> find(std::string_view state, Microseconds steady);
    void remove(std::string_view state);

private:
    struct Entry {
        PublicKey recipient;
        Secret device_code;
        Microseconds until{};
    };
    struct DigestHash {
        std::size_t operator()(const Digest& digest) const noexcept;
    };

    std::mutex mutex_;
    std::unordered_map<Digest, Entry, DigestHash> entries_;
};

}  // namespace latchkey::dialects::affinidi
