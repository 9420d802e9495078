# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common import apt

TOLD = """Reading package lists...
The following packages have been kept back:
  nvidia-l4t-core nvidia-l4t-init
The following packages will be REMOVED:
  nvidia-open-kernel-dkms* firmware-nvidia-gsp
The following held packages will be changed:
  dkms
The following NEW packages will be installed:
  nvidia-kernel-dkms
The following packages will be upgraded:
  nvidia-smi
The following packages will be DOWNGRADED:
  libcuda1
Need to get 24.1 MB/145 MB of archives.
After this operation, 382 MB of additional disk space will be used.
E: Aborted.
Abort.
"""
FULL = """Unpacking nvidia-kernel-dkms (535.261.03-1) ...
dpkg: error processing archive /var/cache/apt/archives/nvidia-kernel-dkms.deb (--unpack):
 cannot copy extracted data: failed to write (No space left on device)
Error! Bad return status for module build on kernel: 6.1.0-39-amd64 (x86_64)
"""


def test_what_apt_would_do():
    would = apt.transaction(TOLD)
    assert would == apt.Transaction(
        problems=(),
        installed=("nvidia-kernel-dkms", "nvidia-smi", "libcuda1"),
        held=("dkms",),
        removed=("nvidia-open-kernel-dkms", "firmware-nvidia-gsp"),
        kept=("nvidia-l4t-core", "nvidia-l4t-init"),
        download=24_100_000,
        added=382_000_000,
    )


def test_what_frees_space_needs_none():
    assert apt.transaction("After this operation, 12.5 kB disk space will be freed.\n").added == 0


def test_complaints_are_told_once_and_with_their_reason():
    assert apt.complaints("Hit:1 http://a\nE: The repository is not signed.\nW: GPG error: NO_PUBKEY 12\n") == (
        "The repository is not signed.",
        "GPG error: NO_PUBKEY 12",
    )
    told = apt.complaints(FULL + "E: Sub-process failed\n" * 2)
    assert told[0].endswith("(--unpack): cannot copy extracted data: failed to write (No space left on device)")
    assert told[-2:] == ("Bad return status for module build on kernel: 6.1.0-39-amd64 (x86_64)", "Sub-process failed")
    refused = "Err:1 http://hub ./ InRelease\n  Could not connect to hub:81\n"
    assert apt.complaints(refused) == ("http://hub ./ InRelease Could not connect to hub:81",)


def test_a_lock_of_any_of_the_programs_is_known():
    for complaint in (
        "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 12 (apt-get)",
        "E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?",
        "dpkg: error: dpkg frontend lock was locked by another process with pid 12\nNote: removing the lock is wrong",
    ):
        assert apt.locked(complaint)
    assert not apt.locked("E: Unable to locate package nvidia-smi")


@pytest.mark.parametrize("size", [".", ",", "1.2.3 MB", "", "4 TB"])
def test_a_size_that_is_none_is_none(size):
    assert apt.transaction("Need to get {0} of archives.\n".format(size)).download in (0, 1_200_000, 2_300_000)
