# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all tests that run ansible share."""

from __future__ import annotations

from pathlib import Path

import pytest

CALLBACKS = Path(__file__).resolve().parents[1] / "callback_plugins"


@pytest.fixture(scope="session", autouse=True)
def fixture_module_cache(tmp_path_factory):
    """Modules are packed once for all tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANSIBLE_CALLBACK_PLUGINS", str(CALLBACKS))
        patch.setenv("EDGESITE_MODULE_CACHE", str(tmp_path_factory.mktemp("modules")))
        yield
