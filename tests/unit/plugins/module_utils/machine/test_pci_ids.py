# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.machine import pci_ids
from hypothesis import given
from hypothesis import strategies as st

# In the form of pci.ids
LIST = """# List of PCI ID's
#	Version: 2026.08.22

1002  Advanced Micro Devices, Inc. [AMD/ATI]
	2235  Another maker's device of the same number
10de  NVIDIA Corporation
	2235  GA102GL [A40]
		10de 145a  A40 PCIe
	26b5  AD102GL [L40]
	1a2b  Odd name [old] of a chip
		10de 26b9  A subsystem is no device
C 03  Display controller
	00  VGA compatible controller
"""


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("10de:2235", "A40"),
        ("10de:26b5", "L40"),
        ("10de:1a2b", "Odd name [old] of a chip"),
        ("1002:2235", "Another maker's device of the same number"),
        ("10de:26b9", None),
        ("10de:145a", None),
        ("ffff:2235", None),
    ],
)
def test_name_of_a_device(key, name):
    assert pci_ids.names(LIST, [key]).get(key) == name
    assert pci_ids.names(LIST.replace("\n", "\r\n"), [key]).get(key) == name


def test_only_what_is_wanted():
    assert pci_ids.names(LIST, ["10de:2235", "10de:26b5"]) == {"10de:2235": "A40", "10de:26b5": "L40"}
    assert pci_ids.names(LIST, []) == {}


@pytest.mark.parametrize("broken", ["", "\0" * 100, "10de", "\t2235  GA102GL [A40]", LIST[:130], "<html>"])
def test_broken_list_has_no_names(broken):
    assert pci_ids.names(broken, ["10de:2235"]) == {}


@given(st.text())
def test_any_text(text):
    assert all(name.isprintable() for name in pci_ids.names(text, ["10de:2235"]).values())
