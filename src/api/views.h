// How records look in our JSON (CONTRACT §4): camelCase, UUIDs, RFC 3339.
#pragma once

#include <optional>

#include "authority/change_token.h"
#include "authority/directory.h"
#include "base/json.h"
#include "store/records.h"

namespace latchkey::api {

json::object token_view(const store::TokenRecord& token, const authority::DirectoryView& apis,
                        Timestamp now, std::optional<Timestamp> last_used_at,
                        std::uint32_t generation = 1);
// With its keys, if it is a key token.
json::object token_view(const authority::TokenDetails& details,
                        const authority::DirectoryView& apis, Timestamp now);
// {"kid","algorithm","thumbprint","createdAt"} for each key of a key token that counts.
json::array keys_view(const std::vector<store::SecretRecord>& secrets);
json::object user_view(const store::UserRecord& user, const std::vector<store::RoleRecord>& roles,
                       const authority::DirectoryView& apis);
json::object api_view(const store::ApiRecord& api);
json::array scopes_view(const std::vector<store::ScopeRecord>& scopes);
json::object session_view(const store::SessionRecord& session, bool is_current);
json::object event_view(const store::Event& event);

json::array texts_view(const std::vector<std::string>& texts);
json::array words_view(std::string_view words);               // with one space between them
json::value time_view(const std::optional<Timestamp>& time);  // null for none
json::value rate_view(const RateLimit& rate);                 // null for none
json::value silence_view(const store::SecretRecord& secret);  // seconds, null for none
std::string_view kind_name(store::TokenKind kind);
// "active", "expired", "suspended", "revoked": what a person is told.
std::string_view state_name(const store::TokenRecord& token, Timestamp now);

}  // namespace latchkey::api
