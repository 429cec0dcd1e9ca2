// What happens by itself: usage is written down in batches, used sessions slide on, ended ones go,
// keys that nobody needs any more are retired, the next status list is opened in time. Blocks; for
// one maintenance thread.
#pragma once

#include <span>

#include "authority/authority.h"
#include "verify/usage.h"

namespace latchkey::authority {

// All rows or none, in one transaction. When the outcome is unknown they may be there.
Status write_usage(Authority& authority, std::span<const verify::Usage> rows);
// From when on scopes were recorded; written once.
Status begin_recording(store::Store& store, Timestamp now);
Result<Timestamp> recording_since(store::Connection& db);
// Since when every use is known. A process that stopped in order has written all it gathered, and
// said since when; after one that did not, since `now`. What was said counts once: this takes it
// back, and until that succeeds nothing may be concluded from silence.
Result<Timestamp> take_uses_known_since(store::Store& store, Timestamp now);
Status put_uses_known_since(store::Store& store, Timestamp since);
// Days of long ago become sums. Does something once a day.
Status fold_usage(Authority& authority);
Status write_sessions(Authority& authority);
// About once a minute.
Status tidy_up(Authority& authority);

}  // namespace latchkey::authority
