// How single claims are read, for every kind of token alike. Private to this layer. Errors have
// reason "malformed_token" and the claim as field.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "token/scope.h"

namespace latchkey {

Error malformed_claim(std::string message, std::string_view claim);

Result<std::string> text_claim(const json::object& claims, std::string_view name);  // not empty
// Whole seconds from 1970 to year 9999; a fraction, a string or a negative number is refused.
Result<Timestamp> time_claim(const json::object& claims, std::string_view name);
// aud as an array of exactly one string: what we write ourselves.
Result<std::string> audience_claim(const json::object& claims);
// Separated by spaces; the claim must be there, and may be empty.
Result<ScopeSet> scope_claim(const json::object& claims, std::string_view name);

template <typename AnyId>
Result<AnyId> id_claim(const json::object& claims, std::string_view name) {
    const auto text = TRY(text_claim(claims, name));
    const auto id = AnyId::parse(text);
    if (!id) return malformed_claim("a claim is no id", name);
    return *id;
}

}  // namespace latchkey
