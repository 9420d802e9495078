# SPDX-License-Identifier: GPL-3.0-or-later
"""After the upgrade to branch 550."""


def test_the_driver_is_of_the_new_branch_and_loaded(trixie):
    assert trixie.package("nvidia-smi").version == "550.163.01-2"
    assert trixie.package("nvidia-kernel-dkms").version == "550.163.01-2"
    assert trixie.file("/sys/module/nvidia/version").content_string.strip() == "550.163.01"


def test_dkms_has_no_old_module_left(trixie):
    assert "535" not in trixie.check_output("/usr/sbin/dkms status")
