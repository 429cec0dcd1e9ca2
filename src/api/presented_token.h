// What a presented secret is: the one place where a text that somebody sent becomes the facts that
// are judged. Tokens that we keep a digest of are found by it, without any cryptography; an access
// token is found by the key that it was got with, once its signature was checked.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/services.h"
#include "base/address.h"
#include "verify/judge.h"

namespace latchkey::api {

enum class Recognition : std::uint8_t {
    kFound,
    kMalformed,
    kUnknown,
    kKeyCompromised,  // an access token of a signing key that was withdrawn
    kNotNow,          // too many wrong signatures in this name from there: could not tell
};

struct PresentedToken {
    std::string_view secret;
    // Who sent it, for his budget of wrong signatures; none: somebody who has shown who he is.
    std::optional<Address> from;
    std::optional<ProjectId> project;  // that is asked about
};

struct RecognisedToken {
    // With its grant in the project that is asked about, else in that of the access token.
    verify::TokenView view;
    Digest facts{};                    // what they are found by
    std::vector<std::string> claimed;  // view.claimed, if it has any
};

// On the reactor that `state` belongs to, inside a ReadGuard of its reader; `token` is valid as
// long as that guard and until the next call. Allocates only for an access token seen for the first
// time.
Recognition recognise(Services& services, ReactorState& state, const PresentedToken& presented,
                      RecognisedToken& token);

// False for what no issuer of ours and no import source ever gave out: what needs no look-up.
bool could_be_presented(ReactorState& state, std::string_view secret);

// What is said of a token that was not found. Not for kFound and kNotNow.
verify::Verdict verdict_of(Recognition recognition);

}  // namespace latchkey::api
