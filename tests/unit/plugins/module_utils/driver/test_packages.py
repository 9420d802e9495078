# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.driver import packages

GENERIC = "6.8.0-71-generic"


def wanted(family, release, made_by, branch="580", flavour="open", kernel=GENERIC, **changes):
    options = {"headless": True, "persistenced": False, "nvswitch": False, **changes}
    on = packages.System(family, release, "x86_64")
    return packages.wanted(on, made_by, branch, flavour, kernel=kernel, **options).names


@pytest.mark.parametrize(
    "family, release, made_by, flavour, names",
    [
        ("debian", "12", "distribution", "open", "nvidia-open-kernel-dkms nvidia-smi libnvidia-ml1 libcuda1"),
        ("debian", "13", "distribution", "proprietary", "nvidia-kernel-dkms nvidia-smi libnvidia-ml1 libcuda1"),
        ("debian", "12", "nvidia", "open", "nvidia-kernel-open-dkms nvidia-driver-cuda"),
        ("debian", "13", "nvidia", "proprietary", "nvidia-kernel-dkms nvidia-driver-cuda"),
        (
            *("ubuntu", "24.04", "distribution", "open"),
            "nvidia-headless-no-dkms-580-server-open nvidia-utils-580-server libnvidia-compute-580-server "
            "linux-modules-nvidia-580-server-open-generic",
        ),
        (
            *("ubuntu", "22.04", "distribution", "proprietary"),
            "nvidia-headless-no-dkms-580-server nvidia-utils-580-server libnvidia-compute-580-server "
            "linux-modules-nvidia-580-server-generic-hwe-22.04",
        ),
        ("ubuntu", "22.04", "nvidia", "open", "nvidia-dkms-580-open nvidia-utils-580 libnvidia-compute-580"),
        ("ubuntu", "24.04", "nvidia", "proprietary", "nvidia-dkms-580 nvidia-utils-580 libnvidia-compute-580"),
        ("rhel", "9", "nvidia", "open", "kmod-nvidia-open-dkms nvidia-driver-cuda"),
        ("rhel", "10", "nvidia", "proprietary", "kmod-nvidia-latest-dkms nvidia-driver-cuda"),
    ],
)
def test_headless_set(family, release, made_by, flavour, names):
    assert wanted(family, release, made_by, flavour=flavour) == tuple(names.split())


@pytest.mark.parametrize(
    "family, release, made_by, names",
    [
        ("debian", "13", "distribution", {"nvidia-driver", "nvidia-persistenced"}),
        ("debian", "13", "nvidia", {"nvidia-open", "nvidia-persistenced", "nvidia-fabricmanager-580"}),
        (
            *("ubuntu", "24.04", "distribution"),
            {"nvidia-driver-580-server-open", "nvidia-compute-utils-580-server", "nvidia-fabricmanager-580"},
        ),
        (
            *("ubuntu", "24.04", "nvidia"),
            {"nvidia-open-580", "nvidia-compute-utils-580", "nvidia-fabricmanager-580"},
        ),
        ("rhel", "9", "nvidia", {"nvidia-open", "nvidia-persistenced", "nvidia-fabricmanager"}),
    ],
)
def test_what_graphics_persistence_and_nvswitches_add(family, release, made_by, names):
    switches = made_by == "nvidia" or family == "ubuntu"
    more = wanted(family, release, made_by, headless=False, persistenced=True, nvswitch=switches)
    assert set(more) - set(wanted(family, release, made_by)) == names


def test_names_of_nvidia_from_590_on_have_no_branch():
    assert wanted("ubuntu", "24.04", "nvidia", branch="590", nvswitch=True) == (
        *("nvidia-dkms-open", "nvidia-utils", "libnvidia-compute", "nvidia-fabricmanager"),
    )


def test_fabric_manager_of_older_branches_of_rhel():
    assert "nvidia-fabric-manager" in wanted("rhel", "9", "nvidia", branch="570", nvswitch=True)


