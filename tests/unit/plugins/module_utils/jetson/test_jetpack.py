# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson import jetpack
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson.jetpack import Package
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.common.line_cases import ENDS, LINES
from hypothesis import given
from hypothesis import strategies as st

SOURCES = """\
# SPDX-FileCopyrightText: NVIDIA
deb https://repo.download.nvidia.com/jetson/common r36.4 main
deb [signed-by=/etc/apt/keyrings/jetson.asc] https://repo.download.nvidia.com/jetson/t234 r36.4 main
# deb https://repo.download.nvidia.com/jetson/ffmpeg r36.4 main
"""


def test_packages():
    text = (
        "nvidia-l4t-core\t36.4.7-20250918154033\thold\tinstalled\n"
        "nvidia-jetpack\t6.2.1+b38\tinstall\tinstalled\n"
        "cuda-toolkit-12-6\t12.6.11-1\tinstall\thalf-configured\n"
        "vim\t9\thold\tinstalled\n"
        "bash\t5\tinstall\tunpacked\n"
        "libcudnn8\t8\tdeinstall\tconfig-files\n"
        "libcurl4\t7\tinstall\tinstalled\n"
        "damaged line\n"
    )
    assert jetpack.parse_packages(text) == (
        Package("nvidia-l4t-core", "36.4.7-20250918154033", True, True),
        Package("nvidia-jetpack", "6.2.1+b38", False, True),
        Package("cuda-toolkit-12-6", "12.6.11-1", False, False),
        # of nobody's concern but that it broke off
        Package("bash", "5", False, False),
    )


def test_parts_are_the_newest_that_are_whole():
    packages = [
        Package("cuda-toolkit-12-6", "12.6.11-1", False, True),
        Package("cuda-toolkit-12-10", "12.10.1-1", False, True),
        Package("libcudnn9-cuda-12", "9.3.0.75-1", False, False),
        Package("nvidia-jetpack-dev", "6.2.1+b38", False, True),
    ]
    assert jetpack.parts(packages) == {
        "jetpack": None,
        "cuda": "12.10.1-1",
        "cudnn": None,
        "tensorrt": None,
        "container_toolkit": None,
    }


@pytest.mark.parametrize(
    "name, takes", [("nvidia-l4t-core", True), ("nvidia-l4t-kernel-dtbs", True), ("nvidia-l4t-cuda", False)]
)
def test_packages_that_take_a_reboot(name, takes):
    assert jetpack.booted(name) == takes


def test_sources():
    lines = jetpack.parse_sources(SOURCES)
    assert [(line["uri"].rsplit("/", 1)[1], line["suite"], line["enabled"]) for line in lines] == [
        ("common", "r36.4", True),
        ("t234", "r36.4", True),
        ("ffmpeg", "r36.4", False),
    ]
    assert lines[0]["components"] == ["main"]


def test_suite_is_changed_and_nothing_else():
    text = jetpack.with_suite(SOURCES, "r36.5", "tegra234")
    # the admin does not want ffmpeg, whatever suite it is in
    assert text == SOURCES.replace("r36.4", "r36.5").replace("ffmpeg r36.5", "ffmpeg r36.4")
    assert jetpack.with_suite(text, "r36.5", "tegra234") == text


def test_lines_of_l4t_that_a_vendor_commented_out_are_woken():
    text = SOURCES.replace("\ndeb ", "\n# deb ")
    assert jetpack.with_suite(text, "r36.4", "tegra234") == SOURCES


@pytest.mark.parametrize("name", ["common", "t234"])
def test_line_that_was_put_aside_for_another_one_stays_aside(name):
    aside = "#deb https://repo.download.nvidia.com/jetson/{0} r36.3 main\n".format(name)
    for text in (aside + SOURCES, SOURCES + aside):
        assert aside in jetpack.with_suite(text, "r36.5", "tegra234")


def test_sources_with_nothing_in_use_get_the_lines_of_l4t():
    text = "# deb https://repo.download.nvidia.com/jetson/ffmpeg r36.4 main\n"
    assert jetpack.with_suite(text, "r36.5", "tegra234") == text + (
        "deb https://repo.download.nvidia.com/jetson/common r36.5 main\n"
        "deb https://repo.download.nvidia.com/jetson/t234 r36.5 main\n"
    )


