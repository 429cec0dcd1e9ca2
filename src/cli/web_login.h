// Logging in with the browser of this machine (RFC 8252): tells the server what is wanted, opens
// its page, waits on a port of its own for what the browser brings back, and gives that and the
// verifier that never left this process (RFC 7636) for a session.
#pragma once

#include <functional>

#include "cli/browser.h"
#include "cli/context.h"

namespace latchkey::cli {

// Puts the login where it stays.
using KeepLogin = std::function<Status(const StoredLogin&)>;

// `keep` runs before the browser is told that all is well.
Result<StoredLogin> log_in_by_web(Context& context, BrowserUse use, const KeepLogin& keep);

}  // namespace latchkey::cli
