// What a key token's holder signs to get an access token: a client assertion (RFC 7523), good for
// one minute and one use. Pure: randomness and time are given.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/id.h"
#include "crypto/key_pair.h"

namespace latchkey::cli {

inline constexpr std::chrono::seconds kAssertionLife{60};

struct AssertionRequest {
    TokenId token;
    std::string key_id;  // may be empty: then the server tries the token's keys
    std::string issuer;  // the audience, and nothing else: RFC 7523 as its successor narrows it
    std::string jti;     // never used before
    Timestamp now;
};

std::string sign_assertion(const PrivateKey& key, const AssertionRequest& request);

}  // namespace latchkey::cli
