# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what the host has for policies of key slots, as systemd-cryptenroll would find it."""

from __future__ import annotations

import os
from typing import Sequence

from ...common.errors import EdgesiteError
from .. import luks2
from ..policy import FOLDERS, PCRLOCK, PCRLOCK_FOLDERS, PUBLIC_KEY, SIGNATURE, Means


def look(release: int) -> Means:
    """What is there. release: systemd's."""
    public_key = _first(FOLDERS, PUBLIC_KEY)
    return Means(
        release,
        public_key,
        _digest(public_key) if public_key else "",
        _first(FOLDERS, SIGNATURE),
        _first(PCRLOCK_FOLDERS, PCRLOCK),
    )


def _first(folders: Sequence[str], name: str) -> str:
    paths = (os.path.join(folder, name) for folder in folders)
    return next((path for path in paths if os.path.exists(path)), "")


def _digest(path: str) -> str:
    try:
        with open(path, "rb") as stream:
            return luks2.digest(stream.read())
    except OSError as error:
        raise EdgesiteError(
            "cannot read {0}: {1}".format(path, error.strerror), "Run the task as root (become: true)"
        ) from error
