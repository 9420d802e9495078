# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders and files on the controller that say who is trusted: nobody else can write them, and no link is followed."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import pwd
import shlex
import stat
import time
from typing import Any, Iterator

from ...module_utils.common.errors import EdgesiteError

# Longer than a queue of all forks on a site of thousands of hosts
LOCK_SECONDS = 60.0
_POLL_SECONDS = 0.05
# What open says of links, folders and sockets; pipes and devices open
_NO_FILE = (errno.ELOOP, errno.EISDIR, errno.ENXIO)


class NotAFile(ValueError):
    """Something else than a regular file is where a file is expected."""

    def __init__(self) -> None:
        super().__init__("it is not a regular file")


def check_folder(path: str) -> None:
    """Refuses a folder, of the option state_dir, that belongs to somebody else, or that others can write to."""
    found = os.stat(path)
    if found.st_uid not in (os.geteuid(), 0):
        owner, user = _user(found.st_uid), _user(os.geteuid())
        raise EdgesiteError(
            "The folder {0} for records of devices (state_dir) belongs to {1}, not to {2}, who runs the playbook, or "
            "to root".format(path, owner, user),
            "Run the playbook as {0}, or check what is in it and give it to {1}: chown -R {1} {2}".format(
                owner, user, shlex.quote(path)
            ),
        )
    if found.st_mode & 0o022:
        raise EdgesiteError(
            "Others than its owner can write to {0}, which is for records of devices (state_dir): its mode is "
            "{1:04o}".format(path, stat.S_IMODE(found.st_mode)),
            "Check what is in it, and then remove that permission: chmod go-w {0}".format(shlex.quote(path)),
        )


def make_folder(path: str) -> None:
    """Makes a folder for this user alone where it is missing, and checks it."""
    with contextlib.suppress(FileExistsError):
        os.mkdir(path, 0o700)
    if not stat.S_ISDIR(os.lstat(path).st_mode):
        raise EdgesiteError("{0} is not a folder".format(path), "Restore the folder from a backup")
    check_folder(path)


@contextlib.contextmanager
def locked(path: str) -> Iterator[None]:
    """Holds a lock, which everybody else waits for."""
    try:
        descriptor = _open(path, os.O_RDWR | os.O_CREAT)
    except NotAFile as error:
        raise EdgesiteError(
            "{0} cannot be a lock: {1}".format(path, error), "Remove it: rm -r {0}".format(shlex.quote(path))
        ) from error
    try:
        _wait(descriptor, path)
        yield
    finally:
        os.close(descriptor)


def read(path: str) -> Any:
    """The JSON in a file. Raises ValueError where there is something else, and OSError."""
    with open(_open(path, os.O_RDONLY), encoding="utf-8") as stream:
        try:
            return json.load(stream)
        except RecursionError as error:
            raise ValueError("it is nested too deeply") from error


def write(path: str, content: Any, draft: str) -> None:
    """Replaces a file, so that a reader or a crash sees the old one or the new one. draft: the new one until then."""
    # left by a run that was killed
    with contextlib.suppress(FileNotFoundError):
        os.unlink(draft)
    try:
        with open(_open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "w", encoding="utf-8") as stream:
            json.dump(content, stream, indent=2, sort_keys=True)
            stream.write("\n")
            stream.flush()
            os.fsync(stream.fileno())
        os.rename(draft, path)
    except OSError:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(draft)
        raise


def _open(path: str, flags: int) -> int:
    """Opens a regular file, and nothing else: not what a link points to, nor a pipe, which would keep us waiting."""
    try:
        descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno in _NO_FILE:
            raise NotAFile from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NotAFile
    return descriptor


def _wait(descriptor: int, path: str) -> None:
    end = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                raise EdgesiteError(
                    "Another process has held the lock {0} for more than {1:.0f} s".format(path, LOCK_SECONDS),
                    "Run again when the other playbook is done. If it hangs, stop it; this command shows its process: "
                    "fuser -v {0}".format(shlex.quote(path)),
                ) from None
        time.sleep(_POLL_SECONDS)


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