def test_mirror_keeps_parts_and_options():
    text = jetpack.with_suite(SOURCES, "r36.5", "tegra234", "http://hub/jetson/")
    assert "deb [signed-by=/etc/apt/keyrings/jetson.asc] http://hub/jetson/t234 r36.5 main\n" in text
    assert jetpack.with_suite(text, "r36.5", "tegra234", "http://hub/jetson") == text


def test_mirror_alone_keeps_suites_and_what_is_commented_out():
    text = SOURCES + "# deb https://repo.download.nvidia.com/jetson/common r36.5 main\n"
    moved = jetpack.with_mirror(text, "http://hub/jetson/")
    there = jetpack.parse_sources(moved)
    assert [(line["uri"], line["suite"], line["enabled"]) for line in there[:2]] == [
        ("http://hub/jetson/common", "r36.4", True),
        ("http://hub/jetson/t234", "r36.4", True),
    ]
    assert there[2:] == jetpack.parse_sources(text)[2:]
    assert jetpack.with_mirror(moved, "http://hub/jetson") == moved


@pytest.mark.parametrize(
    "version, makes", [(None, True), ("1.11.0~rc.1-1", False), ("1.14.2-1", True), ("1.16.2-1", True), ("2.0-1", True)]
)
def test_toolkits_that_make_a_cdi_file(version, makes):
    assert jetpack.makes_cdi(version) == makes


@pytest.mark.parametrize(
    "soc, suite, own", [("tegra234", "r36.5", "t234"), ("tegra194", "r35.6", "t194"), ("tegra264", "r38.4", "som")]
)
def test_host_without_sources_gets_them(soc, suite, own):
    assert jetpack.with_suite("", suite, soc) == (
        "deb https://repo.download.nvidia.com/jetson/common {1} main\n"
        "deb https://repo.download.nvidia.com/jetson/{0} {1} main\n".format(own, suite)
    )


@given(st.text(), st.sampled_from(["", "http://mirror/x"]))
def test_any_sources_can_be_put_on_a_suite(text, mirror):
    changed = jetpack.with_suite(text, "r36.5", "tegra234", mirror)
    assert {line["suite"] for line in jetpack.parse_sources(changed) if line["enabled"]} == {"r36.5"}
    assert jetpack.with_suite(changed, "r36.5", "tegra234", mirror) == changed


def test_slots():
    text = (
        "Current version: 36.5.0\nCapsule update status: 1\nCurrent bootloader slot: B\nActive bootloader slot: B\n"
        "num_slots: 2\nslot: 0,             status: normal\nslot: 1,             status: normal\n"
    )
    assert jetpack.parse_slots(text) == {
        "current": "B",
        "active": "B",
        "version": "36.5.0",
        "capsule_status": 1,
        "status": {"A": "normal", "B": "normal"},
    }


@given(st.text())
def test_any_answer_of_programs_is_read(text):
    jetpack.parse_packages(text)
    jetpack.parse_slots("Current version: " + text)
    assert jetpack.parse_slots("Error: can not open /dev/mem") is None


@pytest.mark.parametrize("end", [*ENDS, *LINES])
def test_a_value_that_nobody_checked_is_no_second_line(end):
    for render in (
        lambda: jetpack.with_suite(SOURCES, "r36.5", "tegra234", "http://hub" + end),
        lambda: jetpack.with_suite(SOURCES, "r36.5" + end, "tegra234"),
        lambda: jetpack.with_suite("", "r36.5", "tegra234", "http://hub" + end),
        lambda: jetpack.with_mirror(SOURCES, "http://hub" + end),
    ):
        with pytest.raises(EdgesiteError, match="has characters that are not allowed in a line of a file"):
            render()


def test_what_stands_behind_a_form_feed_in_a_comment_stays_a_comment():
    text = "# once\x0cdeb http://x/common r36.4 main\n" + SOURCES
    assert jetpack.with_suite(text, "r36.4", "tegra234").partition("\n")[0] == text.partition("\n")[0]


def test_a_capsule_status_that_is_no_number_is_none():
    assert jetpack.parse_slots("Current bootloader slot: A\nCapsule update status: ²\n")["capsule_status"] is None
