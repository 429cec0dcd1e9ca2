"""A program at a pseudo-terminal: what it prints, and what a person types."""

import fcntl
import os
import pty
import select
import struct
import termios
import time


class Terminal:
    """`text` is all that was printed, with plain line ends; `code` is there after read_all().
    `timeout` is for the whole dialogue, which may start many programs."""

    def __init__(self, command, environment, columns=80, timeout=300):
        self.bytes, self.code = b"", None
        self.deadline = time.monotonic() + timeout
        self.child, self.master = pty.fork()
        if self.child == 0:
            try:
                size = struct.pack("HHHH", 24, columns, 0, 0)
                fcntl.ioctl(1, termios.TIOCSWINSZ, size)
                os.execve(command[0], command, {**environment, "TERM": "xterm"})
            finally:
                os._exit(127)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.code is None:
            os.kill(self.child, 9)
            os.waitpid(self.child, 0)
        os.close(self.master)

    def _read(self):
        left = self.deadline - time.monotonic()
        if left <= 0 or not select.select([self.master], [], [], left)[0]:
            raise AssertionError(f"nothing more came after: {self.text!r}")
        try:
            data = os.read(self.master, 65536)
        except OSError:  # EIO: the other end was closed
            data = b""
        self.bytes += data
        return data

    @property
    def text(self):
        # Decoded as a whole: a read may end within a character or between "\r" and "\n".
        return self.bytes.decode(errors="replace").replace("\r\n", "\n")

    def expect(self, words):
        self.expect_after(words, 0)

    def expect_after(self, words, start):
        """Only what stands in `text` from `start` on counts."""
        self.expect_one_of((words,), start)

    def expect_one_of(self, choices, start):
        """The first of them that stands there."""
        while True:
            after = self.text[start:]
            found = [words for words in choices if words in after]
            if found:
                return min(found, key=after.index)
            if not self._read():
                raise AssertionError(f"none of {choices!r} ever came: {after!r}")

    def comes(self, words, start, seconds):
        """Whether they come so soon."""
        end = min(time.monotonic() + seconds, self.deadline)
        while words not in self.text[start:]:
            left = max(0, end - time.monotonic())
            if not select.select([self.master], [], [], left)[0] or not self._read():
                return False
        return True

    def wait_for_hidden_input(self):
        while termios.tcgetattr(self.master)[3] & termios.ECHO:
            if time.monotonic() > self.deadline:
                raise AssertionError("the terminal still shows what is typed")
            time.sleep(0.005)

    def send(self, text):
        os.write(self.master, text.encode())

    def read_all(self):
        while self._read():
            pass
        self.code = os.waitstatus_to_exitcode(os.waitpid(self.child, 0)[1])
        return self.text
