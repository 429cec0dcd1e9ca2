// Who computes first where the threads of this process want the same processor: a reactor works for
// microseconds and then waits, and a check must not wait for a change that somebody else makes.
#pragma once

namespace latchkey {

// Both are of the calling thread, need no privilege and change nothing where nobody listens.

// Linux 6.12 and later give a thread that asks for short turns the processor before one with longer
// turns; its share of the time stays the same.
void ask_for_short_turns();

// Its share becomes about a third of that of a thread that did not (nice + 5): it still comes on
// when reactors are busy all the time. There is no way back without privileges.
void let_others_go_first();

}  // namespace latchkey
