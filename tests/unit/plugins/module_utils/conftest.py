# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of several files need."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import command
from ansible_collections.edgesite.gpu.tests.unit import tpm_emulator


@pytest.fixture
def module_run():
    """Runs programs as a module does."""
    return command.run


# for one test: ansible-test runs each test in a process of its own, which takes down no fixture of a wider scope
@pytest.fixture
def emulator(tmp_path):
    """A TPM without endorsement certificates."""
    with tpm_emulator.powered(tmp_path / "tpm") as made:
        yield made


@pytest.fixture
def certified_emulator(tmp_path):
    """A TPM as a manufacturer sells it."""
    with tpm_emulator.powered(tmp_path / "tpm", certified=True) as made:
        yield made
