# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.driver import apt
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


def plan(glob="550.*", **changes):
    return {
        "words": "driver branch 550",
        "glob": glob,
        "strict": ["nvidia-smi", "libnvidia-ml1"],
        "loose": ["nvidia-persistenced"],
        "headers": [],
        **changes,
    }


def test_the_newest_version_that_all_packages_have():
    assert apt.choose(MADISON, plan()) == [
        "nvidia-smi=550.54.14-1",
        "libnvidia-ml1=550.54.14-1",
        "nvidia-persistenced",
    ]


def test_another_branch():
    assert apt.choose(MADISON, plan("535.*"))[0] == "nvidia-smi=535.261.03-1"


@pytest.mark.parametrize(
    "glob, strict, words",
    [
        ("580.*", ["nvidia-smi"], "nvidia-smi is there as 550.163.01-2, 550.54.14-1, 535.261.03-1"),
        ("550.*", ["nvidia-driver-cuda"], "there is no package nvidia-driver-cuda"),
        ("550.163.01-*", ["nvidia-smi", "libnvidia-ml1"], "libnvidia-ml1 is there as 550.54.14-1, 535.261.03-1"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(glob, strict, words):
    with pytest.raises(EdgesiteError) as told:
        apt.choose(MADISON, plan(glob, strict=strict))
    assert "driver branch 550 is not to be had: " + words in str(told.value)


def test_a_mirror_that_is_half_way_through_an_update_is_told():
    madison = MADISON.replace("libnvidia-ml1 | 550.54.14-1", "libnvidia-ml1 | 550.90.07-1")
    with pytest.raises(EdgesiteError, match="not to be had as a whole"):
        apt.choose(madison, plan())


def test_headers_that_are_nowhere_are_refused():
    names = ["linux-headers-6.6.1-own", "linux-headers-amd64"]
    with pytest.raises(EdgesiteError, match="linux-headers-6.6.1-own has to be installed"):
        apt.choose(MADISON, plan(headers=names, loose=names))


def test_headers_come_also_where_nothing_follows_their_updates():
    names = ["linux-headers-6.1.0-39-amd64", "linux-headers-amd64"]
    chosen = apt.choose(MADISON, plan(headers=names, loose=names))
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


def test_a_transaction_of_the_drivers_packages_is_fine():
    apt.check_transaction(AGREED, [])


def test_nothing_else_is_removed():
    with pytest.raises(EdgesiteError, match="would remove docker-ce"):
        apt.check_transaction(AGREED.replace("firmware-nvidia-gsp", "docker-ce"), [])


def test_the_container_toolkit_is_not_removed():
    with pytest.raises(EdgesiteError, match="would remove nvidia-container-toolkit"):
        apt.check_transaction(AGREED.replace("firmware-nvidia-gsp", "nvidia-container-toolkit"), [])


def test_what_others_hold_is_not_changed():
    output = "The following held packages will be changed:\n  dkms nvidia-smi libcuda1:i386\n" + AGREED
    apt.check_transaction(output, ["dkms", "nvidia-smi", "libcuda1"])
    with pytest.raises(EdgesiteError, match="that somebody holds: dkms"):
        apt.check_transaction(output, ["nvidia-smi", "libcuda1"])


def test_what_apt_refuses_is_told():
    output = (
        "The following packages have unmet dependencies:\n libcuda1 : Depends: libnvidia-ml1 (= 550.163.01-2)\n"
        "E: Unable to correct problems, you have held broken packages.\n"
    )
    with pytest.raises(EdgesiteError, match="held broken packages.*Depends: libnvidia-ml1"):
        apt.check_transaction(output, [])


def room(archives, usr, lib, boot, targets=("/", "/", "/", "/")):
    free = [archives, usr, lib, boot]
    return "Mounted on Avail\n" + "".join("{0} {1}\n".format(t, f * 2**20) for t, f in zip(targets, free))


def test_enough_room():
    apt.check_space(AGREED, room(*[2000] * 4), True)


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
        apt.check_space(AGREED, free, True)


@pytest.mark.parametrize("size", [".", ",", "1.2.3 MB", "", "4 TB"])
def test_a_size_that_is_none_is_none(size):
    apt.check_space("Need to get {0} of archives.\n".format(size), room(*[2000] * 4), True)


def test_packages_that_are_there_need_no_room_of_their_own():
    output = "After this operation, 12.5 kB disk space will be freed.\n"
    apt.check_space(output, room(0, 0, 0, 200, ("/a", "/b", "/c", "/boot")), dkms=False)


def test_complaints():
    output = "Hit:1 http://a\nE: The repository is not signed.\nW: GPG error: NO_PUBKEY 12\n"
    assert apt.error_lines(output) == ("The repository is not signed.", "GPG error: NO_PUBKEY 12")


FULL = """Unpacking nvidia-kernel-dkms (535.261.03-1) ...
dpkg: error processing archive /var/cache/apt/archives/nvidia-kernel-dkms.deb (--unpack):
 cannot copy extracted data: failed to write (No space left on device)
Error! Bad return status for module build on kernel: 6.1.0-39-amd64 (x86_64)
"""


def test_a_failure_is_told_in_the_words_of_the_program_that_failed():
    told = apt.failure({"msg": "'apt-get -y ...' failed", "stdout": FULL, "stderr": "E: Sub-process failed\n" * 2})
    assert "No space left on device" in told and "Bad return status" in told
    assert told.count("Sub-process failed") == 1 and "apt-get -y" not in told


def test_a_failure_without_a_program_is_the_tasks_own():
    assert apt.failure({"msg": "Connection refused"}) == "Connection refused"


@pytest.mark.parametrize("rc", [124, 137])
def test_a_program_that_was_ended_for_its_time_is_named(rc):
    cmd = ["timeout", "--kill-after=30", "3600", "env", "LC_ALL=C", "apt-get", "--yes", "install"]
    told = apt.failure({"msg": "non-zero return code", "cmd": cmd, "rc": rc, "stderr": "E: odd"})
    assert told.startswith("apt-get did not answer within 3600 s") and "driver_package_timeout" in told
    assert "odd" in apt.failure({"cmd": cmd, "rc": 100, "stderr": "E: odd"})
    assert "odd" in apt.failure({"cmd": ["dnf"], "rc": rc, "stderr": "E: odd"})


def test_a_task_that_ansible_gave_up_may_go_on_on_the_host():
    told = apt.failure({"msg": "Timed out after 3720 second(s)", "timedout": {"period": 3720}})
    assert told.startswith("Timed out after 3720 second(s). It may still run on the host")


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_output_gives_an_answer_or_an_error(madison, output):
    for call in (lambda: apt.choose(madison, plan()), lambda: apt.check_transaction(output, [])):
        try:
            call()
        except EdgesiteError as error:
            assert error.problem