@pytest.mark.parametrize(
    "kernel, end",
    [
        ("6.8.0-71-generic", "generic"),
        ("6.11.0-29-generic", "generic-hwe-24.04"),
        ("6.8.0-1030-aws", "aws"),
        ("6.8.0-71-lowlatency", "lowlatency"),
    ],
)
def test_ubuntus_signed_modules_follow_the_kernels_flavour(kernel, end):
    names = wanted("ubuntu", "24.04", "distribution", kernel=kernel)
    assert names[-1] == "linux-modules-nvidia-580-server-open-" + end


def test_rhel_has_no_driver_of_its_own():
    with pytest.raises(EdgesiteError, match="driver_source"):
        wanted("rhel", "9", "distribution")


def test_debian_has_no_fabric_manager():
    with pytest.raises(EdgesiteError, match="NVSwitch.*fabric manager"):
        wanted("debian", "13", "distribution", nvswitch=True)


@pytest.mark.parametrize(
    "name, version, family, release",
    [
        ("debian", "13", "debian", "13"),
        ("ubuntu", "22.04", "ubuntu", "22.04"),
        ("rocky", "9.6", "rhel", "9"),
        ("almalinux", "10.0", "rhel", "10"),
        ("rhel", "9.4", "rhel", "9"),
    ],
)
def test_systems(name, version, family, release):
    found = packages.system({"id": name, "version_id": version, "architecture": "x86_64"})
    assert (found.family, found.release) == (family, release)


@pytest.mark.parametrize("name, version", [("debian", "11"), ("ubuntu", "20.04"), ("fedora", "42"), (None, None)])
def test_other_systems_are_refused(name, version):
    with pytest.raises(EdgesiteError, match="Debian 12 and 13"):
        packages.system({"id": name, "version_id": version, "architecture": "x86_64"})


@pytest.mark.parametrize(
    "family, kernel, names",
    [
        ("debian", "6.1.0-39-amd64", ["linux-headers-6.1.0-39-amd64", "linux-headers-amd64"]),
        (
            *("debian", "6.12.48+deb13-cloud-amd64"),
            ["linux-headers-6.12.48+deb13-cloud-amd64", "linux-headers-cloud-amd64"],
        ),
        ("debian", "6.6.1-own", ["linux-headers-6.6.1-own"]),
        ("ubuntu", GENERIC, ["linux-headers-" + GENERIC]),
        ("rhel", "5.14.0-570.el9.x86_64", ["kernel-devel-5.14.0-570.el9.x86_64"]),
    ],
)
def test_headers(family, kernel, names):
    assert packages.headers(packages.System(family, "", "x86_64"), kernel) == names


def test_modules_of_another_flavour_or_branch_are_in_the_way():
    on = packages.System("ubuntu", "24.04", "x86_64")
    want = packages.wanted(on, "distribution", "580", "open", True, False, False, GENERIC)
    there = [
        "linux-modules-nvidia-580-server-open-generic",
        "linux-modules-nvidia-580-server-open-6.8.0-71-generic",
        "linux-modules-nvidia-580-server-generic",
        "linux-modules-nvidia-535-server-6.8.0-71-generic",
        "nvidia-headless-no-dkms-535-server",
        "nvidia-dkms-535",
        "nvidia-utils-535-server",
    ]
    assert packages.in_the_way(there, want) == there[2:6]


@pytest.mark.parametrize("name", ["nvidia-smi", "libcuda1", "glx-diversions", "firmware-nvidia-gsp", "update-glx"])
def test_what_belongs_to_the_driver(name):
    assert packages.is_driver_package(name)


@pytest.mark.parametrize(
    "name",
    ["nvidia-container-toolkit", "libnvidia-container1", "linux-image-amd64", "docker-ce", "openssh-server", "libc6"],
)
def test_what_does_not_belong_to_the_driver(name):
    assert not packages.is_driver_package(name)
