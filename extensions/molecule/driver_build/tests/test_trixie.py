# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules that DKMS built from Debian's sources."""


def test_the_module_of_the_new_kernel_is_there(trixie):
    kernel = trixie.check_output("ls /lib/modules | grep amd64 | tail -n 1")
    assert trixie.check_output(f"/sbin/modinfo -k {kernel} -F version nvidia-current") == "550.163.01"
    assert trixie.check_output(f"/sbin/modinfo -k {kernel} -F vermagic nvidia-current").startswith(kernel + " ")


def test_dkms_has_it_installed(trixie):
    assert ": installed" in trixie.check_output("/usr/sbin/dkms status nvidia-current")
