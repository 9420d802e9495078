# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads and writes what this collection has changed on the GPUs of this host."""

from __future__ import annotations

import contextlib
from typing import Callable, ContextManager, Iterator, Optional

from ...common.errors import EdgesiteError
from ...common.host import owned_files
from .. import changed
from ..changed import Entry, Noted
from ..nvml_errors import PYNVML_MISSING, NvmlError
from .process import NvmlProcess

SETTINGS, MIG = changed.SETTINGS, changed.MIG

# Opens NVML
Open = Callable[[], ContextManager[NvmlProcess]]


def read(path: str) -> Noted:
    """What is noted. Raises EdgesiteError where the file is not one of this collection."""
    return changed.parse(path, owned_files.read_text(path))


def known(path: str) -> Noted:
    """The same for those who cannot wait until somebody has mended the file: one that is damaged says nothing."""
    with contextlib.suppress(EdgesiteError):
        return read(path)
    return {}


def put(path: str, uuid: str, key: str, entry: Optional[Entry]) -> None:
    """Notes an entry, or with None forgets it. Raises EdgesiteError."""
    noted = known(path)
    text = changed.text(changed.put(noted, uuid, key, entry))
    if text is None:
        owned_files.remove(path)
    elif text != changed.text(noted):
        owned_files.write_text(path, text)


@contextlib.contextmanager
def opened(path: str, make: Open, wanted: bool) -> Iterator[Optional[NvmlProcess]]:
    """NVML, for what is wanted of GPUs; where nothing is, None where nothing is noted or the driver does not work.

    The boot unit can be removed then too.
    """
    with contextlib.ExitStack() as stack:
        nvml = None
        if wanted or known(path):
            try:
                nvml = stack.enter_context(make())
            except NvmlError as error:
                # The controller sends pynvml to a host that says so.
                if wanted or error.code == PYNVML_MISSING:
                    raise
        yield nvml
