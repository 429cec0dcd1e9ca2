// The public keys of key tokens, kept parsed: reading one costs as much as checking a signature.
// They are found by their text, so that what is found is always right. Thread-safe, bounded.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "base/result.h"
#include "crypto/keys.h"

namespace latchkey::authority {

class ParsedKeys {
public:
    // A stored public_jwk, without its kid: there it is the thumbprint, and what a holder called
    // the key is compared by who chose it.
    Result<PublicKey> parse(const std::string& jwk);

private:
    std::mutex mutex_;
    std::map<std::string, PublicKey> keys_;
};

}  // namespace latchkey::authority
