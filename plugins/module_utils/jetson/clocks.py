# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clocks of a Jetson, locked at the highest that the power mode allows, or left to the governors."""

from __future__ import annotations

import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple, Union

from ..boot import unit as boot
from ..boot.unit import BootUnit
from ..common import effects, lines
from ..common.disruption import NONE, RESTART, by
from ..common.effects import Effect
from ..common.errors import EdgesiteError
from .fan import DAEMON

# What the clocks were before they were locked. In /run: a reboot unlocks them.
STORE = "/run/edgesite-gpu/jetson_clocks.conf"
UNIT = "edgesite-gpu-jetson-clocks.service"
_UNIT_PATH = "/etc/systemd/system/" + UNIT

_UNIT_TEXT = """\
# Written by the Ansible collection edgesite.gpu; changes are overwritten.
[Unit]
Description=Lock the clocks of the Jetson
After=nvpmodel.service nvfancontrol.service

[Service]
Type=oneshot
RemainAfterExit=yes
TimeoutStartSec=60
TimeoutStopSec=5
ExecStartPre=/bin/mkdir -p /run/edgesite-gpu
ExecStartPre=/bin/rm -f {store}
ExecStartPre={program} --store {store}
ExecStart={program}{fan}

[Install]
WantedBy=multi-user.target
"""

# cpu0: Online=1 Governor=schedutil MinFreq=729600 MaxFreq=1510400 CurrentFreq=1510400 IdleStates: WFI=1 c7=1
# JetPack 7 on Orin has no Online=, and lists only the cores that are on.
_CPU = re.compile(r"^(cpu\d+):\s+(?!.*\bOnline=0\b).*?\bMinFreq=(\d+)\s+MaxFreq=(\d+)", re.ASCII | re.MULTILINE)
# GPU MinFreq=306000000 MaxFreq=624750000 CurrentFreq=624750000; on Thor gpu-gpc-0 and gpu-nvd-0
_GPU = re.compile(
    r"^([\w-]*gpu[\w-]*):?[ \t]+(?:Online=1[ \t]+)?MinFreq=(\d+)\s+MaxFreq=(\d+)", re.ASCII | re.I | re.MULTILINE
)
# FAN Dynamic Speed Control=nvfancontrol hwmon0_pwm1=88; Fan: speed=0 on JetPack 4
_SPEED = re.compile(r"\bhwmon\d+_pwm\d*=(\d+)|^Fan: \w+=(\d+)", re.ASCII | re.MULTILINE)
_DRIVEN = re.compile(r"^FAN Dynamic Speed Control=nvfancontrol\b", re.ASCII | re.I | re.MULTILINE)
_FULL = 255
# What the role calls the fan, the lock and the profile
OPTIONS_OF_FAN = ("jetpack_clocks_fan", "jetpack_clocks", "jetpack_fan_profile or jetpack_fan_curves")


class State(NamedTuple):
    """clocks: (lowest, highest) by name. stored: what was before the lock is noted. boot: the boot unit. full: the fans
    run at full speed whatever the temperature, None on a board without one."""

    clocks: Dict[str, "Clock"]
    stored: bool
    boot: BootUnit
    full: Optional[bool] = None


class Clock(NamedTuple):
    """The range that a clock may take, in the unit that jetson_clocks shows."""

    low: int
    high: int


class Lock(NamedTuple):
    """Notes the clocks as they are, and locks them at the highest. fan: has the fans run at full speed, too."""

    fan: bool = False


class Restore(NamedTuple):
    """Puts back what was noted. fan: the fans were at full speed."""

    fan: bool = False


Action = Union[Lock, Restore, Effect]


def parse_show(text: str) -> Dict[str, Clock]:
    """What `jetson_clocks --show` tells of the CPUs that are on, and of the GPU. Raises EdgesiteError."""
    found = _CPU.findall(text) + _GPU.findall(text)
    if not any(name.startswith("cpu") for name, _low, _high in found):
        raise EdgesiteError(
            "'jetson_clocks --show' lists no CPU: {0}".format(" ".join(text.split())[:200] or "it printed nothing"),
            "Run 'jetson_clocks --show' as root on the host; reinstall nvidia-l4t-tools if it fails",
        )
    return {name: Clock(int(low), int(high)) for name, low, high in found}


