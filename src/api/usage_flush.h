// What the reactors recorded goes into the store: by maintenance, and before somebody decides on
// it. Blocks; never on a reactor.
#pragma once

#include "api/services.h"

namespace latchkey::api {

// When it returns, every use recorded before the call is written.
Status flush_usage(Services& services);

// Asked every second. Uses of up to 64 tokens are written at once, those of up to 20,000 within
// five seconds, and above that no more than some 4,000 rows a second and reactor: a million tokens
// that are all in use are written once in four minutes, however often each is used.
Status flush_usage_of_a_second(Services& services);

}  // namespace latchkey::api
