# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may read a key's file, by names and numbers."""

from __future__ import annotations

import os

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm.host import key
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm.key import Access
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.common.line_cases import values
from hypothesis import given


def test_numbers_become_names_where_there_are_any():
    assert key.wanted_access("0", "00", 0o600) == Access("root", "root", 0o600)
    assert key.wanted_access("4200000000", "4200000001", 0o600) == Access("4200000000", "4200000001", 0o600)


@pytest.mark.parametrize("group", ["²", "99999999999999999999", "tss\0", "-1"])
def test_a_group_that_is_none_is_told(group):
    with pytest.raises(EdgesiteError, match="^group is "):
        key.wanted_access("root", group, 0o600)


@given(values("root", "0", "4200000000"))
def test_any_group_is_found_or_told(group):
    try:
        uid, gid = key.ids(key.wanted_access(str(os.getuid()), group, 0o600))
    except EdgesiteError as error:
        assert error.problem.startswith("group ") and error.fix
        return
    assert uid == os.getuid() and 0 <= gid < 0xFFFFFFFF
