// Who is asking. Every way of presenting a credential (Bearer, Basic password, the portal's cookie)
// yields the same Principal and goes through the same permission gate; a header decides over a
// cookie, and two credentials in headers are refused by the connection already.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/services.h"
#include "authority/actor.h"
#include "http/message.h"
#include "store/records.h"

namespace latchkey::api {

// The credential in an Authorization field. Errors: none there (no_credential), another scheme or
// something that is no b64token (RFC 6750 §2.1).
struct Presented {
    std::string_view text;  // into the request, or into `decoded` for Basic
    bool is_dpop{false};    // a proof of the holder's key is to come with it (RFC 9449)
};
Result<Presented> presented_credential(const http::Request& request, std::string& decoded);

// The client's address: the peer's, or what a trusted proxy says it is (X-Forwarded-For, else one
// X-Real-IP; the last hop of the last line counts). All zero when it cannot be read.
Address client_address(const Services& services, const http::Request& request);
bool is_trusted_proxy(const Services& services, const Address& peer);

struct Principal {
    authority::Actor actor;
    std::optional<store::SessionRecord> session;
    std::optional<TokenId> token;     // set for tokens of any API
    std::string token_api;            // its slug
    std::vector<std::string> scopes;  // what it may do there now, with its owner's leave
    std::uint32_t generation{1};      // of the secret that was presented
    Digest token_facts{};             // what its facts are found by
    // What a jwt says itself that is being replaced: the token may have got more since.
    std::optional<std::vector<std::string>> claimed;
    // Of an access token, which says who somebody is but manages nothing.
    std::optional<verify::AccessLimits> access;
    std::optional<Timestamp> ends_at;  // the last moment of what was presented
    verify::RateState rate;            // of a token whose actor.rate is set
    bool owner_is_machine{false};
    std::vector<ApiId> verifies;
    bool came_by_cookie{false};
    std::string csrf;  // of a cookie session: what X-CSRF-Token must say
};

enum class CookieRule { kRefused, kAccepted };

// On the reactor's thread. A token must be active; of which API it is, is the route's business.
Result<Principal> authenticate(Services& services, std::size_t reactor,
                               const http::Request& request, CookieRule cookies);

// The same for a credential that was found elsewhere, as dialects have them: the secret of a
// session, or a token.
Result<Principal> authenticate_credential(Services& services, std::size_t reactor,
                                          const http::Request& request, const Presented& presented);
// The one cookie of this name; none when there are two.
std::optional<std::string_view> cookie_value(const http::Request& request, std::string_view name);

// Unsafe requests of a cookie session carry its CSRF value and come from our own origin.
Status check_csrf(const Principal& principal, const http::Request& request);
std::string csrf_of(std::string_view session_secret);

}  // namespace latchkey::api
