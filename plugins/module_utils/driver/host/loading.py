# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what decides whether a kernel would load NVIDIA's module: nouveau, modprobe's configuration, the host's key."""

from __future__ import annotations

import glob
import os
from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple

from ...common.host import command, files
from ...common.reading import Reading, unread
from .. import parse

# The first folder that has a file of a name wins: modprobe.d(5)
_FOLDERS = ("etc/modprobe.d", "run/modprobe.d", "usr/local/lib/modprobe.d", "usr/lib/modprobe.d", "lib/modprobe.d")
_CMDLINE = "proc/cmdline"
_NOUVEAU = "nouveau"
# Where Debian and DKMS, Ubuntu, and RHEL's akmods keep the certificate of the host's own key
_CERTIFICATES = (
    "var/lib/shim-signed/mok/MOK.der",
    "var/lib/dkms/mok.pub",
    "etc/pki/akmods/certs/public_key.der",
)
_DKMS_CONF = ("etc/dkms/framework.conf", "etc/dkms/framework.conf.d/*.conf")


@dataclass(frozen=True)
class Configuration:
    """blacklisted_since: when the file that blacklists nouveau was put there; None where it is the command line."""

    nouveau_blacklisted: bool
    blacklisted_since: Optional[float]
    nvidia_is: Optional[str]


def configuration(root: str = "/") -> Configuration:
    """What modprobe and the kernel's command line are told."""
    nvidia_is = None
    since: List[float] = []
    for path in _config_files(root):
        said = parse.parse_modprobe(_text(path))
        nvidia_is = said.nvidia_is or nvidia_is
        if _NOUVEAU in said.blacklisted:
            since.append(_changed(path))
    by_cmdline = _NOUVEAU in parse.cmdline_blacklist(files.read_text(os.path.join(root, _CMDLINE)) or "")
    return Configuration(bool(since) or by_cmdline, min(since) if since and not by_cmdline else None, nvidia_is)


def _config_files(root: str) -> List[str]:
    found: Dict[str, str] = {}
    for folder in _FOLDERS:
        for path in glob.glob(os.path.join(root, folder, "*.conf")):
            found.setdefault(os.path.basename(path), path)
    return [found[name] for name in sorted(found)]


def _text(path: str) -> str:
    try:
        return files.read_text(path) or ""
    except OSError:
        return ""


def _changed(path: str) -> float:
    """When the file got here: packages keep its modification time, and alternatives only change the link."""
    return max(os.stat(path).st_ctime, os.lstat(path).st_ctime)


def nouveau_loaded(root: str = "/") -> bool:
    """Whether the module is loaded, or part of the kernel."""
    return os.path.isdir(os.path.join(root, "sys/module", _NOUVEAU))


def mok_enrolled(run: command.Run, root: str = "/") -> Reading:
    """Whether the firmware takes what the host's own key signed; None where that cannot be told."""
    certificates = _certificates(root)
    if not certificates:
        return Reading(False)
    program = command.find("mokutil")
    if program is None:
        return Reading(None, [unread("mok", "mokutil is not installed on the host", "Install the package mokutil")])
    why = ""
    answers = []
    for certificate in certificates:
        result = run([program, "--test-key", certificate])
        # its exit code says different things in different releases
        answers.append(parse.parse_mok_test(result.text + result.error))
        why = result.error.strip() or result.text.strip() or why
    if any(answers):
        return Reading(True)
    if None in answers:
        return Reading(None, [unread("mok", why or "mokutil gave no answer", "Run the task as root (become: true)")])
    return Reading(False)


def _certificates(root: str) -> Tuple[str, ...]:
    """Those that are there; the one that DKMS is told to use alone, where it is told."""
    conf = "\n".join(_text(path) for pattern in _DKMS_CONF for path in sorted(glob.glob(os.path.join(root, pattern))))
    told = parse.mok_certificate(conf)
    places = (told.lstrip("/"),) if told else _CERTIFICATES
    paths = (os.path.join(root, place) for place in places)
    return tuple(path for path in paths if os.path.exists(path))
