// What a signed token says, once its signature was found right. Its claims are a ceiling: facts may
// narrow them, and never widen them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "token/jws.h"
#include "token/scope.h"

namespace latchkey::embed {

struct SignedToken {
    bool is_access{false};
    std::string kid;
    std::string audience;
    std::string token_id;  // UUIDs are texts here: everything is looked up by name
    std::string secret_id;
    std::string owner;  // empty: an access token does not say
    ScopeSet scopes;
    std::optional<ScopeSet> requested;
    std::int64_t issued_at{0};
    std::optional<std::int64_t> expires_at;
    std::string status_uri;  // empty: none
    std::uint64_t status_index{0};
    std::string project;
    std::string facts_digest;  // hex, of what an access token was got with
    std::vector<std::string> ancestors;
    bool needs_proof{false};
};

// Type, then claims, of a token whose signature is right. Reason "malformed_token".
Result<SignedToken> read_signed(const ParsedJws& jws, std::string_view issuer);

// The one place where a status list may be: <issuer>/status/<n>.
bool is_list_of(std::string_view uri, std::string_view issuer);

}  // namespace latchkey::embed
