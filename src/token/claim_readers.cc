#include "token/claim_readers.h"

namespace latchkey {

Error malformed_claim(std::string message, std::string_view claim) {
    return invalid(std::move(message), "malformed_token", "/" + std::string(claim));
}

Result<std::string> text_claim(const json::object& claims, std::string_view name) {
    const auto* value = claims.if_contains(name);
    if (value == nullptr || !value->is_string() || value->get_string().empty()) {
        return malformed_claim("a claim is missing or no string", name);
    }
    return std::string(value->get_string());
}

Result<Timestamp> time_claim(const json::object& claims, std::string_view name) {
    const auto* value = claims.if_contains(name);
    if (value == nullptr || !value->is_int64() || value->get_int64() < 0 ||
        value->get_int64() > kEndOfTime.seconds()) {
        return malformed_claim("a time is missing or no whole number of seconds", name);
    }
    return Timestamp::from_seconds(value->get_int64());
}

Result<std::string> audience_claim(const json::object& claims) {
    const auto* value = claims.if_contains("aud");
    if (value == nullptr || !value->is_array() || value->get_array().size() != 1 ||
        !value->get_array()[0].is_string() || value->get_array()[0].get_string().empty()) {
        return malformed_claim("aud is not an array of one string", "aud");
    }
    return std::string(value->get_array()[0].get_string());
}

Result<ScopeSet> scope_claim(const json::object& claims, std::string_view name) {
    const auto* value = claims.if_contains(name);
    if (value == nullptr || !value->is_string()) {
        return malformed_claim("a claim is missing or no string", name);
    }
    auto scopes = ScopeSet::parse(value->get_string());
    if (!scopes) return malformed_claim("scope holds what is no scope", name);
    return scopes;
}

}  // namespace latchkey
