"""HTTP by the standard library: one deadline for a whole exchange, a bound on what is read, no
redirects, connections kept and reused. `Transport` is the hook for another one."""

from __future__ import annotations

import http.client
import io
import select
import socket
import ssl
import threading
import time
from typing import Any, Dict, List, Mapping, Optional, Protocol, Tuple
from urllib.parse import urlsplit

from ._fork import begins_anew
from ._text import is_loopback, origin_of
from .errors import ConfigurationError, NetworkError, RequestTimeout

BODY_BYTES_MAX = 4 * 1024 * 1024
_IDLE_SECONDS_MAX = 20.0
_KEPT_MAX = 8


class Answer:
    """A whole HTTP answer. Its `repr` shows no body: that may be a secret."""

    __slots__ = ("status", "headers", "body")

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.body = body

    def __repr__(self) -> str:
        return f"Answer(status={self.status}, bytes={len(self.body)})"


class Transport(Protocol):
    """How requests leave. Raise NetworkError for everything that is no answer."""

    def __call__(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: Optional[bytes],
        timeout: float,
        bytes_max: int,
    ) -> Answer:
        ...


class _DeadlineReader(io.RawIOBase):
    """Bytes of a socket, until a moment: a peer that drips cannot hold us longer than that."""

    def __init__(self, connected: socket.socket, deadline: "_Deadline") -> None:
        super().__init__()
        self._socket, self._deadline = connected, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._socket.settimeout(self._deadline.left())
        return self._socket.recv_into(buffer)


class _Deadline:
    __slots__ = ("_ends",)

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds

    def left(self) -> float:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise socket.timeout("the deadline has passed")
        return left


class _DeadlineSocket:
    """As much of a socket as http.client uses."""

    def __init__(self, connected: socket.socket, deadline: _Deadline) -> None:
        self.real, self._deadline = connected, deadline

    def sendall(self, data: Any) -> None:
        self.real.settimeout(self._deadline.left())
        self.real.sendall(data)

    def makefile(self, *_: Any, **__: Any) -> io.BufferedReader:
        return io.BufferedReader(_DeadlineReader(self.real, self._deadline))

    def close(self) -> None:
        """http.client closes before the body was read; whoever opened the socket closes it."""


def secure_context(cafile: Optional[str]) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=cafile)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError("the file of certificate authorities cannot be read") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def check_url(url: str, insecure_http: bool, what: str) -> str:
    """The URL without a slash at its end, if credentials may go there."""
    try:
        origin_of(url)
    except ValueError as error:
        raise ConfigurationError(f"{what}: {error}") from None
    if urlsplit(url).scheme.lower() == "http" and not insecure_http and not is_loopback(url):
        raise ConfigurationError(
            f"{what} is not encrypted: anyone on the way could read the token",
            hint="use https, or say insecure_http=True",
        )
    return url.rstrip("/")


class StandardTransport:
    """Thread-safe. Connections that were idle long, or that the peer ended, are not used again."""

    def __init__(self, *, cafile: Optional[str] = None) -> None:
        self._cafile = cafile
        self._context: Optional[ssl.SSLContext] = None
        self.begin_after_fork()
        begins_anew(self)

    def begin_after_fork(self) -> None:
        self._lock = threading.Lock()
        self._idle: Dict[str, List[Tuple[float, socket.socket]]] = {}

    def __call__(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: Optional[bytes],
        timeout: float,
        bytes_max: int,
    ) -> Answer:
        deadline = _Deadline(timeout)
        parts = urlsplit(url)
        target = parts.path or "/"
        if parts.query:
            target += "?" + parts.query
        was_sent = False
        try:
            connected = self._take(url) or self.connect(url, deadline.left())
            was_sent = True
            return self._exchange(connected, deadline, method, url, target, headers, body,
                                  bytes_max)
        except socket.timeout as error:
            raise RequestTimeout(f"no whole answer of {parts.netloc} in {timeout:g} s") from error
        except ssl.SSLError as error:
            raise NetworkError(f"no secure connection to {parts.netloc}: {error.reason}",
                               code="tls") from error
        except OSError as error:
            what = "broke the connection off" if was_sent else "cannot be reached"
            raise NetworkError(f"{parts.netloc} {what}: {error.strerror or type(error).__name__}",
                               code="connection_lost" if was_sent else "unreachable") from error
        except (http.client.HTTPException, ValueError) as error:
            # Of the error its name alone, and no cause: its text may quote a header.
            raise NetworkError(f"{parts.netloc} gave no HTTP answer ({type(error).__name__})",
                               code="bad_answer") from None

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, {}
        for kept in idle.values():
            for _, connected in kept:
                connected.close()

    def connect(self, url: str, timeout: float) -> socket.socket:
        parts = urlsplit(url)
        is_secure = parts.scheme.lower() == "https"
        host = parts.hostname or ""
        connected = socket.create_connection((host, parts.port or (443 if is_secure else 80)),
                                             timeout=timeout)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not is_secure:
            return connected
        if self._context is None:
            self._context = secure_context(self._cafile)
        try:
            return self._context.wrap_socket(connected, server_hostname=host)
        except BaseException:
            connected.close()
            raise

    def _take(self, url: str) -> Optional[socket.socket]:
        origin = origin_of(url)
        while True:
            with self._lock:
                kept = self._idle.get(origin)
                if not kept:
                    return None
                since, connected = kept.pop()
            # A peer that has something to say now has only a farewell to say.
            ended = select.select([connected], [], [], 0)[0]
            if not ended and time.monotonic() - since < _IDLE_SECONDS_MAX:
                return connected
            connected.close()

    def _give_back(self, url: str, connected: socket.socket) -> None:
        with self._lock:
            kept = self._idle.setdefault(origin_of(url), [])
            if len(kept) < _KEPT_MAX:
                kept.append((time.monotonic(), connected))
                return
        connected.close()

    def _exchange(self, connected: socket.socket, deadline: _Deadline, method: str, url: str,
                  target: str, headers: Mapping[str, str], body: Optional[bytes],
                  bytes_max: int) -> Answer:
        is_reusable = False
        try:
            sent = http.client.HTTPConnection(urlsplit(url).netloc.rpartition("@")[2])
            sent.sock = _DeadlineSocket(connected, deadline)
            sent.request(method, target, body=body, headers=dict(headers))
            answered = sent.getresponse()
            body_read = _read_bounded(answered, bytes_max)
            is_reusable = not answered.will_close
            return Answer(answered.status, dict(answered.getheaders()), body_read)
        finally:
            if is_reusable:
                self._give_back(url, connected)
            else:
                connected.close()


def _read_bounded(answered: http.client.HTTPResponse, bytes_max: int) -> bytes:
    if answered.length is not None and answered.length > bytes_max:
        raise NetworkError(f"the answer is larger than {bytes_max} bytes", code="too_large")
    encoding = (answered.getheader("Content-Encoding") or "identity").lower()
    if encoding != "identity":
        raise NetworkError("the answer is packed, and nobody asked for that", code="bad_answer")
    body = answered.read(bytes_max + 1)
    if len(body) > bytes_max:
        raise NetworkError(f"the answer is larger than {bytes_max} bytes", code="too_large")
    if answered.length:
        raise http.client.IncompleteRead(b"", answered.length)
    return body
