// What an answer says about the token that was presented, besides yes or no: when it ends, and how
// often it may still be used.
#pragma once

#include <optional>
#include <string>

#include "api/principal.h"
#include "api/services.h"
#include "http/message.h"

namespace latchkey::api {

struct CountedUse {
    verify::Verdict verdict{verify::Verdict::kUnknown};
    verify::RateState rate;  // of a token that has one
};

// An active use of a token of limited rate counts, and may be one too many. Of any other token
// nothing is looked up.
inline CountedUse count_use(Services& services, const verify::TokenView& view,
                            verify::Verdict judged) {
    if (!view.rate.is_set() || judged != verify::Verdict::kActive) return {judged, {}};
    const auto rate =
        services.rate_limits.take(view.token, view.rate, services.authority.clock().steady());
    return {rate.is_allowed ? judged : verify::Verdict::kRateLimited, rate};
}

// The last moment of what was presented: the token's, its rotated secret's, the access token's.
std::optional<Timestamp> end_of(const verify::TokenView& view);

// They allocate only when what they append to grows. A field is "Name: value\r\n", and none when
// there is nothing to say.
void append_uuid(const UuidBytes& id, std::string& out);  // 36 characters, lower case
void append_expiry_field(const verify::TokenView& view, std::string& head);
void append_rate_fields(const RateLimit& limit, const verify::RateState& rate, std::string& head);
// The same for the token that asked.
void add_token_fields(const Principal& principal, http::Response& response);

}  // namespace latchkey::api
