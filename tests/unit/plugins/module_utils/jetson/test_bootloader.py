# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson import bootloader
from hypothesis import given
from hypothesis import strategies as st

CONF = "TNSPEC 3767-300-0005-T.2-1-1-{0}-\nCOMPATIBLE_SPEC 3767--0005--1--{0}-\nTEGRA_BOOT_STORAGE nvme0n1\n"
SCRIPT = """\
select_orin () {
    case "${spec}" in
    *jetson-agx-orin-devkit-)
        payload="A.Cap" ;;
    *)
        echo "ERROR. ${spec} does not match any known boards."
        exit 1 ;;
    esac
}
select_nano () {
    case ${spec} in
    *jetson-orin-nano-devkit-) payload="B.Cap" ;;
    *jetson-orin-nano-devkit-super- | *"jetson-orin-nano-devkit-super-maxn"-)
        payload="C.Cap"
        ;;
    *) echo "ERROR. ${spec} does not match any known boards."; exit 1;;
    esac
}
case "${board}" in
    3701) select_orin ;;
    3767*) select_nano ;;
esac
case "$1" in
    configure | triggered) ;;
    *) exit 0 ;;
esac
"""


@pytest.mark.parametrize(
    "board, known",
    [
        ("jetson-agx-orin-devkit", True),
        ("jetson-orin-nano-devkit", True),
        ("jetson-orin-nano-devkit-super", True),
        ("jetson-orin-nano-devkit-super-maxn", True),
        ("jetson-orin-nx-devkit-16gb", False),
        ("recomputer-orin-j40mini", False),
    ],
)
def test_board(board, known):
    expected = None if known else "3767--0005--1--{0}-".format(board)
    assert bootloader.unknown_board(CONF.format(board), SCRIPT) == expected


@pytest.mark.parametrize(
    "conf, script",
    [
        (CONF.format("acme"), ""),
        (CONF.format("acme"), "#!/bin/sh\nupdate_capsule || exit 1\n"),
        (CONF.format("acme"), 'case "$1" in\n  configure) ;;\nesac\n'),
        ("", SCRIPT),
        ("TNSPEC 3767-acme-\n", SCRIPT),
    ],
)
def test_what_cannot_be_told_is_left_to_the_package(conf, script):
    assert bootloader.unknown_board(conf, script) is None


@given(st.text(), st.text())
def test_any_script_is_judged(text, more):
    for script in (text, SCRIPT + text, "case x in\n" + text + "does not match any known boards" + more + "esac"):
        bootloader.unknown_board(CONF.format("acme"), script)
        bootloader.unknown_board("COMPATIBLE_SPEC " + more, script)
