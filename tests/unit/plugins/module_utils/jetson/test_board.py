# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson import board
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson.nvpmodel_conf import parse_conf
from ansible_collections.edgesite.gpu.tests.unit.shapes import text_of
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    "compatible, soc, module",
    [
        (["nvidia,p3768-0000+p3767-0005-super", "nvidia,p3767-0005", "nvidia,tegra234"], "tegra234", "p3767-0005"),
        (["nvidia,p3737-0000+p3701-0000", "nvidia,p3701-0000", "nvidia,tegra234"], "tegra234", "p3701-0000"),
        (["nvidia,p2972-0000", "nvidia,tegra194"], "tegra194", "p2972-0000"),
        (["nvidia,tegra264"], "tegra264", None),
        (["raspberrypi,5-model-b", "brcm,bcm2712"], None, None),
        ([], None, None),
    ],
)
def test_identity(compatible, soc, module):
    assert (board.soc(compatible), board.module_part(compatible)) == (soc, module)
    assert board.is_jetson(compatible) == (soc is not None)


def test_strings_of_the_device_tree():
    assert board.strings(b"nvidia,a\0nvidia,b\0") == ["nvidia,a", "nvidia,b"]
    assert board.strings(b"") == []


def test_tegra_release():
    found = board.parse_tegra_release(text_of("jetson", "nv_tegra_release/jetpack-6"))
    assert found == board.L4t("R36", "4.7", "36.4.7", 36, 4, 7)


@pytest.mark.parametrize("text", ["", "# R36 REVISION: 4.7", "R36 (release), REVISION: 4.7"])
def test_no_tegra_release(text):
    assert board.parse_tegra_release(text) is None


@pytest.mark.parametrize(
    "text, version, patch",
    [("36.5.0-20260115194252", "36.5.0", 0), ("35.4.1-20230801124926\n", "35.4.1", 1), ("38.2", "38.2", 0)],
)
def test_package_version(text, version, patch):
    found = board.parse_package_version(text)
    assert (found.version, found.patch) == (version, patch)


@pytest.mark.parametrize("text", ["", "36", "unknown"])
def test_no_package_version(text):
    assert board.parse_package_version(text) is None


@pytest.mark.parametrize(
    "version, expected",
    [
        ("35.1.0", "5.0.2"),
        ("35.2.1", "5.1"),
        ("35.5.0", "5.1.3"),
        ("35.6.2", "5.1.5"),
        ("35.6.4", "5.1.6"),
        ("36.3", "6.0"),
        ("36.4.0", "6.1"),
        ("36.4.7", "6.2.1"),
        ("36.5.0", "6.2.2"),
        ("36.5.2", "6.2.3"),
        ("38.2.2", "7.0"),
        ("38.4", "7.1"),
        ("39.2.0", "7.2"),
        ("39.2.1", "7.2.1"),
        ("40.1.0", None),
        ("36.4.9", None),
    ],
)
def test_jetpack(version, expected):
    assert board.jetpack(board.parse_package_version(version)) == expected


def conf():
    return parse_conf(text_of("jetson", "nvpmodel_conf/orin-nano-super-maxn"))


@pytest.mark.parametrize(
    "status, expected",
    [
        ("pmode:0002", (2, "MAXN_SUPER")),
        ("pmode:0005 fmode:quiet\n", (5, "7W")),
        # a mode that is no longer in the file
        ("pmode:0003", (3, None)),
        ("", (1, "25W")),
    ],
)
def test_power_mode(status, expected):
    mode = board.power_mode(conf(), board.parse_power_status(status))
    assert (mode.id, mode.name) == expected


def test_no_power_mode():
    assert board.power_mode(None, None) is None


def test_power_query_that_failed():
    assert board.parse_power_query("NVPM ERROR: failed") is None


@given(st.text())
def test_parsers_take_any_text(text):
    board.parse_tegra_release(text)
    board.parse_tegra_release("# R36 (release), REVISION: " + text)
    board.parse_package_version(text)
    board.parse_power_status("pmode:" + text)
    board.parse_power_query("NV Power Mode: " + text)
    board.soc([text])
    board.module_part([text])


@given(st.binary())
def test_strings_take_any_data(data):
    assert all(board.strings(data))
