# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.driver import parse
from ansible_collections.edgesite.gpu.plugins.module_utils.driver.parse import Dkms, ModuleFile, Package
from hypothesis import given
from hypothesis import strategies as st

DPKG = """\
ii \tnvidia-driver\t550.163.01-2
hi \tnvidia-kernel-dkms\t550.163.01-2
hi \tlibnvidia-ml1\t550.163.01-2
ii \tlibnvidia-ml1\t550.163.01-2
rc \tnvidia-legacy-check\t535.183.01-1
un \tnvidia-340\t
iF \tnvidia-smi\t550.163.01-2
iHR\tnvidia-persistenced\t550.163.01-1
it \tlibcuda1\t550.163.01-2
ii \tnvidia-container-toolkit\t1.17.0-1
ii \tnvidia-l4t-core\t36.4.7
ii \tnvidia-cuda-toolkit\t12.4.131
something else
"""


def test_dpkg():
    packages = parse.parse_dpkg(DPKG)
    assert [package.name for package in packages] == [
        "libcuda1",
        "libnvidia-ml1",
        "nvidia-driver",
        "nvidia-kernel-dkms",
        "nvidia-persistenced",
        "nvidia-smi",
    ]
    assert packages[3] == Package("nvidia-kernel-dkms", "550.163.01-2", True)
    assert [package.name for package in packages if not package.complete] == ["nvidia-persistenced", "nvidia-smi"]


def test_packages_of_two_architectures_count_once_and_a_hold_on_either_counts():
    (package,) = parse.parse_dpkg("hi \tlibnvidia-ml1\t1-1\nii \tlibnvidia-ml1\t1-1\n")
    assert package.held


RPM = "nvidia-driver-cuda\t580.95.05-1.el9\nkmod-nvidia-open-dkms\t580.95.05-1.el9\nlibnvidia-container1\t1.17-1\n"


@pytest.mark.parametrize(
    "locks, held",
    [
        ("", []),
        ("# comment\n\nnvidia-driver-cuda-3:580.95.05-1.el9.*\n", ["nvidia-driver-cuda"]),
        ("nvidia-driver-cuda-580.95.05-1.el9.x86_64\nbash-5.1-1.*", ["nvidia-driver-cuda"]),
        ("nvidia-driver-3:580.95.05-1.el9.*", []),
        ("*nvidia*\n", ["kmod-nvidia-open-dkms", "nvidia-driver-cuda"]),
        ("!nvidia-driver-cuda-3:590.1-1.el9.*\n", []),
        ('version = "1.0"\n[[packages]]\nname = "kmod-nvidia-open-dkms"\n', ["kmod-nvidia-open-dkms"]),
    ],
)
def test_rpm(locks, held):
    packages = parse.parse_rpm(RPM, locks)
    assert [package.name for package in packages] == ["kmod-nvidia-open-dkms", "nvidia-driver-cuda"]
    assert [package.name for package in packages if package.held] == held
    assert packages[1].version == "580.95.05-1.el9"


def test_rpm_of_a_kernel_module_for_two_kernels():
    kmod = "kmod-nvidia-open\t580.95.05-1.el9\nkmod-nvidia-open\t570.211.01-1.el9\nkmod-nvidia-open\t580.95.05-1.el9\n"
    packages = parse.parse_rpm(kmod, "kmod-nvidia-open-580.95.05-1.el9.x86_64")
    assert [package.version for package in packages] == ["570.211.01-1.el9", "580.95.05-1.el9"]


