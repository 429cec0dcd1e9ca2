// The tables and how they came to be: a list of numbered steps, each applied once and in its own
// transaction. A step that was released never changes; a new one is added. The statements keep to
// what SQLite and PostgreSQL share, but for WITHOUT ROWID, which a PostgreSQL driver leaves out.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "store/sql.h"

namespace latchkey::store {

inline constexpr std::int64_t kSchemaVersion = 5;

// 0 for an empty database. kPrecondition when the tables there are not ours.
Result<std::int64_t> read_schema_version(Connection& db);
// kPrecondition when a newer Latchkey made it: an older one would not know what it destroys.
Status refuse_newer_schema(std::int64_t version);
// From `version` to kSchemaVersion. On the only writing connection, outside a transaction. Tests
// stop at an older one.
Status migrate(Connection& db, std::int64_t version, std::int64_t to = kSchemaVersion);

}  // namespace latchkey::store
