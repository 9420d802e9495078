# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of one version of the host tools: written once, whole, and never changed."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from typing import Dict, Iterator, Tuple

from ..tools import Manifest
from .tools_compiled import RECORD, counted

_FILE, _FOLDER = 0o644, 0o755
_BLOCK = 1024 * 1024


def write(folder: str, content: Dict[str, bytes]) -> None:
    """Fills an empty folder. Returns once all is on the disk."""
    for path, data in content.items():
        place = os.path.join(folder, path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "wb") as stream:
            stream.write(data)
    for below, _folders, names in os.walk(folder):
        for name in names:
            _settle(os.path.join(below, name), _FILE)
        _settle(below, _FOLDER)


def look(folder: str) -> Manifest:
    """Path and SHA-256 of each file; for whatever else there is, and must not be, what it is instead."""
    return counted(dict(_below(folder, "")), _record(os.path.join(folder, RECORD)))


def flaw(path: str, mode: int = _FOLDER) -> str:
    """Why something is not root's own, for all to read and for nobody else to change; else empty."""
    try:
        status = os.stat(path, follow_symlinks=False)
    except OSError as error:
        return _unreadable(error)
    if not (stat.S_ISDIR if mode == _FOLDER else stat.S_ISREG)(status.st_mode):
        return "not a {0}".format("folder" if mode == _FOLDER else "plain file")
    # Whoever looks could also be the one who installed; on a host that is root.
    if status.st_uid not in (0, os.geteuid()):
        return "owned by user {0}".format(status.st_uid)
    return "" if stat.S_IMODE(status.st_mode) == mode else "mode {0:04o}".format(stat.S_IMODE(status.st_mode))


def _digest(path: str) -> str:
    """SHA-256 of a file."""
    found = hashlib.sha256()
    with open(path, "rb") as stream:
        for block in iter(lambda: stream.read(_BLOCK), b""):
            found.update(block)
    return found.hexdigest()


def flush(path: str) -> None:
    """Returns once a file, or the names in a folder, are on the disk: a power cut leaves all of it or nothing."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _settle(path: str, mode: int) -> None:
    os.chmod(path, mode)
    flush(path)


def _below(folder: str, prefix: str) -> Iterator[Tuple[str, str]]:
    """All that is in a folder, and the folder itself where something is wrong with it."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield prefix or "./", _unreadable(error)
        return
    wrong = flaw(folder) or ("" if entries else "an empty folder")
    if wrong:
        yield prefix or "./", wrong
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _below(entry.path, prefix + entry.name + "/")
        else:
            yield prefix + entry.name, _file(entry.path)


def _file(path: str) -> str:
    # In this order: to open what is not a file can take for ever.
    wrong = flaw(path, _FILE)
    try:
        return wrong or _digest(path)
    except OSError as error:
        return _unreadable(error)


def _unreadable(error: OSError) -> str:
    return "unreadable: {0}".format(error.strerror)


def _record(path: str) -> Manifest:
    """What was compiled; nothing where that cannot be told, so that all compiled code is found."""
    if flaw(path, _FILE):
        return {}
    try:
        with open(path, encoding="utf-8") as stream:
            found = json.load(stream)
    except (OSError, ValueError):
        found = None
    return found if isinstance(found, dict) else {}
