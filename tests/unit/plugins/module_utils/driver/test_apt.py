# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common import apt as common_apt
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.driver import apt
from ansible_collections.edgesite.gpu.plugins.module_utils.driver.plan import Packages
from hypothesis import given
from hypothesis import strategies as st

# as apt-cache madison prints it
MADISON = """
nvidia-smi | 550.163.01-2 | http://deb.debian.org/debian trixie/non-free amd64 Packages
nvidia-smi | 550.54.14-1 | http://deb.debian.org/debian trixie/non-free amd64 Packages
nvidia-smi | 535.261.03-1 | http://hub/debian ./ Packages
nvidia-graphics-drivers | 550.163.01-2 | http://deb.debian.org/debian trixie/non-free Sources
libnvidia-ml1 | 550.54.14-1 | http://hub/debian ./ Packages
libnvidia-ml1 | 535.261.03-1 | http://hub/debian ./ Packages
nvidia-persistenced | 550.163.01-1 | http://hub/debian ./ Packages
linux-headers-6.1.0-39-amd64 | 6.1.148-1 | http://deb.debian.org/debian bookworm/main amd64 Packages
"""


OFFERED = common_apt.offered(MADISON)


def plan(glob="550.*", dkms=True, **changes):
    given = {
        "held": (),
        "strict": ("nvidia-smi", "libnvidia-ml1"),
        "loose": ("nvidia-persistenced",),
        "headers": (),
        **changes,
    }
    return Packages(
        flavour="open",
        glob=glob,
        words="driver branch 550",
        remove=(),
        before=(),
        dkms=dkms,
        stream=None,
        **{name: tuple(value) for name, value in given.items()},
    )


def test_the_newest_version_that_all_packages_have():
    assert apt.arguments(OFFERED, plan()) == [
        "nvidia-smi=550.54.14-1",
        "libnvidia-ml1=550.54.14-1",
        "nvidia-persistenced",
    ]


def test_another_branch():
    assert apt.arguments(OFFERED, plan("535.*"))[0] == "nvidia-smi=535.261.03-1"


