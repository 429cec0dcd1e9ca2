// What the reactors recorded goes into the store: by maintenance, and before somebody decides on
// it. Blocks; never on a reactor.
#pragma once

#include "api/services.h"

namespace latchkey::api {

Status flush_usage(Services& services);

// Asked every second. Few rows are written at once, so that a person sees at once what happened.
// Many wait for some seconds: most of their tokens are used again meanwhile, and then cost one row
// instead of one a second.
Status flush_usage_when_due(Services& services, int seconds_since_start);

}  // namespace latchkey::api
