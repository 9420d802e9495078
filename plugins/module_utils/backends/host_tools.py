# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of host tools on this host.

/usr/local/lib/edgesite-gpu/<version>/ holds a version's files, the link `current` says which one is in use. A version
is unpacked beside its place, checked and renamed, and the link is replaced in one step: whatever breaks off half-way,
`current` leads to whole tools.
"""

from __future__ import annotations

import compileall
import fcntl
import hashlib
import os
import shutil
import tempfile
import zipfile
from typing import Optional

from ..core.errors import EdgesiteError
from ..core.host_tools import ROOT, Manifest, State


def observe(root: str = ROOT) -> State:
    """The installed version and the SHA-256 of its files; caches of compiled code do not count."""
    current = os.path.join(root, "current")
    files: Manifest = {}
    for folder, _folders, names in os.walk(os.path.realpath(current)):
        if os.path.basename(folder) == "__pycache__":
            continue
        for name in names:
            path = os.path.join(folder, name)
            files[os.path.relpath(path, os.path.realpath(current))] = _digest(path)
    return State(files, os.path.basename(os.path.realpath(current)) if os.path.islink(current) else None)


def install(archive: str, version: str, manifest: Manifest, root: str = ROOT) -> None:
    """Puts the archive's files in place. Raises EdgesiteError."""
    staging: Optional[str] = None
    try:
        os.makedirs(root, exist_ok=True)
        os.chmod(root, 0o755)
        with open(os.path.join(root, ".lock"), "w", encoding="utf-8") as lock:
            # Two controllers at once: the second waits, and then puts the same in place.
            fcntl.flock(lock, fcntl.LOCK_EX)
            staging = tempfile.mkdtemp(dir=root, prefix=".new-")
            with zipfile.ZipFile(archive) as packed:
                packed.extractall(staging)
            _check(staging, manifest)
            _open_to_all(staging)
            # Compiled here, since this Python's cache format is known only here.
            compileall.compile_dir(staging, quiet=2)
            _put(staging, os.path.join(root, version))
            _point(os.path.join(root, "current"), version)
            _clean(root, version)
    except (OSError, zipfile.BadZipFile) as error:
        raise EdgesiteError(
            "cannot install the host tools below {0}: {1}".format(root, error),
            "Free disk space, or run as root: become: true",
        ) from error
    finally:
        if staging is not None:
            shutil.rmtree(staging, ignore_errors=True)


def remove(root: str = ROOT) -> None:
    """Takes all host tools away. Raises EdgesiteError."""
    try:
        shutil.rmtree(root)
    except OSError as error:
        raise EdgesiteError("cannot remove {0}: {1}".format(root, error), "Run as root: become: true") from error


def _digest(path: str) -> str:
    try:
        with open(path, "rb") as stream:
            return hashlib.sha256(stream.read()).hexdigest()
    except OSError as error:
        return "unreadable: {0}".format(error.strerror)


def _check(folder: str, manifest: Manifest) -> None:
    for path, digest in manifest.items():
        if _digest(os.path.join(folder, path)) != digest:
            raise EdgesiteError("{0} arrived damaged from the controller".format(path), "Run again")


def _open_to_all(staging: str) -> None:
    for folder, _folders, names in os.walk(staging):
        os.chmod(folder, 0o755)
        for name in names:
            os.chmod(os.path.join(folder, name), 0o644)


def _put(staging: str, place: str) -> None:
    # A folder of this name can only be one whose files were changed since: `plan` found it different.
    aside = staging + ".old"
    if os.path.exists(place):
        os.rename(place, aside)
    try:
        os.rename(staging, place)
    except OSError:
        if os.path.exists(aside):
            os.rename(aside, place)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _point(link: str, version: str) -> None:
    fresh = link + ".new"
    if os.path.lexists(fresh):
        os.unlink(fresh)
    os.symlink(version, fresh)
    os.rename(fresh, link)


def _clean(root: str, version: str) -> None:
    for name in os.listdir(root):
        if name not in (version, "current", ".lock"):
            shutil.rmtree(os.path.join(root, name), ignore_errors=True)
