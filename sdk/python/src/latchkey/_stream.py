"""The event stream (`/v1/events/stream`, server-sent events): a position that moves without gaps,
and a heartbeat every second that says how far it is.

Frames say which revisions they cover; the next one begins where the last one ended. A client that
sees otherwise has missed something, or is lied to: it drops the connection and says so."""

from __future__ import annotations

import random
import socket
import threading
import weakref
from datetime import datetime
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Tuple
from urllib.parse import urlsplit

from ._http import StandardTransport
from ._text import parse_object, parse_time
from .errors import LatchkeyError, StreamError

LINE_BYTES_MAX = 1 << 20
SILENCE_SECONDS_MAX = 5.0
CONNECT_SECONDS_MAX = 5.0

Position = Tuple[int, int]  # epoch, revision
Frame = Tuple[str, Dict[str, Any]]


class Source:
    """Where the bytes of one connection come from. Tests give their own."""

    def lines(self) -> Iterator[bytes]:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError


class HttpSource(Source):
    """One GET whose answer does not end. Every wait has an end: silence is a failure."""

    def __init__(self, transport: StandardTransport, url: str, headers: Mapping[str, str]) -> None:
        self._url, self._headers = url, dict(headers)
        self._socket: Optional[socket.socket] = transport.connect(url, CONNECT_SECONDS_MAX)

    def lines(self) -> Iterator[bytes]:
        connected = self._socket
        if connected is None:
            return
        connected.settimeout(SILENCE_SECONDS_MAX)
        parts = urlsplit(self._url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        lines = [f"GET {target} HTTP/1.1", f"Host: {parts.netloc}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in self._headers.items()]
        if any("\r" in line or "\n" in line for line in lines):
            raise StreamError("a header of the stream's request holds a line break")
        connected.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("ascii"))
        answered = _response_of(connected)
        if answered.status != 200:
            raise StreamError(f"the event stream was answered with {answered.status}",
                              code="stream_refused", status=answered.status,
                              request_id=answered.getheader("X-Request-Id"))
        kind = (answered.getheader("Content-Type") or "").split(";")[0].strip().lower()
        if kind != "text/event-stream":
            raise StreamError("the answer is no event stream", code="stream_refused")
        while True:
            line = answered.readline(LINE_BYTES_MAX + 1)
            if len(line) > LINE_BYTES_MAX:
                raise StreamError("a line of the event stream is too long")
            if not line:
                return
            yield line

    def close(self) -> None:
        connected, self._socket = self._socket, None
        if connected is not None:
            try:
                connected.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            connected.close()


def _response_of(connected: socket.socket) -> Any:
    import http.client

    answered = http.client.HTTPResponse(connected, method="GET")
    answered.begin()
    return answered


def frames_of(lines: Iterator[bytes]) -> Iterator[Frame]:
    """Server-sent events as (name, data); comments and what has no data are left out."""
    name, data, size = "message", [], 0  # type: str, List[bytes], int
    for raw in lines:
        line = raw.rstrip(b"\r\n")
        if not line:
            if data:
                found = parse_object(b"\n".join(data))
                if found is None:
                    raise StreamError("a frame of the event stream is no JSON object")
                yield name, found
            name, data, size = "message", [], 0
            continue
        field, _, value = line.partition(b":")
        value = value[1:] if value.startswith(b" ") else value
        if field == b"event":
            name = value.decode("ascii", "replace")
        elif field == b"data":
            size += len(value)
            if size > LINE_BYTES_MAX:
                raise StreamError("a frame of the event stream is too large")
            data.append(value)


def _count(data: Mapping[str, Any], name: str) -> int:
    value = data.get(name)
    if type(value) is not int or not 0 <= value < 1 << 63:
        raise StreamError(f"a frame of the event stream has no {name}")
    return int(value)


class Follower:
    """Checks what one connection says against what was said before. Pure: no I/O, no clock."""

    def __init__(self, position: Optional[Position]) -> None:
        self.position = position

    def take(self, name: str, data: Mapping[str, Any]) -> str:
        """`change`, `head`, `reset`, or `other` for what a later server may say."""
        if name == "reset":
            self.position = (_count(data, "epoch"), _count(data, "revision"))
            return name
        if name not in ("change", "head"):
            return "other"
        first, last = _count(data, "from"), _count(data, "to")
        epoch = _count(data["event"] if name == "change" and isinstance(data.get("event"), dict)
                       else data, "epoch")
        if self.position is not None:
            if epoch != self.position[0]:
                raise StreamError("the event stream changed its epoch without saying so")
            if first != self.position[1] + 1:
                raise StreamError("the event stream has a gap, or repeats itself", code="stream_gap")
        if last < first - (1 if name == "head" else 0):
            raise StreamError("the event stream counts backwards")
        if name == "change" and _count(data["event"], "revision") != last:
            raise StreamError("a frame of the event stream is for another revision")
        if name == "head" and _count(data, "revision") != last:
            raise StreamError("the event stream's head is not where it says")
        self.position = (epoch, last)
        return name


class StreamListener:
    """What a stream tells. All calls come from the stream's own thread."""

    def stream_began(self, position: Position, is_continued: bool, is_reset: bool = False) -> None:
        """It is heard. Not continued: what happened before is not known from it."""

    def stream_moved(self, position: Position, event: Optional[Mapping[str, Any]],
                     at: Optional[datetime] = None) -> None:
        """So far it was complete `at` that moment of the authority's clock; `event` is the news, if
        there is one. May raise StreamError: then the connection is to be dropped."""

    def stream_ended(self, error: LatchkeyError) -> None:
        """It is not heard now. It tries again by itself."""


class _Gone(Exception):
    """Nobody listens any more."""


class WeakListener(StreamListener):
    """Lets a listener that nobody uses any more be collected; its stream ends then."""

    def __init__(self, listener: StreamListener) -> None:
        self._listener = weakref.ref(listener)

    def _alive(self) -> StreamListener:
        listener = self._listener()
        if listener is None:
            raise _Gone()
        return listener

    def stream_began(self, position: Position, is_continued: bool, is_reset: bool = False) -> None:
        self._alive().stream_began(position, is_continued, is_reset)

    def stream_moved(self, position: Position, event: Optional[Mapping[str, Any]],
                     at: Optional[datetime] = None) -> None:
        self._alive().stream_moved(position, event, at)

    def stream_ended(self, error: LatchkeyError) -> None:
        self._alive().stream_ended(error)


class Session:
    """One connection: takes its frames, checks them, and tells the listener. Pure: no I/O."""

    def __init__(self, position: Optional[Position], listener: StreamListener) -> None:
        self._follower, self._listener = Follower(position), listener
        self._is_continued, self._is_first = position is not None, True

    @property
    def position(self) -> Optional[Position]:
        """Where the last frame that was taken ended."""
        return None if self._is_first else self._follower.position

    def take(self, name: str, data: Mapping[str, Any]) -> None:
        """Raises StreamError for what cannot be true; then the connection is to be dropped."""
        said = self._follower.take(name, data)
        position = self._follower.position
        if said == "other" or position is None:
            return
        if self._is_first or said == "reset":
            is_reset = said == "reset"
            self._listener.stream_began(position, self._is_continued and not is_reset, is_reset)
            self._is_first = False
        event = data["event"] if said == "change" else None
        self._listener.stream_moved(position, event,
                                    parse_time((data if event is None else event).get("at")))


Connect = Callable[[], Optional[Callable[[Optional[Position]], Source]]]


class Stream:
    """Keeps one connection, and makes another one when it ends. `connect` gives the way to one,
    or None when nobody needs it any more."""

    def __init__(self, connect: Connect, listener: StreamListener) -> None:
        self._connect, self._listener = connect, listener
        self._closed = threading.Event()
        self._source: Optional[Source] = None
        self._position: Optional[Position] = None
        self._was_heard = False
        self._thread = threading.Thread(target=self._run, name="latchkey-stream", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self, timeout: float = 2.0) -> None:
        self._closed.set()
        source = self._source
        if source is not None:
            source.close()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout)

    def _run(self) -> None:
        failures = lies = 0
        while not self._closed.is_set():
            self._was_heard = False
            try:
                error = self._listen_once()
                if self._closed.is_set():
                    return
                # A gap may be filled from where it began; who lies twice is read anew.
                lies = lies + 1 if error.code in ("stream_gap", "bad_stream") else 0
                if lies > 1:
                    self._position = None
                self._listener.stream_ended(error)
            except _Gone:
                return
            failures = 1 if self._was_heard else failures + 1
            self._closed.wait(random.uniform(0.05, min(5.0, 0.2 * 2.0 ** min(failures, 6))))

    def _listen_once(self) -> LatchkeyError:
        """Until it ends; returns why."""
        try:
            self._listen()
        except LatchkeyError as error:
            return error
        except _Gone:
            raise
        except socket.timeout:
            return StreamError("the event stream is silent: is there a proxy that buffers it?",
                               code="stream_silent")
        except Exception as error:  # a thread that dies unheard would leave a stale yes behind
            return StreamError(f"the event stream broke ({type(error).__name__})",
                               code="stream_broken")
        return StreamError("the event stream ended", code="stream_ended")

    def _listen(self) -> None:
        connect = self._connect()
        if connect is None:
            raise _Gone()
        source = self._source = connect(self._position)
        del connect  # it holds whom it belongs to
        try:
            if self._closed.is_set():
                return
            session = Session(self._position, self._listener)
            for name, data in frames_of(source.lines()):
                session.take(name, data)
                self._position = session.position
                self._was_heard = True
        finally:
            source.close()
            self._source = None
