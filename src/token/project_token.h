// The tokens of a project itself, in two parts:
//   token  = base64url({"TokenID":"<uuid>","ProjectID":"<uuid>"}) "." base64url(48 random bytes)
// The first part tells people and scanners what they hold; it is never believed. What counts is the
// digest of the whole text, as with every opaque token (opaque.h knows the shape). Thread-safe.
#pragma once

#include <cstddef>

#include "base/id.h"
#include "base/secret.h"

namespace latchkey {

inline constexpr std::size_t kProjectTokenRandomBytes = 48;

Secret make_project_token(const TokenId& token, const ProjectId& project);

}  // namespace latchkey
