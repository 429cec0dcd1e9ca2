// What happens by itself: usage is written down in batches, used sessions slide on, ended ones go,
// keys that nobody needs any more are retired, the next status list is opened in time. Blocks; for
// one maintenance thread.
#pragma once

#include <vector>

#include "authority/authority.h"
#include "verify/usage.h"

namespace latchkey::authority {

Status write_usage(Authority& authority, const std::vector<verify::Usage>& batch);
// From when on scopes were recorded; written once.
Status begin_recording(store::Store& store, Timestamp now);
Result<Timestamp> recording_since(store::Connection& db);
// Since when every use is known. A process that stopped in order has written all it gathered, and
// said so; after one that did not, since `now`. Asked once, at the start.
Result<Timestamp> uses_known_since(store::Store& store, Timestamp now);
Status say_uses_are_written(store::Store& store);
// Days of long ago become sums. Does something once a day.
Status fold_usage(Authority& authority);
Status write_sessions(Authority& authority);
// About once a minute.
Status tidy_up(Authority& authority);

}  // namespace latchkey::authority
