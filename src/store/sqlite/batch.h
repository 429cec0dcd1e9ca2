// One attempt to commit waiting mutations as a group: BEGIN, a savepoint each, the head of the
// feed last, COMMIT. Decides nothing about what to do when it fails; the writer does.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "store/sqlite/connection.h"
#include "store/store.h"

namespace latchkey::store::sqlite {

struct Pending {
    Mutation mutation;
    Status result;
};

enum class Outcome : std::uint8_t {
    kCommitted,  // each result says how its mutation went
    kNothing,    // rolled back for sure; `error` says why
    kNoSpace,    // rolled back for sure: the disk was full before the commit was written
    kUnknown,    // COMMIT failed: what is on the disk shows only when the file is opened again
};

struct Attempt {
    Outcome outcome{Outcome::kNothing};
    Error error;
    std::vector<Event> events;
    FeedHead head;  // after the commit
};

Attempt attempt_batch(SqliteConnection& db, const Clock& clock, const FeedHead& head,
                      std::span<Pending* const> batch);

}  // namespace latchkey::store::sqlite
