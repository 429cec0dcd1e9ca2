// Errors repeat what somebody typed, so that he finds his mistake; now and then that is a token in
// the wrong place, and errors end up in logs of builds. Pure, thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace latchkey {

// The text with "[hidden]" for each word that looks like a secret: one of at least 32 characters in
// which capitals, small letters and digits meet, a key in base64, and shorter ones that begin as
// our tokens and JWTs do. Ids, scopes, names and paths stay.
std::string without_secrets(std::string_view text);

}  // namespace latchkey
