// Logging in a command line that waits for the browser of its own machine (RFC 8252): a login that
// waits as a device's does, and is decided about by the same page and rules (device_login.h). What
// an approval gives is a code that the browser carries there. It serves once, within a minute, to
// who has the verifier of the challenge (RFC 7636) that the login began with, and only while what
// allowed it still stands: the person's password, state and session.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "authority/authority.h"
#include "authority/login.h"

namespace latchkey::authority {

// How long the command line waits, and how long its code then serves.
inline constexpr Microseconds kWebLoginLife = std::chrono::minutes(5);
inline constexpr Microseconds kWebCodeLife = std::chrono::seconds(60);

// "http://127.0.0.1:<port>/callback" or "http://[::1]:<port>/callback", and no other way to write
// it: a name can lead elsewhere, and so can a user, a query or a fragment. Pure.
bool is_loopback_callback(std::string_view uri);

struct WebLoginRequest {
    std::string redirect_uri;
    std::string state;
    std::string code_challenge;  // of S256
    std::string host;            // what his machine calls itself; may be empty
};
// The name under which a browser finds it. Errors: invalid_request, or of insert_waiting_login.
Result<std::string> start_web_login(Authority& authority, const Login& login,
                                    const WebLoginRequest& request);

// What a login of that name is kept under; nothing: no such form.
std::optional<std::string> read_web_login(std::string_view name);
bool is_web_login(const store::DeviceCodeRecord& login);

// For decide_device_login: gives one that was allowed its code. Where the browser goes, with the
// code or the refusal, the state, and who answers (RFC 9207).
std::string answer_web_login(store::DeviceCodeRecord& login, std::string_view issuer,
                             Timestamp now);

struct WebLoginProof {
    std::string code;
    std::string verifier;
    std::string redirect_uri;
};
// invalid_grant, whatever is wrong. A code that somebody tried in vain is over, and a second use
// ends the session that the first one gave: in both cases it got into other hands.
Result<LoggedIn> finish_web_login(Authority& authority, const WebLoginProof& proof, Login login);

}  // namespace latchkey::authority
