// What handlers that check a password have in common: what a request says of who asks, and how a
// session is handed over.
#pragma once

#include "api/route.h"
#include "authority/login.h"

namespace latchkey::api {

// With the address and what the client calls itself; the rest is the handler's.
authority::Login login_of(const Call& call);

// To a browser as a cookie, to everybody else as a secret in the body.
enum class Handover : std::uint8_t { kCookie, kBody };
Result<http::Response> session_answer(Call& call, int status, const authority::LoggedIn& made,
                                      Handover handover);
// As the request came.
Handover handover_of(const Call& call);
// A cookie that takes the session away.
std::string ended_cookie(const Services& services);

// What only programs ask, and no page of a browser: those say Origin or Sec-Fetch-Site with
// whatever a page makes them send.
Status check_no_page(const http::Request& request);
// A login form must not be driven by another site's page (login CSRF).
Status check_own_origin(const http::Request& request);

}  // namespace latchkey::api
