// What OAuth's endpoints have in common: answers and errors as RFC 6749 §5 writes them. Whatever is
// no error of OAuth's (no disk, no store, no permission) has what it has everywhere beside it.
#pragma once

#include <string>

#include "api/form.h"
#include "api/route.h"

namespace latchkey::api {

Error invalid_request(std::string why);  // reason "invalid_request"

bool is_of_oauth(const Error& error);

// RFC 6749 §5.1 demands both fields, for caches of two generations.
http::Response token_answer(int status, const json::value& value);
// Only for what is_of_oauth.
http::Response oauth_refusal(const Error& error);
bool is_oauth_endpoint(std::string_view path);
// Any error at one of these: the members of a problem document, and OAuth's own two.
http::Response oauth_problem(const Error& error, std::string_view issuer,
                             const http::Request& request);
// The refusal as a handler returns it: OAuth's, or the error itself.
Result<http::Response> refused(Error error);
void refuse(const CallPtr& call, Error error);

// The form of a request that has no parameters elsewhere.
Result<Form> read_form(const http::Request& request);

}  // namespace latchkey::api
