# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The services of NVIDIA's driver, and which version the fabric manager has."""

from __future__ import annotations

import os
from typing import Optional

from ...common.effects import WriteFile
from ...common.host import command, owned_files, systemctl
from ...common.host import effects as host_effects
from ...common.reading import Reading, unread
from .. import parts, versions
from ..files import RESTART

_UNITS = ("etc/systemd/system", "usr/lib/systemd/system", "lib/systemd/system")


def services(run: command.Run, root: str = "/") -> Reading:
    """The state of each service by name; systemd is asked only of those that are installed."""
    found = {name: _on_disk(name, root) for name in parts.SERVICES}
    asked = [name for name, state in found.items() if state == parts.STOPPED]
    running = systemctl.active(run, [name + ".service" for name in asked])
    return Reading({**found, **{name: parts.RUNNING for name in asked if name + ".service" in running}})


def _on_disk(name: str, root: str) -> str:
    paths = [os.path.join(root, folder, name + ".service") for folder in _UNITS]
    if os.path.islink(paths[0]) and os.readlink(paths[0]) == os.devnull:
        return parts.MASKED
    return parts.STOPPED if any(os.path.exists(path) for path in paths) else parts.ABSENT


def fabric_manager(run: command.Run) -> Reading:
    """Whether it is installed, and its version, None where it does not tell."""
    program = command.find(parts.SERVICES[parts.FABRIC_MANAGER])
    if program is None:
        return Reading((False, None))
    result = run([program, "--version"])
    version = versions.first_version(result.text)
    if version:
        return Reading((True, version))
    why = result.error.strip() or "it does not report its version"
    return Reading((True, None), [unread("fabric_manager", why, "Run 'nv-fabricmanager --version' on the host")])


def tell(run: command.Run, unit: str, file: Optional[WriteFile]) -> None:
    """Writes what a service is told, and restarts it. A run that ends in between leaves a note for the next one."""
    if file is not None:
        owned_files.write_text(RESTART, unit + "\n")
        host_effects.apply(run, file)
    systemctl.do(run, "try-restart", unit)
    owned_files.remove(RESTART)
