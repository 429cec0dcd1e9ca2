// judge: the one function that decides whether a token may do something now. Pure: facts, a
// requirement and a time go in, a verdict comes out. Introspection, checks, exchange, the portal
// and the dialects all call it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/clock.h"
#include "verify/replica.h"

namespace latchkey::verify {

enum class Verdict : std::uint8_t {
    kActive,
    kMalformed,          // wrong shape or wrong checksum: refused before any lookup
    kUnknown,
    kRevoked,
    kExpired,
    kSuspended,
    kOwnerDisabled,
    kKeyCompromised,     // its signing key was withdrawn in an emergency
    kWrongAudience,      // a token of another API
    kAddressNotAllowed,
    kInsufficientScope,  // scopes, or rights in the project asked for, are missing
};

std::string_view verdict_name(Verdict verdict);    // "active", "wrong_audience" …
std::string_view verdict_reason(Verdict verdict);  // one sentence for people

inline constexpr std::size_t kScopesAskedMax = 16;

// What the caller wants to know. Views live as long as the call.
struct Requirement {
    std::string_view api_slug;                    // empty: the default API
    std::span<const std::string_view> scopes;     // at most kScopesAskedMax
    std::optional<ProjectId> project;
    std::string_view resource;                    // empty: "*"
    std::optional<std::array<std::uint8_t, 16>> address;  // the client's, if it is known
};

struct Judgement {
    Verdict verdict{Verdict::kUnknown};
    // Bit i: requirement.scopes[i] was missing. Only with kInsufficientScope.
    std::uint32_t missing{0};
};

// Life first (revocation wins over expiry: a leaked token must never read as merely old), then
// audience, address, scopes.
Judgement judge(const TokenView& token, const Requirement& wanted, Timestamp now);

}  // namespace latchkey::verify
