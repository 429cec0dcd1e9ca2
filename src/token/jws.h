// JWS in its compact form (RFC 7515 §3.1) and nothing else: no JSON serialisation, no JWE, no
// detached or unencoded payload. A key is given with its one algorithm; the header's `alg` is only
// compared, never used to choose (RFC 8725 §3.1). Pure and thread-safe.
// Refused before any cryptography: more or fewer than two dots, base64url that is not canonical,
// header members that carry or point to keys (jwk, jku, x5u, x5c), crit, b64, zip.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "crypto/key_pair.h"
#include "crypto/keys.h"

namespace latchkey {

inline constexpr std::size_t kJwsBytesMax = 16'384;
inline constexpr std::size_t kJwsHeaderBytesMax = 2'048;  // decoded

// Views into the text they were split from. Only the form is checked; the payload may be empty.
struct CompactParts {
    std::string_view header;
    std::string_view payload;
    std::string_view signature;
    std::string_view signing_input;  // header '.' payload
};
// All errors of this file have reason "malformed_token", or "bad_signature" once the form is right.
Result<CompactParts> split_compact(std::string_view compact);

// What the header says. Nothing here is to be believed before the signature was checked.
struct ParsedJws {
    std::string alg;
    std::string kid;  // empty when absent; at most kKidBytesMax bytes
    std::string typ;  // empty when absent
    json::object claims;
    std::string_view signing_input;  // into the text that was parsed
    std::string signature;
    json::value jwk;  // after parse_with_key alone
};
// For finding the key (by kid, iss, sub) and for showing what a token says. The payload must be a
// JSON object.
Result<ParsedJws> parse_unverified(std::string_view compact);

// For the one format whose header carries the key itself: proofs of possession (RFC 9449), which
// say who signed only to whoever knows that key from elsewhere. `jwk` must be there.
Result<ParsedJws> parse_with_key(std::string_view compact);

// Which `typ` a kind of token must have (RFC 8725 §3.11). Compared without case, and
// "application/x" counts as "x" (RFC 7515 §4.1.9).
struct TypPolicy {
    std::string_view name;
    bool may_be_absent{false};

    static constexpr TypPolicy exactly(std::string_view typ) { return {typ, false}; }
    static constexpr TypPolicy absent_or(std::string_view typ) { return {typ, true}; }
    [[nodiscard]] bool allows(std::string_view typ) const;
};

// The claims of a token that `key` signed. No claim is judged: times, audience and issuer are the
// caller's. When both the header and the key's JWK name a kid, they must agree.
Result<json::object> verify_jws(std::string_view compact, const PublicKey& key, TypPolicy typ);
// The same for a text that was parsed already.
Status verify_parsed(const ParsedJws& jws, const PublicKey& key, TypPolicy typ);
// The payload of any compact JWS as bytes, whatever its typ. For formats that are not claims.
Result<std::string> verify_jws_payload(std::string_view compact, const PublicKey& key);

// Header {"alg":…,"kid":…,"typ":…}; kid is usually key.kid(), and empty leaves it out.
std::string sign_jws(const SigningKey& key, std::string_view typ, std::string_view kid,
                     const json::object& claims);
std::string sign_jws(const PrivateKey& key, std::string_view typ, std::string_view kid,
                     const json::object& claims);

// A signing key with its header text made once, for minting many tokens.
class JwsSigner {
public:
    JwsSigner(SigningKey key, std::string_view typ);
    [[nodiscard]] std::string sign(const json::object& claims) const;
    [[nodiscard]] const SigningKey& key() const { return key_; }

private:
    SigningKey key_;
    std::string header_;  // encoded, with the dot behind it
};

}  // namespace latchkey
