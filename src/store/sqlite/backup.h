// A consistent copy of a database in use, by SQLite's backup API from a read-only connection.
#pragma once

#include <string>

#include "store/sqlite/long_read.h"

namespace latchkey::store::sqlite {

// `path` must not exist, nor is it ever written over; it appears whole, synced and 0600, or not at
// all. Blocks for as long as the copy takes; writers go on.
Status back_up(LongRead& read, const std::string& database_path, const std::string& path);

}  // namespace latchkey::store::sqlite
