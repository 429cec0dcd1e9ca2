// How records look in Calyptia's JSON.
#pragma once

#include <string_view>

#include "authority/memberships.h"
#include "base/json.h"
#include "store/records.h"

namespace latchkey::dialects::calyptia {

// The secret stands in the answer that creates the token; elsewhere it is "redacted".
json::object token_view(const store::TokenRecord& token, std::string_view secret = "redacted");
json::object membership_view(const authority::Member& member);
json::object member_view(const authority::Member& member);  // with who it is
json::object deleted_view(Timestamp at);

}  // namespace latchkey::dialects::calyptia
