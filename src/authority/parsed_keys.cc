#include "authority/parsed_keys.h"

#include "base/json.h"

namespace latchkey::authority {
namespace {

constexpr std::size_t kParsedKeysMax = 2048;

}  // namespace

Result<PublicKey> ParsedKeys::parse(const std::string& jwk) {
    {
        const std::lock_guard lock(mutex_);
        const auto found = keys_.find(jwk);
        if (found != keys_.end()) return found->second;
    }
    json::value parsed = TRY(parse_json(jwk));
    json::object* members = parsed.if_object();
    if (members == nullptr) return Error{ErrorCode::kInternal, "a stored key is no JWK"};
    members->erase("kid");
    auto key = TRY(PublicKey::from_jwk(parsed));
    const std::lock_guard lock(mutex_);
    if (keys_.size() >= kParsedKeysMax) keys_.clear();
    keys_.emplace(jwk, key);
    return key;
}

}  // namespace latchkey::authority
