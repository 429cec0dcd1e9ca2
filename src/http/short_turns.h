// A thread that answers requests works for microseconds and then waits. Where others compute on the
// same processor it should come to its turn soon after it wakes.
#pragma once

namespace latchkey::http {

// Of the calling thread: Linux 6.12 and later give one that asks for short turns the processor
// before one with longer turns; its share of the time stays the same. No privilege is needed, and
// where nobody listens nothing changes.
void ask_for_short_turns();

}  // namespace latchkey::http