@pytest.mark.parametrize(
    "line, expected",
    [
        (
            "nvidia/550.163.01, 6.1.0-30-amd64, x86_64: installed",
            Dkms("nvidia", "550.163.01", "6.1.0-30-amd64", "installed"),
        ),
        (
            "nvidia-current/550.163.01, 6.1.0-30-amd64, x86_64: built",
            Dkms("nvidia-current", "550.163.01", "6.1.0-30-amd64", "built"),
        ),
        ("nvidia-current-open/550.163.01: added", Dkms("nvidia-current-open", "550.163.01", None, "added")),
        (
            "nvidia, 510.47.03, 5.4.0-109-generic, x86_64: installed",
            Dkms("nvidia", "510.47.03", "5.4.0-109-generic", "installed"),
        ),
        ("nvidia, 510.47.03: added", Dkms("nvidia", "510.47.03", None, "added")),
        ("nvidia/580.95.05: broken", Dkms("nvidia", "580.95.05", None, "broken")),
        (
            "nvidia-srv/580.95.05, 6.8.0-88-generic, x86_64: installed (original_module exists)",
            Dkms("nvidia-srv", "580.95.05", "6.8.0-88-generic", "installed"),
        ),
        (
            "nvidia/550.163.01, 6.1.0-30-amd64, x86_64: installed (WARNING! Diff between built and installed module!) "
            "(WARNING! Diff between built and installed module!)",
            Dkms("nvidia", "550.163.01", "6.1.0-30-amd64", "installed", "Diff between built and installed module!"),
        ),
        (
            "nvidia-open/580.95.05, 5.14.0-570.el9.x86_64, x86_64: installed-weak from 5.14.0-503.el9.x86_64",
            Dkms("nvidia-open", "580.95.05", "5.14.0-570.el9.x86_64", "installed"),
        ),
        (
            "nvidia, 580.95.05, 5.14.0-570.el9.x86_64, x86_64: installed-weak from 5.14.0-503.el9.x86_64",
            Dkms("nvidia", "580.95.05", "5.14.0-570.el9.x86_64", "installed"),
        ),
        ("nvidia-fs/2.20.5, 6.8.0-88-generic, x86_64: installed", None),
        ("nvidia-peer-memory/1.3, 6.8.0-88-generic, x86_64: installed", None),
        ("nvidia-peer-memory, 1.3, 5.15.0-1, x86_64: installed", None),
        ("zfs/2.1.11, 6.1.0-30-amd64, x86_64: installed", None),
        ("Deprecated feature: REMAKE_INITRD (/etc/dkms/nvidia.conf)", None),
        ("Error! nvidia/550.163.01: Missing the module source directory", None),
        ("nvidia: installed", None),
        ("", None),
    ],
)
def test_dkms(line, expected):
    assert parse.parse_dkms("Sign command: x\n" + line + "\n") == ([expected] if expected else [])


MODULES_DEP = """\
kernel/drivers/platform/x86/nvidia-wmi-ec-backlight.ko: kernel/drivers/platform/x86/wmi.ko
kernel/drivers/video/fbdev/nvidia/nvidiafb.ko: kernel/drivers/i2c/i2c-core.ko
kernel/drivers/gpu/drm/nouveau/nouveau.ko: kernel/drivers/video/video.ko
{0}
"""


@pytest.mark.parametrize(
    "lines, names",
    [
        ([], []),
        (["updates/dkms/nvidia.ko.xz:", "updates/dkms/nvidia-drm.ko.xz: updates/dkms/nvidia.ko.xz"], ["nvidia"]),
        (["kernel/nvidia-580/nvidia.ko:"], ["nvidia"]),
        (["weak-updates/nvidia/nvidia.ko:"], ["nvidia"]),
        (
            [
                "updates/dkms/nvidia-current.ko:",
                "updates/dkms/nvidia-current-modeset.ko: updates/dkms/nvidia-current.ko",
                "updates/dkms/nvidia-current-open.ko:",
                "updates/dkms/nvidia-current-open-uvm.ko:",
            ],
            ["nvidia-current", "nvidia-current-open"],
        ),
        (["updates/dkms/nvidia-tesla-535.ko.zst:"], ["nvidia-tesla-535"]),
        (["updates/dkms/gdrdrv.ko: updates/dkms/nvidia.ko"], []),
    ],
)
def test_module_names(lines, names):
    assert parse.module_names(MODULES_DEP.format("\n".join(lines))) == names


def test_nouveau():
    assert parse.has_nouveau(MODULES_DEP) and not parse.has_nouveau("kernel/x.ko: kernel/nouveau.ko\n")


@pytest.mark.parametrize(
    "names, nvidia_is, name",
    [
        ([], None, None),
        (["nvidia"], None, "nvidia"),
        (["nvidia-current", "nvidia-current-open"], "nvidia-current-open", "nvidia-current-open"),
        (["nvidia-current"], "nvidia-current-open", "nvidia-current"),
    ],
)
def test_module_to_ask(names, nvidia_is, name):
    assert parse.module_to_ask(names, nvidia_is) == name


MODINFO = """\
filename:       /lib/modules/6.1.0-30-amd64/updates/dkms/nvidia-current.ko
alias:          char-major-195-*
version:        550.163.01
supported:      external
license:        {license}
srcversion:     0F4E1C7C3B8D2B0A4F4F0E6
name:           nvidia
parm:           NvSwitchRegDwords:NvSwitch regkey (charp)
"""
SIGNED = """\
sig_id:         PKCS#7
signer:         DKMS module signing key
sig_key:        5F:4E
"""


