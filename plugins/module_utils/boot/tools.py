# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host tools: a folder of Python code that boot units run. What is wanted, and what that takes."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from typing import Any, Dict, List, NamedTuple, Optional, Sequence

from ..common.disruption import NONE, by
from ..common.errors import EdgesiteError

ROOT = "/usr/local/lib/edgesite-gpu"
CURRENT = ROOT + "/current"
# What boot units run, with what keeps Python from looking for modules anywhere but in its own library.
PROGRAM = "-I -S {0}/__main__.py".format(CURRENT)

# Far above what the tools need, far below what fills a host.
_LARGEST = 64 * 1024 * 1024
_PATH = re.compile(r"(\w[\w-]*/)*\w+\.py", re.ASCII)
_SENT_AGAIN = "Run again; if this persists, reinstall the collection on the controller"

Manifest = Dict[str, str]


class State(NamedTuple):
    """What is installed: SHA-256 of each file by its path below the version's folder, and the version.

    Something that is not as an installation leaves it has, in place of its SHA-256, what it is.
    present: whether there is anything at all, if only the rest of an installation or of a removal.
    """

    files: Manifest
    version: Optional[str]
    present: bool = False


class Install(NamedTuple):
    """Puts a version in place, or with None takes all away. Both tell what they replace."""

    version: Optional[str]
    previous: Optional[str]


class Entry(NamedTuple):
    """An entry of an archive. size: of the unpacked data; plain: whether it is a file, and readable without a key."""

    name: str
    size: int
    plain: bool


def version_of(manifest: Manifest) -> Optional[str]:
    """A short name for exactly these files; None for no files."""
    if not manifest:
        return None
    listing = "".join("{0} {1}\n".format(digest, path) for path, digest in sorted(manifest.items()))
    return hashlib.sha256(listing.encode()).hexdigest()[:16]


def demanded(present: bool, manifest: Manifest) -> Manifest:
    """The files that are to be there. Raises EdgesiteError where nothing says which."""
    if present and not manifest:
        raise EdgesiteError(
            "state is present, but manifest, which lists what to install, is empty",
            "Run edgesite.gpu.host_tools as a task: its controller side sets the manifest",
        )
    return manifest if present else {}


def check_archive(entries: Sequence[Entry], manifest: Manifest) -> None:
    """Raises EdgesiteError where an archive holds anything but the manifest's files, each once."""
    names = Counter(entry.name for entry in entries)
    faults = (
        ("has {0}, which is not in the manifest", sorted(set(names) - set(manifest))),
        ("lacks {0}", sorted(set(manifest) - set(names))),
        ("has {0} more than once", sorted(name for name, times in names.items() if times > 1)),
        ("has {0}, which is not the path of a Python file", [path for path in manifest if not _PATH.fullmatch(path)]),
        ("has {0} as something other than a plain file", [entry.name for entry in entries if not entry.plain]),
    )
    for fault, found in faults:
        if found:
            raise damaged("it " + fault.format(repr(found[0])))
    if sum(entry.size for entry in entries) > _LARGEST:
        raise damaged("it unpacks to more than {0} MiB".format(_LARGEST // 1024**2))


def damaged(how: str) -> EdgesiteError:
    """The error for an archive that is not what the controller's manifest says."""
    return EdgesiteError(
        "cannot install the host tools: the archive arrived damaged from the controller: {0}".format(how), _SENT_AGAIN
    )


def plan(wanted: Manifest, observed: State) -> List[Install]:
    """One installation, unless every wanted file is there and nothing else is."""
    if wanted == observed.files and (wanted or not observed.present):
        return []
    return [Install(version_of(wanted), observed.version)]


def describe(action: Install) -> str:
    """The action for people."""
    if action.version is None:
        return "remove the host tools {0}".format(action.previous or "that are left over from an earlier run")
    if action.previous is None:
        return "install the host tools {0}".format(action.version)
    if action.previous == action.version:
        return "repair the host tools {0}".format(action.version)
    return "replace the host tools {0} by {1}".format(action.previous, action.version)


def disruption(_action: Install) -> Dict[str, Any]:
    """Nothing: boot units run the tools only at boot."""
    return by(NONE)
