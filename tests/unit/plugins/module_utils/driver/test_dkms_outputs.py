# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `dkms status` prints on whole hosts. Each file has an output and how it is read: the next report is one more."""

from __future__ import annotations

import json

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.driver import parse
from ansible_collections.edgesite.gpu.plugins.module_utils.driver.parse import Dkms
from ansible_collections.edgesite.gpu.tests.unit.places import FIXTURES

OUTPUTS = sorted((FIXTURES / "driver" / "dkms").glob("*.json"))


@pytest.mark.parametrize("file", OUTPUTS, ids=lambda file: file.stem)
def test_an_output_is_read_as_its_file_says(file):
    case = json.loads(file.read_text())
    assert parse.parse_dkms("\n".join(case["output"])) == [Dkms(**one) for one in case["expected"]]
