"""Runs a command where there is no network but loopback: `unshare --map-root-user --net python loopback.py COMMAND...`"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import sys

GET_FLAGS, SET_FLAGS, UP = 0x8913, 0x8914, 1


def up(name: bytes) -> None:
    """Brings a network interface up; a new namespace has loopback, but down."""
    with socket.socket() as sock:
        now = fcntl.ioctl(sock, GET_FLAGS, struct.pack("16sh14x", name, 0))
        flags = struct.unpack("16sh14x", now)[1]
        fcntl.ioctl(sock, SET_FLAGS, struct.pack("16sh14x", name, flags | UP))


if __name__ == "__main__":
    up(b"lo")
    os.execvp(sys.argv[1], sys.argv[1:])
