# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads which packages of NVIDIA's driver are installed and held, and what DKMS has of it."""

from __future__ import annotations

import glob
import os
from typing import List

from ...common.host import command, files
from ...common.reading import Reading, unread
from .. import parse
from ..parse import Dkms, Package

_LOCKS = ("etc/dnf/plugins/versionlock.list", "etc/yum/pluginconf.d/versionlock.list", "etc/dnf/versionlock.toml")


def packages(run: command.Run, root: str = "/") -> Reading:
    """A list of Package, of dpkg or rpm; empty where the host has neither."""
    dpkg = command.find("dpkg-query")
    # Debian has a package of rpm, with nothing installed by it
    if dpkg and os.path.exists(os.path.join(root, "var/lib/dpkg/status")):
        result = run([dpkg, "-W", "-f", parse.DPKG_FORMAT, *parse.PACKAGE_PATTERNS], timeout=30.0)
        # 1: a pattern that fits nothing
        return _packages(result, result.rc in (0, 1), parse.parse_dpkg(result.text))
    rpm = command.find("rpm")
    if rpm is None:
        return Reading([])
    result = run([rpm, "-qa", "--qf", parse.RPM_FORMAT, *parse.PACKAGE_PATTERNS], timeout=60.0)
    locks = "\n".join(files.read_text(os.path.join(root, name)) or "" for name in _LOCKS)
    return _packages(result, result.ok, parse.parse_rpm(result.text, locks))


def _packages(result: command.Result, good: bool, found: List[Package]) -> Reading:
    if good:
        return Reading(found)
    why = result.error.strip() or "it exited with code {0}".format(result.rc)
    return Reading(
        [],
        [
            unread(
                "packages", why, "Repair the package database: 'dpkg --configure -a' or 'rpm --rebuilddb' on the host"
            )
        ],
    )


def dkms(run: command.Run, root: str = "/") -> Reading:
    """A list of Dkms. The program is slow, so it runs only where DKMS has a module of NVIDIA's."""
    known = glob.glob(os.path.join(root, "var/lib/dkms/nvidia*"))
    program = command.find("dkms")
    if not known or program is None:
        return Reading([])
    result = run([program, "status"], timeout=60.0)
    found: List[Dkms] = parse.parse_dkms(result.text)
    if result.ok or found:
        return Reading(found)
    why = result.error.strip() or "dkms exited with code {0}".format(result.rc)
    return Reading([], [unread("dkms", why, "Run 'dkms status' on the host as root (become: true)")])
