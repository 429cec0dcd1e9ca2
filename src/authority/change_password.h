// A person chooses another password: he proves that he is it, and everything that was open in his
// name ends, but for a new session in the place of the one he asked in.
#pragma once

#include "authority/login.h"

namespace latchkey::authority {

// `proof`: the password (and code) until now. Blocks: for the password worker.
Result<LoggedIn> change_password(Authority& authority, const store::SessionRecord& session,
                                 Login proof, const Secret& fresh);

}  // namespace latchkey::authority
