# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's driver on Debian 12; in driver_faults after an installation that broke off and was finished."""

VERSION = "535."


def test_the_driver_is_whole_and_loaded(bookworm):
    for name in ("nvidia-smi", "libnvidia-ml1", "libcuda1", "nvidia-kernel-dkms"):
        assert bookworm.package(name).version.startswith(VERSION), name
    assert bookworm.file("/sys/module/nvidia/version").content_string.startswith(VERSION)
    with bookworm.sudo():
        assert bookworm.check_output("dpkg --audit") == ""


def test_its_packages_are_held(bookworm):
    held = bookworm.check_output("apt-mark showhold").split()
    assert {"nvidia-smi", "libnvidia-ml1", "nvidia-kernel-dkms", "firmware-nvidia-gsp"} <= set(held)


def test_a_pin_keeps_the_branch_even_without_the_hold(bookworm):
    assert "535." in bookworm.check_output("apt-cache policy nvidia-smi | grep Candidate")
    assert "1001" in bookworm.check_output("apt-cache policy nvidia-smi")


def test_components_of_debian_were_added(bookworm):
    text = bookworm.file("/etc/apt/sources.list.d/edgesite-driver.sources").content_string
    assert "Suites: bookworm bookworm-updates" in text and "non-free" in text
