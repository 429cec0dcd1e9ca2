"""Waiting for what must come true, instead of sleeping."""

import time


def poll_until(ask, is_good, timeout=60):
    """What `ask` gave when it was good; fails with the last answer when that never comes."""
    deadline = time.monotonic() + timeout
    while True:
        answer = ask()
        if is_good(answer):
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"it never came true; at last: {answer!r}")
        time.sleep(0.02)
