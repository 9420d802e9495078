#!/usr/bin/env python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mounts a folder with one file, `hangs`: who reads it hangs in the kernel, and cannot be killed, until this ends.

    hanging_file.py FOLDER      as root; says 'mounted' on standard output

Speaks the kernel's side of FUSE (include/uapi/linux/fuse.h) itself, since libfuse answers every request.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import stat
import struct
import sys

_LOOKUP, _GETATTR, _OPEN, _INIT = 1, 3, 14, 26
# Reads, and that a reader was sent a signal: never answered. The rest is of no interest to those who read a file.
_UNANSWERED = {2: "FORGET", 15: "READ", 36: "INTERRUPT", 42: "BATCH_FORGET"}
_ENOSYS, _ENOENT = 38, 2
_HEADER_IN, _HEADER_OUT = struct.Struct("IIQQIIII"), struct.Struct("IiQ")
_ROOT, _FILE = 1, 2
_DIRECT_IO = 1
_MNT_DETACH = 2


def main():
    folder = os.path.abspath(sys.argv[1])
    os.makedirs(folder, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_arguments: sys.exit(0))
    device = os.open("/dev/fuse", os.O_RDWR)
    options = "fd={0},rootmode={1:o},user_id=0,group_id=0,allow_other".format(device, stat.S_IFDIR)
    _libc("mount", b"hanging_file", folder.encode(), b"fuse", ctypes.c_ulong(0), options.encode())
    try:
        serve(device)
    finally:
        # Before the device is closed: a folder that nobody answers for may not be found any more.
        with contextlib.suppress(OSError):
            _libc("umount2", folder.encode(), _MNT_DETACH)
        # Readers get an error as soon as nobody has the device.
        os.close(device)


def _libc(name, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, "{0}: {1}".format(name, os.strerror(number)))


def serve(device):
    while True:
        request = os.read(device, 1 << 18)
        _length, code, unique, node, _uid, _gid, _pid, _padding = _HEADER_IN.unpack_from(request)
        if code in _UNANSWERED:
            continue
        error, body = answer(code, node, request[_HEADER_IN.size :])
        os.write(device, _HEADER_OUT.pack(_HEADER_OUT.size + len(body), -error, unique) + body)
        if code == _INIT:
            print("mounted", flush=True)


def answer(code, node, data):
    if code == _INIT:
        return 0, struct.pack("IIIIHHIIHHI28x", 7, 31, 0, 0, 16, 12, 4096, 1, 1, 0, 0)
    if code == _LOOKUP:
        return (
            (0, struct.pack("QQQQII", _FILE, 0, 1, 1, 0, 0) + attributes(_FILE))
            if data == b"hangs\0"
            else (_ENOENT, b"")
        )
    if code == _GETATTR:
        return 0, struct.pack("QII", 1, 0, 0) + attributes(node)
    if code == _OPEN:
        return 0, struct.pack("QII", 0, _DIRECT_IO, 0)
    return _ENOSYS, b""


def attributes(node):
    mode = stat.S_IFDIR | 0o755 if node == _ROOT else stat.S_IFREG | 0o755
    return struct.pack("QQQQQQIIIIIIIIII", node, 4096, 8, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)


if __name__ == "__main__":
    main()