@pytest.mark.parametrize(
    "text, expected",
    [
        (MODINFO.format(license="NVIDIA"), ModuleFile("550.163.01", "proprietary", False, None)),
        (MODINFO.format(license="Dual MIT/GPL"), ModuleFile("550.163.01", "open", False, None)),
        (
            MODINFO.format(license="NVIDIA") + SIGNED,
            ModuleFile("550.163.01", "proprietary", True, "DKMS module signing key"),
        ),
        # kmod without libcrypto tells no signer
        (
            MODINFO.format(license="NVIDIA") + "sig_id:         PKCS#7\nsigner:\n",
            ModuleFile("550.163.01", "proprietary", True, None),
        ),
        ("", ModuleFile(None, None, False, None)),
    ],
)
def test_modinfo(text, expected):
    assert parse.parse_modinfo(text) == expected


@pytest.mark.parametrize(
    "older, newer",
    [
        ("6.1.0-9-amd64", "6.1.0-30-amd64"),
        ("5.15.0-164-generic", "6.8.0-88-generic"),
        ("6.1.0-30-amd64", "6.12.0-1-amd64"),
        ("6.12.0-rc3", "6.12.0"),
        ("5.14.0-503.40.1.el9_5.x86_64", "5.14.0-570.12.1.el9_6.x86_64"),
        ("6.1.0", "6.1.0-1"),
        ("6.1.0-1-amd64", "6.1.0-1-rt-amd64"),
    ],
)
def test_newest_kernel(older, newer):
    assert parse.newest_kernel([newer, older]) == parse.newest_kernel([older, newer]) == newer
    assert parse.sort_kernels([newer, older]) == [older, newer]


def test_no_kernel():
    assert parse.newest_kernel([]) is None


@pytest.mark.parametrize(
    "text, blacklisted, nvidia_is",
    [
        ("", (), None),
        ("# blacklist nouveau\noptions nouveau modeset=0\n", (), None),
        ("blacklist nouveau\nblacklist nova-core\n", ("nouveau", "nova_core"), None),
        ("install nouveau /bin/false\n", ("nouveau",), None),
        ("install nouveau /usr/bin/true\n", ("nouveau",), None),
        ("alias nouveau off\nalias lbm-nouveau off\n", ("nouveau", "lbm_nouveau"), None),
        ("install nvidia modprobe -i nvidia-current $CMDLINE_OPTS\n", (), "nvidia-current"),
        ("install nvidia-drm modprobe nvidia-modeset ; modprobe -i nvidia-current-drm\n", (), None),
        ("blacklist\ninstall\nblacklist \\\n nouveau\n", ("nouveau",), None),
    ],
)
def test_modprobe(text, blacklisted, nvidia_is):
    assert parse.parse_modprobe(text) == parse.Modprobe(blacklisted, nvidia_is)


@pytest.mark.parametrize(
    "text, modules",
    [
        ("BOOT_IMAGE=/vmlinuz root=/dev/sda1 quiet\n", []),
        ("modprobe.blacklist=nouveau,nova-core quiet", ["nouveau", "nova_core"]),
        ("module_blacklist=nouveau", ["nouveau"]),
        ("nouveau.modeset=0", ["nouveau"]),
        # for the initramfs alone
        ("rd.driver.blacklist=nouveau nouveau.modeset=1", []),
    ],
)
def test_cmdline(text, modules):
    assert parse.cmdline_blacklist(text) == modules


@pytest.mark.parametrize(
    "text, enrolled",
    [
        ("/var/lib/dkms/mok.pub is already enrolled\n", True),
        ("/var/lib/dkms/mok.pub is not enrolled\n", False),
        ("EFI variables are not supported on this system\n", None),
        ("", None),
    ],
)
def test_mok(text, enrolled):
    assert parse.parse_mok_test(text) is enrolled


@pytest.mark.parametrize(
    "text, path",
    [
        ("# mok_certificate=/var/lib/dkms/mok.pub\n", None),
        ('mok_signing_key=/root/x.key\nmok_certificate="/root/x.der"\n', "/root/x.der"),
        ("mok_certificate=\n", None),
    ],
)
def test_mok_certificate(text, path):
    assert parse.mok_certificate(text) == path


@given(
    st.text()
    | st.lists(st.sampled_from(["nvidia", ", ", "/", ": ", "installed", "\n", "\t", "ii ", "=", "alias", "-1"])).map(
        "".join
    )
)
def test_every_text_can_be_read(text):
    parse.parse_dpkg(text)
    parse.parse_rpm(text, text)
    parse.parse_dkms(text)
    parse.module_names(text)
    parse.parse_modinfo(text)
    parse.parse_modprobe(text)
    parse.cmdline_blacklist(text)
    parse.parse_mok_test(text)
    parse.mok_certificate(text)
    parse.sort_kernels(text.split())
