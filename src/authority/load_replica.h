// Fills an empty replica from the state tables at one revision; from then on it lives from events.
#pragma once

#include "store/store.h"
#include "verify/replica.h"

namespace latchkey::authority {

Status load_replica(store::Store& store, verify::Replica& replica, Timestamp now);

}  // namespace latchkey::authority
