"""The clock for ages."""

from __future__ import annotations

import time
from typing import Callable

JUMP_SECONDS = 1.0


class SteadyClock:
    """The monotonic clock is set by nobody, but stands still while the machine sleeps, and what
    was read before the sleep would seem fresh after it. So what the wall clock has gone ahead of it
    counts too: a wall clock that is put forward makes things look older than they are, and one that
    is put back does nothing. Two threads at once may count a sleep twice, which errs the same way."""

    __slots__ = ("_wall", "_monotonic", "_last_wall", "_last", "_slept")

    def __init__(self, wall: Callable[[], float] = time.time,
                 monotonic: Callable[[], float] = time.monotonic) -> None:
        self._wall, self._monotonic = wall, monotonic
        self._last_wall, self._last, self._slept = wall(), monotonic(), 0.0

    def __call__(self) -> float:
        wall, now = self._wall(), self._monotonic()
        ahead = (wall - self._last_wall) - (now - self._last)
        if ahead > JUMP_SECONDS:
            self._slept += ahead
        self._last_wall, self._last = wall, now
        return now + self._slept