def at_full_speed(text: str) -> Optional[bool]:
    """Whether `jetson_clocks --show` tells of fans at full speed that nobody drives; None where it tells of none."""
    speeds = [int(first or second) for first, second in _SPEED.findall(text)]
    return not _DRIVEN.search(text) and min(speeds) >= _FULL if speeds else None


def check_fan(fan: bool, lock: bool, profile: bool, options: Tuple[str, str, str]) -> None:
    """Raises where the fans cannot be had at full speed. options: what users call the fan, the lock and the profile."""
    if fan and not lock:
        raise EdgesiteError(
            "{0} is true, but {1} is not locked".format(*options),
            "Set {1}: locked, or remove {0}".format(*options),
        )
    if fan and profile:
        raise EdgesiteError(
            "{0} is true, and {2} is set: nvfancontrol does not run while the fans are at full speed".format(*options),
            "Remove {0} or {2}".format(*options),
        )


def locked(clocks: Dict[str, Clock]) -> bool:
    """Whether no clock has a range left. The clock itself is not asked: throttling lowers it under a lock too."""
    return all(clock.low == clock.high for clock in clocks.values())


def boot_unit(program: str, wanted: bool, fan: bool = False) -> BootUnit:
    """The unit that locks the clocks at every boot, or no such unit."""
    text = None
    if wanted:
        path = lines.checked("the path of jetson_clocks", program, lines.PATH)
        text = lines.fill(_UNIT_TEXT, program=path, store=STORE, fan=" --fan" if fan else "")
    return BootUnit(UNIT, {_UNIT_PATH: text}, wanted)


def plan(lock: bool, unit: BootUnit, state: State, fan: bool = False) -> List[Action]:
    """What brings the clocks and the unit to what is wanted. Raises EdgesiteError."""
    actions: List[Action] = []
    if lock:
        actions += _lock(state, fan)
    elif locked(state.clocks):
        if not state.stored:
            raise EdgesiteError(
                "state is restored, but something else locked the clocks, so {0} does not say what they were "
                "before".format(STORE),
                "Restore them with what locked them ('jetson_clocks --restore FILE'), or reboot, which ends the lock",
            )
        actions.append(Restore(bool(state.full)))
    return actions + list(boot.plan(unit, state.boot))


def _lock(state: State, fan: bool) -> List[Action]:
    if fan and state.full is None:
        raise EdgesiteError(
            "'jetson_clocks --show' lists no fan, so none can run at full speed",
            "Remove the wish for full speed on boards without a fan",
        )
    if not locked(state.clocks):
        return [Lock(fan)]
    if not fan or state.full:
        return []
    # What was noted before the lock is not noted anew under it.
    return [Restore(), Lock(fan)] if state.stored else [Lock(fan)]


def after(state: State, actions: List[Action]) -> State:
    """The state once the actions are done; the ranges after a restore are not known before."""
    for action in actions:
        if isinstance(action, Lock):
            clocks = {name: Clock(clock.high, clock.high) for name, clock in state.clocks.items()}
            state = state._replace(clocks=clocks, stored=True, full=action.fan or state.full)
        elif isinstance(action, Restore):
            state = state._replace(clocks={}, stored=False, full=False if state.full else state.full)
        else:
            state = state._replace(boot=boot.after(state.boot, [action]))
    return state


def released(state: State) -> State:
    """The state with clocks that have a range again, which one is not known."""
    free = {name: Clock(0, clock.high) for name, clock in state.clocks.items()}
    return state._replace(clocks=free, stored=False, full=False if state.full else state.full)


def booted(state: State) -> State:
    """What a reboot makes of it: locked by the unit, or not at all."""
    if not state.boot.enabled:
        return released(state)
    fan = any("--fan" in (text or "") for text in state.boot.files.values())
    return after(state._replace(full=None if state.full is None else fan), [Lock(fan)])


def describe(action: Action) -> str:
    """The action for people."""
    if isinstance(action, Lock):
        fan = ", with the fans at full speed" if action.fan else ""
        return "lock the clocks at the maximum of the power mode" + fan
    if isinstance(action, Restore):
        return "restore the clocks as they were before the lock"
    return effects.describe(action)


def disruption(action: Action) -> Dict[str, Any]:
    """What the action interrupts. Fans at full speed are nobody's to drive."""
    if isinstance(action, Lock) and action.fan:
        return by(RESTART, DAEMON)
    return by(NONE) if isinstance(action, (Lock, Restore)) else effects.disruption(action)
