// judge: the one function that decides whether a token may do something now. Pure: facts, a
// requirement and a time go in, a verdict comes out. Introspection, checks, exchange, the portal
// and the dialects all call it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/clock.h"
#include "verify/replica.h"

namespace latchkey::verify {

enum class Verdict : std::uint8_t {
    kActive,
    kMalformed,  // wrong shape or wrong checksum: refused before any lookup
    kUnknown,
    kRevoked,
    kExpired,
    kNotYetValid,
    kSuspended,
    kOwnerDisabled,
    kKeyCompromised,  // its signing key was withdrawn in an emergency
    kWrongAudience,   // a token of another API
    kAddressNotAllowed,
    kProofNeeded,        // bound to a key of its holder, and presented without a proof (RFC 9449)
    kProofInvalid,       // the proof does not fit the token, the request or the time
    kRateLimited,        // said by who counts, never by judge
    kInsufficientScope,  // scopes, or rights in the project asked for, are missing
};

std::string_view verdict_name(Verdict verdict);    // "active", "wrong_audience" …
std::string_view verdict_reason(Verdict verdict);  // one sentence for people

inline constexpr std::size_t kScopesAskedMax = 16;

// What came with a token that is bound to a key of its holder (RFC 9449).
enum class Proof : std::uint8_t {
    kAbsent,
    kInvalid,  // something that proves nothing, or not yet
    kValid,    // by the very key, for this request; or the caller checks it himself
};

// What the caller wants to know. Views live as long as the call.
struct Requirement {
    std::string_view api_slug;                 // empty: the default API
    std::span<const std::string_view> scopes;  // at most kScopesAskedMax
    // None: the token's own scopes count; for an access token, those of its project. When one is
    // named, or an access token has one, the caller fills view.grant first (Reader::find_grant).
    std::optional<ProjectId> project;
    // Empty: "*". A resource is only ever seen by a project's policy: a check without a project
    // sees the token's own scopes, whatever the resource.
    std::string_view resource;
    std::optional<Address> address;  // the client's, if it is known
    Proof proof{Proof::kAbsent};
};

struct Judgement {
    Verdict verdict{Verdict::kUnknown};
    // Bit i: requirement.scopes[i] was missing. Only with kInsufficientScope.
    std::uint32_t missing{0};
};

// Life first (revocation wins over expiry: a leaked token must never read as merely old), then
// audience, address, proof, scopes. More than kScopesAskedMax scopes are never allowed.
Judgement judge(const TokenView& token, const Requirement& wanted, Timestamp now);

// What the token may do at its API now, on every resource, separated by spaces and appended to
// `out`; allocates only when `out` must grow. With view.grant: in that project, else by its own
// scopes. A pattern that not everybody covers shrinks to narrower ones that are written down
// somewhere; one that a Deny cuts into is left out, so that this may say less than is true, never
// more.
void effective_scopes(const TokenView& token, std::string& out);

}  // namespace latchkey::verify
