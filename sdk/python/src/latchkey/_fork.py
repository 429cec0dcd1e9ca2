"""Locks, threads and connections are not carried over a fork: whoever has some begins anew."""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class Forkable(Protocol):
    def begin_after_fork(self) -> None:
        ...


_all: "weakref.WeakSet[Forkable]" = weakref.WeakSet()


def begins_anew(one: Forkable) -> None:
    _all.add(one)


def _after_fork() -> None:
    for one in list(_all):
        one.begin_after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
