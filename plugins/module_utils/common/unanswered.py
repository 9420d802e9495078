# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user can do about something that does not answer."""

from __future__ import annotations

from .errors import EdgesiteError

_TPM = (
    "Look for 'tpm' in dmesg on the host, and for a program that keeps the TPM busy; if this persists, power the "
    "host off"
)
_DISK = "Look for disk errors in dmesg on the host; if there are none, run it by hand to see what it waits for"
_PACKAGES = "Check whether another package manager is running on the host, and look for disk errors in dmesg"
_MODULES = "Look for 'NVRM' and 'Xid' in dmesg on the host; if the driver hangs there, reboot the host"
_FIXES = (
    ("tpm2_", _TPM),
    ("systemd-cryptenroll", _TPM),
    ("systemctl", "Run 'systemctl list-jobs' and 'systemctl status' on the host"),
    ("cryptsetup", _DISK),
    ("/dev/", "Look for disk errors in dmesg on the host, and check its cables"),
    ("the firmware", "Look for 'efi' in dmesg on the host; if this persists, reboot the host"),
    ("wipefs", _DISK),
    ("blkid", _DISK),
    ("mkfs", _DISK),
    ("mount", _DISK),
    ("umount", _DISK),
    ("dpkg", _PACKAGES),
    ("rpm", _PACKAGES),
    ("modinfo", _MODULES),
    ("nv-fabricmanager", _MODULES),
)
_ANY = "Run it by hand on the host to see what it waits for"
_STUCK = ", and cannot be killed, so it hangs in the kernel"


class Unanswered(EdgesiteError):
    """Something took longer than it may, and was ended."""


def unanswered(program: str, seconds: float, killed: bool) -> Unanswered:
    """The error for a program. killed: False where it is still there."""
    fix = next((fix for start, fix in _FIXES if program.startswith(start)), _ANY)
    if not killed:
        return Unanswered(_problem(program, seconds) + _STUCK, fix + ". Only a reboot ends it")
    return Unanswered(_problem(program, seconds), fix)


def _problem(program: str, seconds: float) -> str:
    return "{0} did not answer within {1:g} s".format(program, seconds)
