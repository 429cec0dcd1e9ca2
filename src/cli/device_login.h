// Logging in with a browser, here or on any other device (RFC 8628): shows an address and a code,
// opens the address where that can be, and waits until somebody who is logged in there has
// confirmed.
#pragma once

#include "cli/browser.h"
#include "cli/context.h"

namespace latchkey::cli {

Result<StoredLogin> log_in_by_device(Context& context, BrowserUse use);
// What is kept of a session that the token endpoint gave.
Result<StoredLogin> login_of_grant(Context& context, const std::string& server,
                                   const json::object& granted);

}  // namespace latchkey::cli
