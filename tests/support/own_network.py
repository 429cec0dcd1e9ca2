"""A network namespace of the test's own, for clients whose ports cannot be chosen: in it every port
is free, and nobody else's server answers.

    def setUpModule():
        own_network.enter()
"""

import ctypes
import fcntl
import os
import socket
import struct
import unittest

NEW_NETWORK, NEW_USER = 0x40000000, 0x10000000  # CLONE_NEWNET, CLONE_NEWUSER
SET_FLAGS, IS_UP = 0x8914, 1  # SIOCSIFFLAGS, IFF_UP


def enter():
    """This process and what it starts from now on. Skips the tests where the kernel forbids it."""
    libc = ctypes.CDLL(None, use_errno=True)
    flags = NEW_NETWORK if os.geteuid() == 0 else NEW_NETWORK | NEW_USER
    user, group = os.geteuid(), os.getegid()
    if libc.unshare(flags) != 0:
        why = os.strerror(ctypes.get_errno())
        raise unittest.SkipTest(f"network namespaces are not possible here: {why}")
    if flags & NEW_USER:
        # Root inside, so that the loopback device may be switched on.
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"),
                           ("gid_map", f"0 {group} 1")):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sH22x", b"lo", IS_UP))
