# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.driver import versions as driver
from hypothesis import given
from hypothesis import strategies as st

LIBRARY = "libnvidia-ml.so."


@pytest.mark.parametrize("text", ["", "GCC version:  gcc version 12.2.0\n"])
def test_proc_version_without_driver(text):
    assert driver.parse_proc_version(text) == driver.ProcVersion(None, None)


def test_proc_version_without_number():
    assert driver.parse_proc_version("NVRM version: NVIDIA\n").version is None


@pytest.mark.parametrize(
    "text, expected", [("580.95.05\n", "580.95.05"), ("535.183", "535.183"), ("", None), ("none", None), ("580", None)]
)
def test_version(text, expected):
    assert driver.parse_version(text) == expected


@pytest.mark.parametrize(
    "path, expected",
    [
        ("/usr/lib/x86_64-linux-gnu/" + LIBRARY + "580.95.05", "580.95.05"),
        ("/usr/lib/aarch64-linux-gnu/nvidia/" + LIBRARY + "1", None),
        ("", None),
    ],
)
def test_library_version(path, expected):
    assert driver.library_version(path) == expected


@pytest.mark.parametrize(
    "loaded, on_disk, user_space, status, part",
    [
        (None, None, None, "library_not_found", None),
        ("580.1", "580.1", "580.1", "ok", None),
        ("580.1", None, None, "ok", None),
        ("580.1", "580.2", "580.2", "lib_rm_version_mismatch", "580.1 is loaded, but the libraries are 580.2"),
        ("580.1", "580.2", "580.1", "ok", "580.1 is loaded, but the one on disk is 580.2"),
        (None, "580.2", "580.1", "driver_not_loaded", "580.2 is on disk, but the libraries are 580.1"),
        ("580.1", "580.1", "580.1", "lib_rm_version_mismatch", "NVML says"),
    ],
)
def test_mismatch(loaded, on_disk, user_space, status, part):
    reason = driver.mismatch(loaded, on_disk, user_space, status)
    assert reason is None if part is None else part in reason


@given(st.text())
def test_parsers_take_any_text(text):
    driver.parse_proc_version(text)
    driver.parse_proc_version("NVRM version:" + text)
    driver.parse_version(text)
    driver.library_version(text)


VERSION = st.none() | st.sampled_from(["580.1", "580.2", "570.1"])


@given(VERSION, VERSION, VERSION)
def test_mismatch_only_of_parts_that_differ(loaded, on_disk, user_space):
    versions = {part for part in (loaded, on_disk, user_space) if part}
    # with a module loaded, the disk and the libraries are each compared with it
    assert (driver.mismatch(loaded, on_disk, user_space, "ok") is not None) == (len(versions) > 1)
