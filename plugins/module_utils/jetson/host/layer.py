# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run of jetpack without Ansible's part."""

from __future__ import annotations

from typing import Any, Dict, Iterable, Mapping

from ...common.host import apt, command
from ...common.host.packages import Patience
from ...converge import Domain, Note, unheard
from ...outcome import run_all
from .. import clocks, fan, nvpmodel
from ..jetpack_plan import Wanted
from .jetpack_domains import Look, Power, domains


def run(params: Mapping[str, Any], check: bool, verbosity: int = 0, note: Note = unheard) -> Dict[str, Any]:
    """The module's result. params: as spec.OPTIONS has them."""
    return run_all(lambda: _domains(params, check, note), check, verbosity, note)


def look(params: Mapping[str, Any], _nvml: object, _earlier: object, verbosity: int = 0) -> Dict[str, Any]:
    """What the module says in check mode."""
    return run(params, True, verbosity)


def _domains(params: Mapping[str, Any], check: bool, note: Note) -> Iterable[Domain[Any, Any]]:
    wanted = Wanted(
        params["version"],
        params["suite"],
        tuple(params["packages"]),
        params["hold"],
        params["upgrade"],
        params["mirror"],
    )
    patience = Patience.of(params["apt_timeout"], "jetpack_apt_timeout", params["lock_timeout"], "jetpack_lock_timeout")
    backend = apt.Apt(command.run, note, patience)
    return domains(Look(command.run), backend, wanted, _power(params), params["allow_reboot"], check)


def _power(params: Mapping[str, Any]) -> Power:
    wanted_fan = fan.wanted(params["fan_profile"], params["fan_curves"], "jetpack_fan_profile", "jetpack_fan_curves")
    mode = nvpmodel.wanted(params["power_mode"], params["power_modes"], "jetpack_power_mode", "jetpack_power_modes")
    clocks.check_fan(params["clocks_fan"], params["clocks"] == "locked", wanted_fan.anything(), clocks.OPTIONS_OF_FAN)
    return Power(mode, params["clocks"], params["clocks_fan"], wanted_fan)
