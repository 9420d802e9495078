# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host tools on this host.

/usr/local/lib/edgesite-gpu/<version>/ holds a version's files, the link `current` says which one is in use. A version
is written beside its place, flushed to the disk and renamed, and the link is replaced in one step: whatever breaks off
half-way, `current` leads to whole tools.

A version's folder never changes. A program holds a shared lock on the folder that it runs from, and an installation
first removes the folders that nobody holds. The one that `current` leads to until then stays to the next installation:
a program that is just starting may have found its way there, and not hold it yet.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import shutil
import tempfile
from typing import ContextManager, Dict, Iterator, Optional

from ...common.errors import EdgesiteError
from ...common.host import owned_files, run_lock
from ..tools import ROOT, Manifest, State
from . import tools_archive, tools_folder
from .tools_compiled import with_compiled

_LINK = "current"
_LOCK = "/run/edgesite-gpu/host-tools.lock"
_SECONDS = 180.0


def alone() -> ContextManager[None]:
    """Keeps other runs from installing or removing the host tools meanwhile. Raises EdgesiteError."""
    return run_lock.held(
        _LOCK,
        "installing the host tools",
        "Wait for it to finish: 'fuser -v {0}' on the host shows the process".format(_LOCK),
        _SECONDS,
    )


def observe(root: str = ROOT) -> State:
    """The installed version and the SHA-256 of its files. Raises EdgesiteError."""
    name = _current(root)
    if name is None:
        return State({}, None, _is_filled(root))
    files = tools_folder.look(os.path.join(root, name))
    wrong = tools_folder.flaw(os.path.realpath(root))
    return State({**files, "../": wrong} if wrong else files, name.split("-")[0], True)


def install(archive: str, version: str, manifest: Manifest, root: str = ROOT) -> None:
    """Puts the archive's files in place. Raises EdgesiteError."""
    try:
        content = with_compiled(tools_archive.read(archive, manifest))
        _prepare(root)
        _clean(root)
        _point(root, _write(root, version, content))
    except OSError as error:
        raise EdgesiteError(
            "cannot install the host tools in {0}: {1}".format(root, error),
            "Run the task as root (become: true), or free disk space: 'df /usr' on the host shows how much is left",
        ) from error


def remove(root: str = ROOT) -> None:
    """Takes all host tools away. Raises EdgesiteError, also where a program runs from them."""
    try:
        with contextlib.ExitStack() as held:
            for path in _folders(root):
                if not held.enter_context(_unused(path)):
                    raise EdgesiteError(
                        "a program is still running from {0}".format(path),
                        "Run again once it has finished: systemctl status 'edgesite-gpu-*' shows running boot units",
                    )
            if os.path.islink(os.path.join(root, _LINK)):
                os.unlink(os.path.join(root, _LINK))
            shutil.rmtree(root)
    except OSError as error:
        raise EdgesiteError(
            "cannot remove {0}: {1}".format(root, error), "Run the task as root (become: true)"
        ) from error


def _is_filled(root: str) -> bool:
    try:
        return os.path.isdir(root) and bool(os.listdir(root))
    except OSError as error:
        raise EdgesiteError(
            "cannot read {0}: {1}".format(root, error.strerror), "Run the task as root (become: true)"
        ) from error


def _current(root: str) -> Optional[str]:
    """The name of the folder that `current` leads to; None where it leads to none beside it."""
    try:
        name = os.readlink(os.path.join(root, _LINK))
    except OSError:
        return None
    return name if os.path.basename(name) == name and not name.startswith(".") else None


def _prepare(root: str) -> None:
    os.makedirs(root, exist_ok=True)
    os.chown(root, os.geteuid(), os.getegid())
    os.chmod(root, 0o755)
    tools_folder.flush(os.path.dirname(root))


def _clean(root: str) -> None:
    """Removes what broke off, and the versions that nothing runs from."""
    current = _current(root)
    kept = () if current is None else (current, _LINK)
    for entry in list(os.scandir(root)):
        if entry.name in kept:
            continue
        if entry.is_dir(follow_symlinks=False):
            _remove_unused(entry.path)
        else:
            os.unlink(entry.path)


def _remove_unused(folder: str) -> None:
    with _unused(folder) as unused:
        if unused:
            shutil.rmtree(folder)


def _write(root: str, version: str, content: Dict[str, bytes]) -> str:
    """Makes the folder of a version; returns its name."""
    staging = tempfile.mkdtemp(dir=root, prefix=".new-")
    try:
        tools_folder.write(staging, content)
        name = _free_name(root, version)
        os.rename(staging, os.path.join(root, name))
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return name


def _point(root: str, name: str) -> None:
    """Lets `current` lead to a folder; where that fails, the folder goes again."""
    try:
        # The link must not reach the disk before what it leads to.
        tools_folder.flush(root)
        owned_files.write_link(os.path.join(root, _LINK), name)
    except (OSError, EdgesiteError):
        shutil.rmtree(os.path.join(root, name), ignore_errors=True)
        raise


def _folders(root: str) -> Iterator[str]:
    return (entry.path for entry in os.scandir(root) if entry.is_dir(follow_symlinks=False))


@contextlib.contextmanager
def _unused(folder: str) -> Iterator[bool]:
    """Whether nothing runs from a folder; if so, nothing starts there until this is left."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield _lock(descriptor)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _free_name(root: str, version: str) -> str:
    """A name that no folder has, as a version may be there already: damaged, or from before, with programs at work."""
    names = itertools.chain([version], ("{0}-{1}".format(version, number) for number in itertools.count(2)))
    return next(name for name in names if not os.path.lexists(os.path.join(root, name)))
