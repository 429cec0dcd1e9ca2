#include "cli/key_set.h"

#include <fmt/format.h>

#include "cli/errors.h"

namespace latchkey::cli {

Result<KeySet> KeySet::parse(std::string_view jwks) {
    const auto value = parse_json(jwks, {1'048'576, 8, 1024});
    const json::value* list = nullptr;
    if (value && value->is_object()) list = value->get_object().if_contains("keys");
    if (list == nullptr || !list->is_array()) return failure("that is no JWKS document");
    std::vector<PublicKey> keys;
    for (const json::value& entry : list->get_array()) {
        auto key = PublicKey::from_jwk(entry);
        if (key) keys.push_back(std::move(key).value());
    }
    if (keys.empty()) return failure("the JWKS holds no usable key");
    return KeySet(std::move(keys));
}

Result<json::object> KeySet::verify(std::string_view compact, TypPolicy typ) const {
    const ParsedJws parsed = TRY(parse_unverified(compact));
    for (const PublicKey& key : keys_) {
        if (parsed.kid != key.declared_kid() && parsed.kid != key.thumbprint()) continue;
        return verify_jws(compact, key, typ);
    }
    return Error{ErrorCode::kInternal, fmt::format("no key \"{}\" is in the JWKS", parsed.kid)}
        .with_reason("unknown_key");
}

}  // namespace latchkey::cli
