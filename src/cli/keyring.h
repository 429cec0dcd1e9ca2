// The desktop's keyring (the Secret Service), through libsecret, which is opened at run time: this
// program runs where neither it nor a desktop is installed. Secrets lie there by configuration
// directory and context.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "cli/console.h"

namespace latchkey::cli {

struct KeyringEntry {
    std::string directory;  // of the configuration, so that two of them do not mix
    std::string context;
};

// A locked keyring is opened by a window that asks for its password, or not at all.
enum class Unlocking { kMayAsk, kNever };

class Keyring {
public:
    // Nothing without libsecret or a session bus, and where LATCHKEY_CONFIG_DIR names one place for
    // everything.
    static std::unique_ptr<Keyring> open(const Environment& environment);
    Keyring(const Keyring&) = delete;
    Keyring& operator=(const Keyring&) = delete;
    ~Keyring();

    Status keep(const KeyringEntry& entry, const Secret& secret);
    Result<std::optional<Secret>> find(const KeyringEntry& entry, Unlocking unlocking);
    Status forget(const KeyringEntry& entry);

private:
    struct Library;
    explicit Keyring(std::unique_ptr<Library> library);
    std::unique_ptr<Library> library_;
};

}  // namespace latchkey::cli
