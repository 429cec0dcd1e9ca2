// For tests: somebody who holds a key, and the proofs of possession that he signs, rightly and
// wrongly.
#pragma once

#include <string>

#include "base/encoding.h"
#include "base/json.h"
#include "crypto/key_pair.h"
#include "crypto/random.h"

namespace latchkey::testing {

struct ProofHolder {
    PrivateKey key = PrivateKey::generate(Algorithm::kEs256);

    // As clients send it: the members that make the key, and nothing else.
    [[nodiscard]] json::object jwk() const {
        json::object jwk = key.public_key().to_jwk();
        for (const char* name : {"alg", "use", "kid", "key_ops"}) {
            jwk.erase(name);
        }
        return jwk;
    }
    [[nodiscard]] json::object header() const {
        return {{"typ", "dpop+jwt"}, {"alg", algorithm_name(key.algorithm())}, {"jwk", jwk()}};
    }
    [[nodiscard]] static json::object claims(const std::string& method, const std::string& url,
                                             Timestamp now) {
        return {{"jti", base64url_encode(random_string(12))},
                {"htm", method},
                {"htu", url},
                {"iat", now.seconds()}};
    }
    [[nodiscard]] std::string sign(const json::object& header, const json::object& claims) const {
        const std::string input =
            base64url_encode(to_json(header)) + "." + base64url_encode(to_json(claims));
        return input + "." + base64url_encode(key.sign(input));
    }
    [[nodiscard]] std::string sign(const json::object& claims) const {
        return sign(header(), claims);
    }
};

}  // namespace latchkey::testing
