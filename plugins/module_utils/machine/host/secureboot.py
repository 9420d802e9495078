# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the state of Secure Boot from the firmware's variables."""

from __future__ import annotations

import os

from ...common.host import files, limited
from ...common.reading import Reading, unread
from .. import system

# The GUID is EFI_GLOBAL_VARIABLE of the UEFI specification
_VARIABLE = "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"


def read(root: str = "/") -> Reading:
    """unsupported: the host did not boot through UEFI, or its UEFI has no Secure Boot."""
    firmware = os.path.join(root, "sys/firmware/efi")
    if not os.path.isdir(firmware):
        return Reading(system.UNSUPPORTED)
    variables = os.path.join(firmware, "efivars")
    try:
        data = limited.call("the firmware's variable SecureBoot", files.read_bytes, os.path.join(variables, _VARIABLE))
        if data is not None:
            return _judge(data)
        if os.listdir(variables):
            return Reading(system.UNSUPPORTED)
        return _unknown("/sys/firmware/efi/efivars is empty", "Mount it: mount -t efivarfs efivarfs {0}")
    except FileNotFoundError:
        return _unknown("/sys/firmware/efi/efivars does not exist", "Load the kernel module: modprobe efivarfs")
    except OSError as error:
        return _unknown("{0}: {1}".format(_VARIABLE, error.strerror), "Run the task as root (become: true)")


def _judge(data: bytes) -> Reading:
    state = system.secure_boot(data)
    if state == system.UNKNOWN:
        return _unknown("the variable SecureBoot has an unexpected form", "Run 'mokutil --sb-state' on the host")
    return Reading(state)


def _unknown(why: str, fix: str) -> Reading:
    return Reading(system.UNKNOWN, [unread("secure_boot", why, fix.format("/sys/firmware/efi/efivars"))])
