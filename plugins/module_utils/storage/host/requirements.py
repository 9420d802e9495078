# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host needs for encrypted volumes: releases, packages, ciphers of its kernel."""

from __future__ import annotations

import ctypes
import re
import socket
from typing import List, Optional, Sequence, Tuple

from ...common.errors import EdgesiteError
from ...common.host import command, systemctl
from ...common.host.command import Run
from ..volume import CIPHERS
from . import programs

# systemd loads these when it needs them
_TPM_LIBRARIES = ("libtss2-esys.so.0", "libtss2-mu.so.0", "libtss2-rc.so.0", "libtss2-tcti-device.so.0")
# Tokens for TPMs, and adding keys by them
_LEAST_SYSTEMD, _LEAST_CRYPTSETUP = (250, 0), (2, 6)
# The package of each program: Debian's, and that of other distributions
_PACKAGES = {
    "cryptsetup": ("cryptsetup-bin", "cryptsetup"),
    "systemd-cryptenroll": ("systemd-cryptsetup", "systemd-udev"),
    "openssl": ("openssl", "openssl"),
    "mkfs.ext4": ("e2fsprogs", "e2fsprogs"),
    "mkfs.xfs": ("xfsprogs", "xfsprogs"),
    "the TPM library": ("tpm2-tools", "tpm2-tools"),
}


def check_releases(run: Run) -> int:
    """systemd's release.

    Raises EdgesiteError on a host whose programs cannot open a volume by a TPM's token, before one is made there.
    """
    cryptsetup = programs.ask(run, ["cryptsetup", "--version"]).text if command.find("cryptsetup") else ""
    systemd = systemctl.version(run)
    for told, least in ((systemd, _LEAST_SYSTEMD), (cryptsetup, _LEAST_CRYPTSETUP)):
        found = _release(told)
        if found is not None and found < least:
            raise EdgesiteError(
                "This host is too old for volumes that its TPM unlocks: it has {0}".format(told.split("\n")[0]),
                "Use a release with cryptsetup 2.6 and systemd 250, such as Debian 12, Ubuntu 24.04 or RHEL 9",
            )
    return (_release(systemd) or _LEAST_SYSTEMD)[0]


def _release(told: str) -> Optional[Tuple[int, int]]:
    found = re.search(r"(\d+)\.?(\d*)", told, re.ASCII)
    return (int(found.group(1)), int(found.group(2) or 0)) if found is not None else None


def missing_packages(filesystems: Sequence[str]) -> List[str]:
    """The packages of what is needed and not there."""
    needed = ["cryptsetup", "systemd-cryptenroll", "openssl", *("mkfs." + name for name in filesystems)]
    lacking = [program for program in needed if command.find(program) is None]
    if not all(_loads(library) for library in _TPM_LIBRARIES):
        lacking.append("the TPM library")
    other = 0 if command.find("dpkg") else 1
    return [_PACKAGES[program][other] for program in dict.fromkeys(lacking)]


def can_try() -> bool:
    """Whether there is the program that tries keys and ciphers."""
    return command.find("cryptsetup") is not None


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def has_cipher(run: Run, name: str) -> bool:
    """Whether the kernel has a cipher, or a module of it that it then loads."""
    cipher = CIPHERS[name]
    try:
        with socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET) as crypto:
            crypto.bind(("skcipher", cipher.kernel))
        return True
    except FileNotFoundError:
        return False
    except OSError:
        # a kernel without this interface to its ciphers; cryptsetup has others
        name_and_mode = "-".join(cipher.spec.split("-")[:2])
        asked = ["cryptsetup", "benchmark", "--cipher", name_and_mode, "--key-size", str(cipher.bits)]
        return programs.ask(run, asked).ok
