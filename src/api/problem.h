// The only place where an error becomes an HTTP status: RFC 9457 problem details with a stable
// `code`, and the WWW-Authenticate that RFC 6750 §3 asks for.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "http/message.h"

namespace latchkey::api {

int status_of(const Error& error);
std::string_view code_of(const Error& error);  // its reason, or the word of its ErrorCode

// What a client may read of an error, whatever shape it gets it in: one line of text, without a
// secret that stood in the wrong place, and nothing of an internal one.
std::string readable(std::string_view text);
std::string detail_of(const Error& error);

http::Response problem(const Error& error, std::string_view issuer, std::string_view request_id);

// What the connection refuses by itself, before there is a request: a status and a sentence.
http::Response refusal_problem(int status, std::string_view why, std::string_view issuer,
                               std::string_view request_id);

// "Bearer realm=…" with what RFC 6750 says about this error. A bare challenge when no credential
// was presented at all.
std::string challenge(const Error& error, std::string_view issuer);

// The algorithms of proofs of possession (RFC 9449), as challenges and metadata list them.
inline constexpr std::string_view kProofAlgorithms = "ES256 ES512 Ed25519 PS256 RS256 RS512";

// What is wrong is the proof of possession: the answer names a nonce for the next one.
bool is_about_proof(const Error& error);

Error missing_credential();
Error invalid_token(std::string_view why);  // why: a verdict's sentence, never a part of the token

}  // namespace latchkey::api
