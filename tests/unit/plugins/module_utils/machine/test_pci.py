# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.machine import pci
from ansible_collections.edgesite.gpu.plugins.module_utils.machine.pci_names import NAMES
from hypothesis import given
from hypothesis import strategies as st

HEX4 = st.text("0123456789abcdef", min_size=4, max_size=4)


def device(vendor_id, device_id, class_code):
    return pci.Device("0000:01:00.0", vendor_id, device_id, class_code)


@pytest.mark.parametrize(
    "vendor_id, device_id, class_code, kind, vendor, name",
    [
        ("10de", "20b0", "030200", "gpu", "nvidia", None),
        ("10de", "2684", "030000", "gpu", "nvidia", None),
        ("10de", "22ba", "040300", None, "nvidia", None),
        # a PCIe root port of a Jetson
        ("10de", "229e", "060400", None, "nvidia", None),
        ("1002", "74a1", "120000", "gpu", "amd", "Instinct MI300X"),
        ("1002", "740f", "038000", "gpu", "amd", "Instinct MI210"),
        ("1002", "ab28", "040300", None, "amd", None),
        ("1022", "1502", "118000", "npu", "amd", None),
        ("1022", "14d8", "060000", None, "amd", None),
        ("8086", "56c0", "038000", "gpu", "intel", "Data Center GPU Flex 170"),
        ("8086", "0bda", "038000", "gpu", "intel", "Data Center GPU Max 1100"),
        # integrated graphics
        ("8086", "46a6", "030000", None, "intel", None),
        ("8086", "7d1d", "120000", "npu", "intel", "Core Ultra 200H/200V Series Processors NPU"),
        ("8086", "0b2b", "120000", "fpga", "intel", "PAC with Intel Stratix 10 SX FPGA [FPGA PAC D5005]"),
        ("8086", "1234", "120000", "accelerator", "intel", None),
        ("19e5", "d100", "120000", "npu", "huawei", "Ascend 310"),
        ("19e5", "d500", "120000", "npu", "huawei", "Ascend 310P"),
        ("19e5", "d801", "120000", "npu", "huawei", "Ascend 910"),
        ("19e5", "d802", "120000", "npu", "huawei", "Ascend 910B"),
        ("19e5", "d80f", "120000", "npu", "huawei", None),
        # Huawei's management chip drives a display, and its network cards are not accelerators either
        ("19e5", "1711", "030000", None, "huawei", None),
        ("19e5", "0222", "020000", None, "huawei", None),
        ("cabc", "0370", "120000", "npu", "cambricon", "MLU370"),
        ("cabc", "0270", "ff0000", "npu", "cambricon", "MLU270"),
        ("cabc", "ffff", "060400", None, "cambricon", None),
        ("1da3", "1020", "120000", "npu", "habana", "Gaudi2"),
        ("10ee", "5000", "120000", "fpga", "xilinx", "Alveo U200"),
        ("10ee", "7024", "070001", None, "xilinx", None),
        ("1172", "e003", "ff0000", "fpga", "altera", None),
        ("1e60", "2864", "0b4000", "npu", "hailo", "Hailo-8"),
        ("abcd", "0001", "120000", "accelerator", None, None),
        ("abcd", "0001", "020000", None, None, None),
    ],
)
def test_known_devices(vendor_id, device_id, class_code, kind, vendor, name):
    found = device(vendor_id, device_id, class_code)
    assert (pci.kind(found), pci.vendor(found), pci.name(found)) == (kind, vendor, name)


@given(st.sampled_from([*sorted(pci.MAKERS), "abcd"]) | HEX4, HEX4, st.text("0123456789abcdef", min_size=6, max_size=6))
def test_what_is_an_accelerator_was_worth_reading(vendor_id, device_id, class_code):
    if pci.kind(device(vendor_id, device_id, class_code)):
        assert pci.worth_reading(vendor_id, class_code)


def test_names_are_keyed_by_two_ids_of_known_makers():
    for key in NAMES:
        vendor_id, device_id = key.split(":")
        assert vendor_id in pci.MAKERS
        assert pci.hex_id(device_id) == device_id


@pytest.mark.parametrize(
    "text, expected",
    [("0x10DE\n", "10de"), ("0x030200", "030200"), ("10de", "10de"), ("", None), ("0x", None), ("0x10dg", None)],
)
def test_hex_id(text, expected):
    assert pci.hex_id(text) == expected


@pytest.mark.parametrize("text, expected", [("-1\n", None), ("0\n", 0), ("1", 1), ("", None), ("x", None)])
def test_numa_node(text, expected):
    assert pci.numa_node(text) == expected


@given(st.text())
def test_parsers_take_any_text(text):
    pci.hex_id(text)
    pci.numa_node(text)
