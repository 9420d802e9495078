# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clocks of a Jetson, locked at the highest that the power mode allows, or left to the governors."""

from __future__ import annotations

import re
from typing import Dict, List, NamedTuple, Union

from ..boot import unit as boot
from ..boot.unit import BootUnit
from ..common import effects, lines
from ..common.effects import Effect
from ..common.errors import EdgesiteError

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
ExecStart={program}

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


class State(NamedTuple):
    """clocks: (lowest, highest) by name. stored: what was before the lock is noted. boot: the boot unit."""

    clocks: Dict[str, "Clock"]
    stored: bool
    boot: BootUnit


class Clock(NamedTuple):
    """The range that a clock may take, in the unit that jetson_clocks shows."""

    low: int
    high: int


class Lock(NamedTuple):
    """Notes the clocks as they are, and locks them at the highest."""


class Restore(NamedTuple):
    """Puts back what was noted."""


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


def locked(clocks: Dict[str, Clock]) -> bool:
    """Whether no clock has a range left. The clock itself is not asked: throttling lowers it under a lock too."""
    return all(clock.low == clock.high for clock in clocks.values())


def boot_unit(program: str, wanted: bool) -> BootUnit:
    """The unit that locks the clocks at every boot, or no such unit."""
    text = None
    if wanted:
        path = lines.checked("the path of jetson_clocks", program, lines.PATH)
        text = lines.fill(_UNIT_TEXT, program=path, store=STORE)
    return BootUnit(UNIT, {_UNIT_PATH: text}, wanted)


def plan(lock: bool, unit: BootUnit, state: State) -> List[Action]:
    """What brings the clocks and the unit to what is wanted. Raises EdgesiteError."""
    actions: List[Action] = []
    if lock and not locked(state.clocks):
        actions.append(Lock())
    elif not lock and locked(state.clocks):
        if not state.stored:
            raise EdgesiteError(
                "state is restored, but something else locked the clocks, so {0} does not say what they were "
                "before".format(STORE),
                "Restore them with what locked them ('jetson_clocks --restore FILE'), or reboot, which ends the lock",
            )
        actions.append(Restore())
    return actions + list(boot.plan(unit, state.boot))


def after(state: State, actions: List[Action]) -> State:
    """The state once the actions are done; the ranges after a restore are not known before."""
    for action in actions:
        if isinstance(action, Lock):
            clocks = {name: Clock(clock.high, clock.high) for name, clock in state.clocks.items()}
            state = state._replace(clocks=clocks, stored=True)
        elif isinstance(action, Restore):
            state = state._replace(clocks={}, stored=False)
        else:
            state = state._replace(boot=boot.after(state.boot, [action]))
    return state


def describe(action: Action) -> str:
    """The action for people."""
    if isinstance(action, Lock):
        return "lock the clocks at the maximum of the power mode"
    if isinstance(action, Restore):
        return "restore the clocks as they were before the lock"
    return effects.describe(action)
