// The server's public keys (JWKS, RFC 7517 §5), for checks that need nothing but them. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "crypto/keys.h"
#include "token/jws.h"

namespace latchkey::cli {

class KeySet {
public:
    // Keys that we cannot use are passed over (RFC 7517 §5). Not one left is an error.
    static Result<KeySet> parse(std::string_view jwks);

    // The claims, if one of these keys signed them. Errors have reason "unknown_key",
    // "bad_signature" or "malformed_token".
    [[nodiscard]] Result<json::object> verify(std::string_view compact, TypPolicy typ) const;

private:
    explicit KeySet(std::vector<PublicKey> keys) : keys_(std::move(keys)) {}
    std::vector<PublicKey> keys_;
};

}  // namespace latchkey::cli
