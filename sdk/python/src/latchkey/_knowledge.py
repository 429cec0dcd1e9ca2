"""All that a verifier knows: keys, status lists, what the stream said, and how fresh each is."""

from __future__ import annotations

import logging
import threading
from datetime import datetime
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

from ._authority import Authority, Held
from ._facts import Facts
from ._jws import KeySet
from ._status import StatusList
from ._stream import Position, StreamListener
from .errors import LatchkeyError, StatusListError, StreamError

LISTS_MAX = 64  # of a million tokens each
LIVE_SECONDS = 3.0  # the heartbeat comes every second
TTL_DEFAULT = 5.0
IDLE_SECONDS = 60.0

log = logging.getLogger("latchkey")


def _never(_: object) -> bool:
    return False


def _always(_: object) -> bool:
    return True


class StreamState:
    """How far the stream was heard. One writer; others read it without a lock."""

    def __init__(self) -> None:
        self.session = 0  # counts the beginnings that are no continuation
        self.position: Optional[Position] = None
        self.heard_at = float("-inf")
        self.began_at = float("inf")  # when the session did, by this machine's clock
        self.error: Optional[LatchkeyError] = None
        self.facts = Facts()

    def is_live(self, now: float) -> bool:
        return now - self.heard_at < LIVE_SECONDS


class Confirmed:
    """Something that was read, and is known to be complete as long as the stream has no gap."""

    def __init__(self) -> None:
        self.read_at = float("-inf")  # monotonic
        self.read_wall = float("-inf")
        self.reads = 0
        self.session, self.revision = -1, -1
        self.used_at = float("-inf")

    def fresh_at(self, stream: StreamState) -> float:
        if self.session == stream.session and stream.heard_at > self.read_at:
            return stream.heard_at
        return self.read_at

    def was_read_after(self, revision: int, stream: StreamState) -> bool:
        return revision == 0 or (self.session == stream.session and self.revision >= revision)

    def forget(self) -> None:
        self.read_at = self.read_wall = float("-inf")
        self.session = -1


class Keys(Confirmed):
    def __init__(self) -> None:
        super().__init__()
        self.held: "Held[KeySet]" = Held()


class OneList(Confirmed):
    def __init__(self, uri: str) -> None:
        super().__init__()
        self.uri = uri
        self.held: "Held[StatusList]" = Held()

    def says(self, index: int) -> Optional[int]:
        found = self.held.value
        return found.get(index) if found is not None else None

    def has_ended(self, now: float) -> bool:
        found = self.held.value
        return found is None or (found.expires_at is not None and found.expires_at <= now)


