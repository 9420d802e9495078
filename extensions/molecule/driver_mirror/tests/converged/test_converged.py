# SPDX-License-Identifier: GPL-3.0-or-later
"""Branch 535 from the mirror."""

VERSION = "535.261.03"


def test_the_driver_is_of_the_branch_and_whole(trixie):
    for name in ("nvidia-smi", "libnvidia-ml1", "libcuda1", "nvidia-kernel-dkms", "firmware-nvidia-gsp"):
        assert trixie.package(name).version == VERSION + "-1", name


def test_its_modules_are_built_and_loaded(trixie):
    assert f"nvidia-current/{VERSION}" in trixie.check_output("/usr/sbin/dkms status")
    assert trixie.file("/sys/module/nvidia/version").content_string.strip() == VERSION


def test_an_upgrade_by_others_leaves_it_alone(trixie):
    with trixie.sudo():
        would = trixie.check_output("apt-get dist-upgrade --simulate --allow-change-held-packages")
        held = trixie.check_output("apt-mark showhold").split()
        blacklist = trixie.check_output("apt-config dump Unattended-Upgrade::Package-Blacklist")
    assert "nvidia" not in [line.split()[1][:6] for line in would.splitlines() if line.startswith("Inst")]
    assert {"nvidia-smi", "libnvidia-ml1", "nvidia-kernel-dkms"} <= set(held)
    assert '"^nvidia-(?!container|docker)"' in blacklist


def test_nouveau_stays_away_and_cards_stay_initialised(trixie):
    assert "blacklist nouveau" in trixie.file("/etc/modprobe.d/edgesite-nouveau.conf").content_string
    assert trixie.service("nvidia-persistenced").is_enabled and trixie.service("nvidia-persistenced").is_running


def test_what_the_role_holds_is_noted(trixie):
    with trixie.sudo():
        held = trixie.check_output("apt-mark showhold").split()
    assert trixie.file("/etc/edgesite-gpu/driver-holds").content_string.split() == sorted(held)
