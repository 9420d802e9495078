# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text files and links that this collection owns, replaced in one step."""

from __future__ import annotations

import os
import stat
import tempfile
from typing import Optional, Tuple

from ..errors import EdgesiteError

_AS_ROOT = "Run the task as root (become: true)"
_SPACE = "Run the task as root (become: true), or free disk space: 'df {0}' on the host shows how much is left"


def read_text(path: str) -> Optional[str]:
    """The text of a file, or None where there is none."""
    try:
        with open(path, encoding="utf-8", newline="") as stream:
            return stream.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise EdgesiteError("cannot read {0}: {1}".format(path, error.strerror), _fix(path, error)) from error
    except UnicodeDecodeError as error:
        raise EdgesiteError(
            "cannot read {0}: it is not text in UTF-8".format(path),
            "Restore the file from a backup, or remove it: run 'rm {0}' on the host".format(path),
        ) from error


def _fix(path: str, error: OSError) -> str:
    if isinstance(error, PermissionError):
        return _AS_ROOT
    return "Run 'ls -ld {0}' on the host to see what is there, and look for disk errors in dmesg".format(path)


def mode(path: str, without: int = 0o644) -> int:
    """The mode of a file; of one that is still to come where there is none."""
    try:
        return stat.S_IMODE(os.stat(path).st_mode)
    except OSError:
        return without


def write_text(path: str, content: str, mode: int = 0o644, owner: Optional[Tuple[int, int]] = None) -> None:
    """Replaces a file, so that a reader or a crash sees the old one or the new one, never half of it.

    owner: ids of user and group, where it is not to be the one who writes.
    """
    folder = os.path.dirname(path)
    temporary = None
    try:
        if not os.path.isdir(folder):
            os.makedirs(folder)
            os.chmod(folder, 0o755)
        descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=".edgesite-")
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        if owner is not None:
            os.chown(temporary, *owner)
        os.chmod(temporary, mode)
        os.rename(temporary, path)
    except OSError as error:
        if temporary is not None and os.path.exists(temporary):
            os.unlink(temporary)
        raise EdgesiteError(
            "cannot write {0}: {1}".format(path, error.strerror),
            _SPACE.format(os.path.dirname(path)),
        ) from error


def remove(path: str) -> None:
    """Takes a file away; none there is fine."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise EdgesiteError("cannot remove {0}: {1}".format(path, error.strerror), _AS_ROOT) from error


def read_link(path: str) -> Optional[str]:
    """Where a link points to, or None where there is none."""
    try:
        return os.readlink(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise EdgesiteError(
            "{0} has to be a symbolic link, but cannot be read as one: {1}".format(path, error.strerror),
            "Run 'mv {0} {0}.old' on the host, and run again".format(path),
        ) from error


def write_link(path: str, target: Optional[str]) -> None:
    """Points a link to a target; None takes it away."""
    if target is None:
        remove(path)
        return
    draft = path + ".new"
    try:
        if os.path.lexists(draft):
            os.unlink(draft)
        os.symlink(target, draft)
        os.rename(draft, path)
    except OSError as error:
        if os.path.islink(draft):
            os.unlink(draft)
        raise EdgesiteError(
            "cannot create the link {0}: {1}".format(path, error.strerror),
            _SPACE.format(os.path.dirname(path)),
        ) from error
