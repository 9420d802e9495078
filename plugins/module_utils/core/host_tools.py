# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host tools: a folder of Python code that boot units run. What is wanted, and what that takes."""

from __future__ import annotations

import hashlib
from typing import Dict, List, NamedTuple, Optional

ROOT = "/usr/local/lib/edgesite-gpu"
CURRENT = ROOT + "/current"

Manifest = Dict[str, str]


class State(NamedTuple):
    """What is installed: SHA-256 of each file by its path below the folder, and the folder's version."""

    files: Manifest
    version: Optional[str]


class Install(NamedTuple):
    """Puts a version in place, or with None takes all away. Both tell what they replace."""

    version: Optional[str]
    previous: Optional[str]


def version_of(manifest: Manifest) -> Optional[str]:
    """A short name for exactly these files; None for no files."""
    if not manifest:
        return None
    listing = "".join("{0} {1}\n".format(digest, path) for path, digest in sorted(manifest.items()))
    return hashlib.sha256(listing.encode()).hexdigest()[:16]


def plan(wanted: Manifest, observed: State) -> List[Install]:
    """One installation, unless every wanted file is there and nothing else is."""
    if wanted == observed.files:
        return []
    return [Install(version_of(wanted), observed.version)]


def describe(action: Install) -> str:
    """The action for people."""
    if action.version is None:
        return "remove the host tools {0}".format(action.previous)
    if action.previous is None:
        return "install the host tools {0}".format(action.version)
    return "replace the host tools {0} by {1}".format(action.previous, action.version)
