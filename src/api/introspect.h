// POST /oauth2/introspect: what a verifier may know of a token that somebody showed it (RFC 7662),
// on request as a signed answer (RFC 9701). The judge is the one of /check; no query runs here.
#pragma once

#include "api/services.h"
#include "http/server.h"

namespace latchkey::api {

// The common question in its common form, answered as flat as a check. False: nothing was answered
// or recorded, and the table of routes says what happens.
bool introspect_plainly(Services& services, http::Exchange& exchange);

}  // namespace latchkey::api
