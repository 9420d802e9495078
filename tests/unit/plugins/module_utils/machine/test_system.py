# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.machine import system
from hypothesis import given
from hypothesis import strategies as st

X86_GUEST = "processor\t: 0\nflags\t\t: fpu vme hypervisor lahf_lm\n"
X86_METAL = "processor\t: 0\nflags\t\t: fpu vme lahf_lm\n"
ARM = "processor\t: 0\nFeatures\t: fp asimd\n"


def test_os_release():
    text = '# comment\nID=ubuntu\nVERSION_ID="22.04"\nPRETTY_NAME=\'Ubuntu 22.04.5 LTS\'\nBROKEN\n=x\nQ="a \\"b\\""\n'
    expected = {"ID": "ubuntu", "VERSION_ID": "22.04", "PRETTY_NAME": "Ubuntu 22.04.5 LTS", "Q": 'a "b"'}
    assert system.parse_os_release(text) == expected


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_os_release_takes_escapes_back(value):
    escaped = "".join("\\" + character if character in '"$`\\' else character for character in value)
    assert system.parse_os_release('NAME="{0}"'.format(escaped)) == {"NAME": value}


@pytest.mark.parametrize(
    "data, expected",
    [
        (b"\x06\0\0\0\1", "enabled"),
        (b"\x06\0\0\0\0", "disabled"),
        (b"\x06\0\0\0\2", "unknown"),
        (b"\1", "unknown"),
        (b"", "unknown"),
    ],
)
def test_secure_boot(data, expected):
    assert system.secure_boot(data) == expected


@pytest.mark.parametrize(
    "container, cpuinfo, maker, product, device_tree, expected",
    [
        (True, X86_METAL, "Dell Inc.", "PowerEdge", False, "container"),
        (False, X86_GUEST, "QEMU", "Standard PC", False, "virtual"),
        (False, X86_METAL, "Dell Inc.", "PowerEdge R750", False, "physical"),
        (False, ARM, "QEMU", "KVM Virtual Machine", False, "virtual"),
        (False, ARM, "Microsoft Corporation", "Virtual Machine", False, "virtual"),
        (False, ARM, "Supermicro", "ARS-111GL", False, "physical"),
        # a Jetson
        (False, ARM, "", "", True, "physical"),
        (False, "", "", "", False, None),
    ],
)
def test_machine_kind(container, cpuinfo, maker, product, device_tree, expected):
    assert system.machine_kind(container, cpuinfo, maker, product, device_tree) == expected


@given(st.text(), st.text(), st.text(), st.binary())
def test_parsers_take_anything(one, two, three, data):
    system.parse_os_release(one)
    system.machine_kind(False, one, two, three, False)
    system.secure_boot(data)
