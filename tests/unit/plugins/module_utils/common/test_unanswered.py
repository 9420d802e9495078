# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.unanswered import unanswered


@pytest.mark.parametrize(
    ("program", "fix"),
    [
        ("tpm2_getcap", "a program that keeps the TPM busy"),
        ("systemctl", "systemctl list-jobs"),
        ("mkfs.ext4", "disk errors"),
        ("dpkg-query", "another package manager"),
        ("modinfo", "NVRM"),
        ("/dev/sda", "disk errors"),
        ("the firmware's variable SecureBoot", "efi"),
        ("openssl", "by hand"),
    ],
)
def test_what_to_do_depends_on_the_program(program, fix):
    error = unanswered(program, 7.5, killed=True)
    assert error.problem == program + " did not answer within 7.5 s"
    assert fix in error.fix and "reboot ends it" not in error.fix


def test_program_that_is_still_there():
    error = unanswered("cryptsetup", 90.0, killed=False)
    assert error.problem == "cryptsetup did not answer within 90 s, and cannot be killed, so it hangs in the kernel"
    assert error.fix.endswith(". Only a reboot ends it")
