# SPDX-License-Identifier: GPL-3.0-or-later
"""The site of the tests: up before the first one, gone after the last."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from labtest import SITE, lab


@pytest.fixture(scope="session")
def site() -> Path:
    """The site, up."""
    if not shutil.which("podman"):
        pytest.skip("podman is not installed; 'make apt' installs it")
    lab("up", str(SITE))
    return SITE


@pytest.fixture(scope="session", autouse=True)
def cleaned() -> object:
    """Nothing stays behind, whatever the tests do."""
    yield
    if shutil.which("podman"):
        lab("down", str(SITE), check=False)
