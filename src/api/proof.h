// The proof of possession that comes with a request (RFC 9449): the DPoP field, or what a verifier
// passes on. Cheap refusals first; the signature, which costs a hundred times as much, only for a
// proof that could be right, and paid for when it is not.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/services.h"
#include "base/address.h"
#include "http/message.h"

namespace latchkey::api {

struct ProofRequest {
    std::string_view proof;
    std::string_view method;
    std::string_view url;         // absolute; need not be normalised
    std::optional<Digest> token;  // presented with it: its SHA-256
    std::optional<Digest> key;    // that it must be by; none: any
    std::optional<Address> from;  // who pays for what is checked in vain; none: nobody
};

// The thumbprint of the key. Reasons: invalid_dpop_proof, use_dpop_nonce (send the one that
// fresh_nonce gives), and kUnavailable when it could not be told. A proof is good once.
Result<Digest> prove_possession(Services& services, const ProofRequest& asked);

// For the answer's DPoP-Nonce field.
std::string fresh_nonce(const Services& services);

// One DPoP field; none; or an error for several.
Result<std::optional<std::string_view>> proof_field(const http::Request& request);

// What the client asked for, as htm and htu must say it. Behind a trusted proxy its X-Forwarded-…
// or X-Original-… fields say so; from anybody else those are nothing but the client's own words.
// No URL where they contradict each other.
struct AskedFor {
    std::string_view method;
    std::string url;
};
AskedFor asked_for(const Services& services, const http::Request& request);

// A token that was presented with the scheme DPoP, after everything else about it was judged: what
// its proof is worth. Marked kInvalid with error "invalid_token" when it is not bound at all.
struct BoundToken {
    std::string_view text;
    const verify::TokenView& view;
    std::string url;
    std::string_view method{};  // empty: the request's own
};
struct CheckedProof {
    verify::Proof proof{verify::Proof::kInvalid};
    std::string_view error;  // of OAuth's, for the challenge
    bool could_not_tell{false};
};
CheckedProof check_request_proof(Services& services, const http::Request& request,
                                 const BoundToken& token);
// The same for a proof that a verifier passes on.
CheckedProof check_passed_proof(Services& services, const ProofRequest& asked,
                                const verify::TokenView& view);

}  // namespace latchkey::api