class Knowledge(StreamListener):
    """Thread-safe. `generation` changes whenever a verdict may have changed."""

    def __init__(self, authority: Authority, wall: Callable[[], float],
                 monotonic: Callable[[], float], tolerance: float, bound: float,
                 keys_max_age: float) -> None:
        self.authority, self.wall, self.monotonic = authority, wall, monotonic
        self.tolerance, self.bound, self.keys_max_age = tolerance, bound, keys_max_age
        self.generation = 0
        self.stream = StreamState()
        self.keys = Keys()
        self.began = threading.Event()
        self._lock = threading.Lock()
        self._lists: Dict[str, OneList] = {}
        self._keys_seen = 0
        self._least_offset = float("inf")

    # --- reading ------------------------------------------------------------------------------

    def read_keys(self, is_enough: Optional[Callable[[KeySet], bool]] = None,
                  may: Optional[Callable[[], bool]] = None) -> Optional[KeySet]:
        """None: they could not be read; `keys.held.error` says why. `is_enough` says whether those
        will do that somebody else read while this call waited."""
        before, seen = self.keys.held.value, self.stream.facts.keys_changed

        def fetch() -> KeySet:
            found, held = self.authority.key_set(), self.keys.held.value
            return held if held is not None and found.is_same_as(held) else found

        found = self.keys.held.refresh(self._noting(self.keys, fetch), self.monotonic,
                                       is_enough or _never, may)
        if found is None:
            return None
        self._keys_seen = seen
        if found is not before:
            self.generation += 1
        return found

    def list_of(self, uri: str) -> OneList:
        found = self._lists.get(uri)
        if found is not None:
            return found
        with self._lock:
            if len(self._lists) >= LISTS_MAX:
                idle = min(self._lists.values(), key=lambda one: one.used_at)
                del self._lists[idle.uri]
            return self._lists.setdefault(uri, OneList(uri))

    def lists(self) -> List[OneList]:
        with self._lock:
            return list(self._lists.values())

    def read_list(self, one: OneList,
                  is_enough: Optional[Callable[[StatusList], bool]] = None) -> bool:
        """False: it could not be read; `one.held.error` says why."""
        before = one.held.value
        found = one.held.refresh(self._noting(one, lambda: self._fetch_list(one.uri)),
                                 self.monotonic, is_enough or _never)
        if found is not None and (before is None or not found.is_same_as(before)):
            self.generation += 1
        return found is not None

    def _fetch_list(self, uri: str) -> StatusList:
        for is_last in (False, True):
            keys = self.keys.held.value or self.read_keys(_always)
            if keys is None:
                raise self.keys.held.error or StatusListError("there is no key set yet")
            try:
                return self.authority.status_list(uri, keys, self.wall())
            except StatusListError as error:
                if error.code != "unknown_key" or is_last:
                    raise
                self.read_keys()
        raise AssertionError("the loop returns or raises")

    def _noting(self, one: Confirmed, fetch: Callable[[], Any]) -> Callable[[], Any]:
        def noted() -> Any:
            # What the stream says while the request is under way is news to its answer as well.
            session, position = self.stream.session, self.stream.position
            at, wall = self.monotonic(), self.wall()
            found = fetch()
            one.session, one.revision = session, position[1] if position is not None else 0
            one.read_at, one.read_wall = at, wall
            one.reads += 1
            return found

        return noted

    # --- keeping it fresh -----------------------------------------------------------------------

    def tend(self, checks_status: bool) -> None:
        """One round of what must be read now. Errors stay in what they concern."""
        now = self.monotonic()
        if self.keys.held.value is not None and self._keys_are_due(now):
            self.read_keys()
        for one in self.lists() if checks_status else ():
            if self._is_due(one, now):
                self.read_list(one)

    def _keys_are_due(self, now: float) -> bool:
        if self.stream.facts.keys_changed != self._keys_seen:
            return True
        age = now - self.keys.read_at
        is_covered = self.keys.session == self.stream.session and self.stream.is_live(now)
        if now - self.keys.used_at < IDLE_SECONDS and not is_covered:
            return age > min(self.bound, self.keys_max_age) / 2
        return age > self.keys_max_age * 0.8

    def _is_due(self, one: OneList, now: float) -> bool:
        if now - one.used_at > IDLE_SECONDS:
            return False
        found = one.held.value
        if found is None:
            return True
        if found.expires_at is not None and found.expires_at - self.wall() < 60.0:
            return now - one.read_at > TTL_DEFAULT
        if one.session == self.stream.session and self.stream.is_live(now):
            return False
        return now - one.read_at >= min(float(found.ttl or TTL_DEFAULT), self.bound / 2)

    # --- what the stream tells ------------------------------------------------------------------

    def stream_began(self, position: Position, is_continued: bool, is_reset: bool = False) -> None:
        stream = self.stream
        self._least_offset = float("inf")
        if not is_continued:
            if stream.position is not None:
                # Something may have been missed: what was learned before counts no more.
                stream.facts = stream.facts.begin_again((position[1], self.wall()))
            else:
                stream.facts.keys_changed += 1  # read again, so that the stream covers them
            stream.session += 1
            stream.began_at = self.wall()
        if is_reset:
            for one in self.lists():
                one.forget()
            self.keys.forget()
        stream.position, stream.error = position, None
        self.generation += 1
        self.began.set()

    def stream_moved(self, position: Position, event: Optional[Mapping[str, Any]],
                     at: Optional[datetime] = None) -> None:
        stream = self.stream
        if event is not None:
            data = event.get("data")
            made = at.timestamp() if at is not None else self.wall()
            stream.facts.apply(data.get("facts") if isinstance(data, dict) else None,
                               (position[1], made), event.get("type") == "token.created")
            if stream.facts.is_full():
                stream.facts = stream.facts.empty((position[1], max(made, self.wall())))
        # In this order: who sees the new position has the facts.
        stream.position = position
        if event is not None:
            self.generation += 1
        stream.heard_at = max(stream.heard_at, self.monotonic() - self._delay_of(at))

    def _delay_of(self, at: Optional[datetime]) -> float:
        """How much later it came than the quickest frame of the connection. What lay about on the
        way says how it was then, and not how it is."""
        if at is None:
            return 0.0
        offset = self.wall() - at.timestamp()
        self._least_offset = min(self._least_offset, offset)
        delay = offset - self._least_offset
        if delay > self.bound:
            raise StreamError("the event stream is too far behind", code="stream_late")
        return delay

    def stream_ended(self, error: LatchkeyError) -> None:
        if self.stream.error is None:
            log.warning("the event stream is not heard (%s); polling instead", error.code)
        self.stream.error = error
        self.began.set()

    def state(self) -> Tuple[Dict[str, Any], float]:
        now = self.monotonic()
        lists = [{"uri": one.uri, "age": now - one.fresh_at(self.stream)} for one in self.lists()]
        return {
            "streamIsLive": self.stream.is_live(now), "position": self.stream.position,
            "streamError": self.stream.error.code if self.stream.error is not None else None,
            "lists": lists, "keysAge": now - self.keys.fresh_at(self.stream)}, now
