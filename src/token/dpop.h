// Proofs of possession (RFC 9449): a JWT that the holder of a key signs for one request, with the
// key itself in its header. Pure: the nonce and whether a proof was used before are the caller's.
// Of the twelve checks of §4.3 parse_proof makes 2 to 5 and 7, check_proof 8, 9, 11 and 12, and
// is_signed 6, which costs most and so comes last; 1 (one field) and 10 (the nonce) are outside.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "crypto/keys.h"
#include "token/jws.h"

namespace latchkey {

inline constexpr std::string_view kProofTyp = "dpop+jwt";
inline constexpr std::size_t kProofBytesMax = 8'192;

struct Proof {
    Proof(ParsedJws parsed, PublicKey holder_key)
        : jws(std::move(parsed)), key(std::move(holder_key)) {}

    ParsedJws jws;  // views into the text that was parsed
    PublicKey key;
    Digest thumbprint{};  // of the key, RFC 7638
    std::string id;       // jti, 1 to 256 bytes
    std::string method;   // htm
    std::string url;      // htu, normalised
    Timestamp issued_at;
    std::optional<std::string> nonce;
    std::optional<Digest> token;  // ath
};

// Nothing is to be believed yet. All errors of this file have reason "invalid_dpop_proof".
Result<Proof> parse_proof(std::string_view compact);

// What the proof must say. The method is compared as it is: methods have no other case.
struct ProofDemand {
    std::string_view method;
    std::string url;              // normalised
    std::optional<Digest> token;  // presented with it: its SHA-256
    Timestamp now;
};
Status check_proof(const Proof& proof, const ProofDemand& demand);
bool is_signed(const Proof& proof);

// Scheme and host in small letters, the default port left out, dot segments and needless percent
// signs removed, query and fragment cut off (RFC 3986 §6.2.2, §6.2.3). Nothing: no absolute http
// or https URL.
std::optional<std::string> normalised_url(std::string_view url);

}  // namespace latchkey