@pytest.mark.parametrize(
    "glob, strict, words",
    [
        ("580.*", ["nvidia-smi"], "nvidia-smi is available as 550.163.01-2, 550.54.14-1, 535.261.03-1"),
        ("550.*", ["nvidia-driver-cuda"], "there is no package nvidia-driver-cuda"),
        ("550.163.01-*", ["nvidia-smi", "libnvidia-ml1"], "libnvidia-ml1 is available as 550.54.14-1, 535.261.03-1"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(glob, strict, words):
    with pytest.raises(EdgesiteError) as told:
        apt.arguments(OFFERED, plan(glob, strict=strict))
    assert "driver branch 550 is not available: " + words in str(told.value)


def test_a_mirror_that_is_half_way_through_an_update_is_told():
    madison = MADISON.replace("libnvidia-ml1 | 550.54.14-1", "libnvidia-ml1 | 550.90.07-1")
    with pytest.raises(EdgesiteError, match="not available in one version for all packages"):
        apt.arguments(common_apt.offered(madison), plan())


def test_headers_that_are_nowhere_are_refused():
    names = ["linux-headers-6.6.1-own", "linux-headers-amd64"]
    with pytest.raises(EdgesiteError, match="linux-headers-6.6.1-own is needed"):
        apt.arguments(OFFERED, plan(headers=names, loose=names))


def test_headers_come_also_where_nothing_follows_their_updates():
    names = ["linux-headers-6.1.0-39-amd64", "linux-headers-amd64"]
    chosen = apt.arguments(OFFERED, plan(headers=names, loose=names))
    assert "linux-headers-6.1.0-39-amd64" in chosen and "linux-headers-amd64" not in chosen


AGREED = """Reading package lists...
The following packages will be REMOVED:
  nvidia-open-kernel-dkms* firmware-nvidia-gsp
The following NEW packages will be installed:
  nvidia-kernel-dkms
Need to get 24.1 MB/145 MB of archives.
After this operation, 382 MB of additional disk space will be used.
Do you want to continue? [Y/n] N
Abort.
"""


def check(output, held=(), room=None, dkms=False, packages=None):
    folders = (apt.ARCHIVES, apt.USR, apt.VAR, apt.BOOT)
    everywhere = dict.fromkeys(folders, ("/", 9000 * common_apt.MIB))
    apt.check(common_apt.transaction(output), packages or plan(held=held, dkms=dkms), room or everywhere)


def test_a_transaction_of_the_drivers_packages_is_fine():
    check(AGREED, [])


def test_nothing_else_is_removed():
    with pytest.raises(EdgesiteError, match="would remove docker-ce.*run 'apt-get remove docker-ce' on the host"):
        check(AGREED.replace("firmware-nvidia-gsp", "docker-ce"))


def test_the_container_toolkit_is_not_removed():
    with pytest.raises(EdgesiteError, match="would remove nvidia-container-toolkit"):
        check(AGREED.replace("firmware-nvidia-gsp", "nvidia-container-toolkit"))


def test_what_others_hold_is_not_changed():
    output = "The following held packages will be changed:\n  dkms nvidia-smi libcuda1:i386\n" + AGREED
    check(output, ["dkms", "nvidia-smi", "libcuda1"])
    with pytest.raises(EdgesiteError, match="held packages: dkms.*needs them held, run 'apt-mark unhold dkms'"):
        check(output, ["nvidia-smi", "libcuda1"])


def test_what_apt_refuses_is_told():
    output = (
        "The following packages have unmet dependencies:\n libcuda1 : Depends: libnvidia-ml1 (= 550.163.01-2)\n"
        "E: Unable to correct problems, you have held broken packages.\n"
    )
    with pytest.raises(EdgesiteError, match="held broken packages.*Depends: libnvidia-ml1"):
        check(output)


def room(archives, usr, var, boot, mounts=("/", "/", "/", "/")):
    free = (archives, usr, var, boot)
    folders = (apt.ARCHIVES, apt.USR, apt.VAR, apt.BOOT)
    return {folder: (mount, mib * common_apt.MIB) for folder, mount, mib in zip(folders, mounts, free)}


def test_enough_room():
    check(AGREED, room=room(*[2000] * 4), dkms=True)


@pytest.mark.parametrize(
    "free, words",
    [
        (room(*[500] * 4), "/ has 500 MiB free and needs"),
        (room(10, 5000, 5000, 5000, ("/var/cache", "/", "/", "/")), "/var/cache has 10 MiB free and needs 23"),
        (room(5000, 5000, 5000, 20, ("/", "/", "/", "/boot")), "/boot has 20 MiB free"),
    ],
)
def test_too_little_room_is_told_by_disk(free, words):
    with pytest.raises(EdgesiteError, match=words):
        check(AGREED, room=free, dkms=True)


# noble-updates after Ubuntu ended branch 570
TRANSITIONAL = """The following NEW packages will be installed:
  libnvidia-compute-570-server libnvidia-compute-580-server linux-modules-nvidia-580-server-open-generic
  nvidia-firmware-580-server-580.95.05 nvidia-headless-no-dkms-570-server-open
  nvidia-headless-no-dkms-580-server-open nvidia-utils-570-server dkms
"""
UBUNTU = ("nvidia-headless-no-dkms-570-server-open", "nvidia-utils-570-server", "libnvidia-compute-570-server")


def test_packages_of_a_branch_that_bring_another_one_are_refused():
    with pytest.raises(EdgesiteError) as caught:
        check(TRANSITIONAL, packages=plan("570.*", strict=UBUNTU))
    assert "only bring branch 580 here (libnvidia-compute-580-server, linux-modules-nvidia-580" in caught.value.problem
    assert caught.value.fix == "Set driver_branch: '580', or driver_source: nvidia"


def test_packages_of_the_wanted_branch_may_bring_more_of_it():
    check(TRANSITIONAL.replace("580", "570"), packages=plan("570.*", strict=UBUNTU))


def test_names_without_a_branch_bring_any():
    check(TRANSITIONAL, packages=plan("570.*"))


def test_packages_that_are_there_need_no_room_of_their_own():
    output = "After this operation, 12.5 kB disk space will be freed.\n"
    check(output, room=room(0, 0, 0, 200, ("/a", "/b", "/c", "/boot")))


@pytest.mark.parametrize("version", ["3:550.163.01-1.el9", "550.163.01-1.el9"])
def test_an_epoch_is_no_part_of_the_drivers_version(version):
    wanted = plan("550.163.01-*", strict=["nvidia-driver-cuda"])
    assert apt.choose({"nvidia-driver-cuda": [version]}, wanted) == {"nvidia-driver-cuda": version}


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_output_gives_an_answer_or_an_error(madison, output):
    for call in (lambda: apt.arguments(common_apt.offered(madison), plan()), lambda: check(output)):
        try:
            call()
        except EdgesiteError as error:
            assert error.problem
