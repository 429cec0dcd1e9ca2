// What the reactors recorded goes into the store: every second by maintenance, and before somebody
// decides on it. Blocks; never on a reactor.
#pragma once

#include "api/services.h"

namespace latchkey::api {

Status flush_usage(Services& services);

}  // namespace latchkey::api
