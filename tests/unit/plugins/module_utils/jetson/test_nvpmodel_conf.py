# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson.nvpmodel_conf import Setting
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.jetson.test_nvpmodel import (
    HEAD,
    MODES,
    TAIL,
    conf,
)
from ansible_collections.edgesite.gpu.tests.unit.shapes import text_of
from hypothesis import given
from hypothesis import strategies as st


def test_conf():
    read = conf()
    assert [(mode.id, mode.name) for mode in read.modes] == [(0, "MAXN"), (3, "50W"), (4, "15W")]
    assert read.default == 3
    assert read.modes[2].settings[1] == Setting("TPC_POWER_GATING", "TPC_PG_MASK", "240")
    assert read.parameters == {("CPU_ONLINE", "CORE_1"): "/sys/devices/system/cpu/cpu1/online"}


def test_conf_of_a_board_and_sections_that_nobody_knows_yet():
    read = conf(text_of("jetson", "nvpmodel_conf/orin-nano-super-maxn") + "< FAN_CONFIG DEFAULT=quiet >\nany thing\n")
    assert [mode.name for mode in read.modes] == ["15W", "25W", "MAXN_SUPER", "7W"]


@pytest.mark.parametrize(
    "text, line, what",
    [
        ("", 1, "no POWER_MODEL"),
        ("CORE_0 /sys\n" + TAIL, 1, "before any section"),
        (HEAD + "< POWER_MODEL ID=0 NAME=A\n" + TAIL, 3, "not a section header"),
        (HEAD + "  < POWER_MODEL ID=0 NAME=A >\n" + TAIL, 3, "which starts the line"),
        (HEAD + "< POWER_MODEL ID=x NAME=A >\n" + TAIL, 3, "ID=x is not a number"),
        (HEAD + "< POWER_MODEL ID=0 >\n" + TAIL, 3, "POWER_MODEL has no NAME="),
        (HEAD + "< PARAM TYPE=FILE >\n" + MODES + TAIL, 3, "PARAM has no NAME="),
        ("< PARAM TYPE=FILE NAME=A >\nCORE_0\n" + MODES + TAIL, 2, "'CORE_0' is not an argument and the path"),
        ("< PARAM TYPE=FILE NAME=A >\nCORE_0 x\n" + MODES + TAIL, 2, "'CORE_0 x' is not an argument and the path"),
        (MODES + "GPU MAX_FREQ\n" + TAIL, 15, "'GPU MAX_FREQ' is not a parameter"),
        (MODES + "< POWER_MODEL ID=4 NAME=B >\n" + TAIL, 15, "a second POWER_MODEL has ID=4"),
        (MODES, 14, "may be cut off"),
        (MODES + "< PM_CONFIG DEFAULT=9 >\n\n", 15, "no POWER_MODEL has the default ID 9"),
        (MODES + "< PM_CONFIG >\n", 15, "PM_CONFIG has no DEFAULT="),
    ],
)
def test_malformed_conf_is_told_with_file_and_line(text, line, what):
    with pytest.raises(EdgesiteError, match=what) as caught:
        conf(text)
    assert str(caught.value).startswith("/etc/nvpmodel.conf, line {0}: ".format(line))
    assert "nvidia-l4t-nvpmodel" in caught.value.fix


@given(st.text())
def test_any_text_is_read_or_refused(text):
    for whole in (text, HEAD + text + MODES + TAIL, MODES + "< " + text):
        try:
            conf(whole)
        except EdgesiteError as error:
            assert ", line " in error.problem
