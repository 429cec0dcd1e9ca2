"""A client of /v1/events/stream that checks what every client must: no gap between frames."""

import json
import queue
import socket
import ssl
import threading
from urllib.parse import urlsplit


class Gap(Exception):
    pass


class EventStream:
    """Reads in a thread of its own; `next` waits for a frame, and None says that it has ended."""

    def __init__(self, url, token, query="", last=None, covered=None, ca=None, reads=True,
                 receive_bytes=None):
        parts = urlsplit(url)
        self.socket = socket.socket()
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.settimeout(120)
        self.socket.connect((parts.hostname, parts.port))
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=ca)
            context.check_hostname = False
            self.socket = context.wrap_socket(self.socket)
        lines = [f"GET /v1/events/stream{query} HTTP/1.1", f"Host: {parts.netloc}",
                 f"Authorization: Bearer {token}", "Accept: text/event-stream"]
        if last:
            lines.append(f"Last-Event-ID: {last}")
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self.frames = queue.Queue()
        self.last, self.covered, self.status = last, covered, None  # before the thread reads
        self.thread = threading.Thread(target=self._read, daemon=True)
        if reads:
            self.thread.start()

    def _read(self):
        try:
            file = self.socket.makefile("rb")
            self.status = int(file.readline().split()[1])
            while file.readline().strip():
                pass
            text = b""
            while self.status == 200 and (size := int(file.readline() or b"0", 16)):
                text += file.read(size)
                file.readline()
                *blocks, text = text.split(b"\n\n")
                for block in blocks:
                    self._take(block.decode())
        except (OSError, ValueError):
            pass
        except Gap as gap:
            self.frames.put(gap)
        self.frames.put(None)

    def _take(self, block):
        if block.startswith(":"):
            return
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        data = json.loads(fields["data"])
        if fields["event"] == "reset":
            self.covered = data["revision"]
        else:
            if self.covered is not None and data["from"] != self.covered + 1:
                raise Gap(f"{block} came after {self.covered}")
            self.covered = data["to"]
        self.last = fields["id"]
        self.frames.put((fields["event"], data))

    def next(self, timeout=60):
        frame = self.frames.get(timeout=timeout)
        if isinstance(frame, Gap):
            raise frame
        return frame

    def wait_for(self, kind, type=None, timeout=60):
        """The next frame of this kind; None when the stream ends before."""
        while frame := self.next(timeout):
            if frame[0] == kind and (type is None or frame[1]["event"]["type"] == type):
                return frame[1]
        return None

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()
