// Reads a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7) without any library, so that nothing is computed
// for a key before its kind and its curve are known: OpenSSL looped on explicit curve parameters
// (CVE-2022-0778). Private to this layer. Pure; reads in place and never past the end.
#pragma once

#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace latchkey {

// The members of the JWK that says the same: kty with n and e, or crv, x and y. Numbers and points
// are not judged. Reasons bad_pem, private_key_pasted, unsupported_key_type, unsupported_curve,
// explicit_curve_parameters, point_not_on_curve (for infinity, which no JWK can say).
Result<json::object> jwk_of_spki(std::string_view der);

}  // namespace latchkey
