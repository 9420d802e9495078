# SPDX-License-Identifier: GPL-3.0-or-later
"""The site of the tests: up before the first one, gone after the last."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from edgelab.lock import locked
from labtest import SITE, lab


@pytest.fixture(scope="session")
def site() -> Path:
    """The site, up."""
    lab("up", str(SITE))
    return SITE


@pytest.fixture(scope="session", autouse=True)
def cleaned() -> Iterator[None]:
    """Nothing stays behind, whatever the tests do; two runs at once would take each other's site down."""
    with locked(Path(__file__), "the lab's tests"):
        yield
        lab("down", str(SITE), check=False)
