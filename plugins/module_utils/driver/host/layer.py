# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run of nvidia_driver without Ansible's part."""

from __future__ import annotations

from typing import Any, Dict, Iterable, Mapping

from ...common.host import apt, command, dnf
from ...common.host.packages import Patience
from ...converge import Domain, Note, unheard
from ...outcome import run_all
from .. import spec
from ..options import options
from .domains import domains
from .fetch import fetch
from .install import AptManager, DnfManager
from .look import Look
from .removal import RemovalDomain


def run(params: Mapping[str, Any], check: bool, verbosity: int = 0, note: Note = unheard) -> Dict[str, Any]:
    """The module's result. params: as spec.OPTIONS has them."""
    return run_all(lambda: _domains(params, check, note), check, verbosity, note)


def look(params: Mapping[str, Any], _nvml: object, _earlier: object, verbosity: int = 0) -> Dict[str, Any]:
    """What the module says in check mode."""
    return run(params, True, verbosity)


def _domains(params: Mapping[str, Any], check: bool, note: Note) -> Iterable[Domain[Any, Any]]:
    present = params["state"] == "present"
    want = options({name: value for name, value in params.items() if name not in spec.LIMITS}) if present else None
    look = Look(command.run, params["pynvml_path"])
    now = look.now()
    patience = Patience.of(
        params["package_timeout"], "driver_package_timeout", params["lock_timeout"], "driver_lock_timeout"
    )
    manager: Any
    components: Any
    if now.on.apt:
        backend = apt.Apt(command.run, note, patience)
        manager, components = AptManager(backend, params["source"]), backend.components
    else:
        manager, components = DnfManager(dnf.Dnf(command.run, note, patience)), dict
    if want is None:
        return [RemovalDomain(look, manager, params["allow_reboot"])]
    return domains(look, want, manager, fetch, components, check)
