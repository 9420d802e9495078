# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A boot unit: what has to be on a host so that something is done again at every boot."""

from __future__ import annotations

import json
from typing import Any, Dict, List, NamedTuple, Optional, Sequence

from ..common import effects, lines
from ..common.effects import Effect, EnableUnit
from .tools import PROGRAM

_AFTER = "systemd-modules-load.service systemd-udev-settle.service nvidia-persistenced.service"
# Container runtimes and Kubernetes, which hand GPUs out.
_BEFORE = (
    "containerd.service",
    "docker.service",
    "crio.service",
    "kubelet.service",
    "k3s.service",
    "k3s-agent.service",
    "rke2-server.service",
    "rke2-agent.service",
)

# What starts after a boot unit starts when that has failed too, so each has an end. The program gives up a call that
# hangs after a minute; five are enough for the driver to load, for the lock, and for a layout of many cards. A process
# that hangs in the kernel is waited for a few times TimeoutStopSec, and left behind.
UNIT = """\
# Written by the Ansible collection edgesite.gpu; changes are overwritten.
[Unit]
Description={description}
After={after}
Before={before}

[Service]
Type=oneshot
RemainAfterExit=yes
TimeoutStartSec=300
TimeoutStopSec=5
ExecStart={python} {host_tools} {verb} {config}

[Install]
WantedBy=multi-user.target
"""


class BootUnit(NamedTuple):
    """Files by path (None: no file) and whether the unit is enabled."""

    unit: str
    files: Dict[str, Optional[str]]
    enabled: bool


# For those who are to leave boot units alone.
NONE = BootUnit("", {}, False)


def wanted(
    verb: str, description: str, python: str, config: Optional[Dict[str, Any]], before: Sequence[str] = ()
) -> BootUnit:
    """The boot unit that runs `verb` of the host tools on this configuration, or with None no such unit.

    before: further units that start after it, apart from those that it starts after itself.
    """
    unit = "edgesite-gpu-{0}.service".format(verb)
    unit_path = "/etc/systemd/system/" + unit
    config_path = "/etc/edgesite-gpu/{0}.json".format(verb)
    if config is None:
        return BootUnit(unit, {config_path: None, unit_path: None}, False)
    return BootUnit(
        unit,
        {
            config_path: json.dumps(config, indent=2, sort_keys=True) + "\n",
            unit_path: lines.fill(
                UNIT,
                description=description,
                after=_AFTER,
                before=" ".join(dict.fromkeys([*_BEFORE, *(unit for unit in before if unit not in _AFTER.split())])),
                python=lines.checked("ansible_python_interpreter", python, lines.PATH),
                host_tools=PROGRAM,
                verb=verb,
                config=config_path,
            ),
        },
        True,
    )


def plan(desired: BootUnit, observed: BootUnit) -> List[Effect]:
    """What brings the observed unit to the desired one."""
    written: List[Effect] = list(effects.writes(desired.files, observed.files))
    if desired.enabled == observed.enabled:
        return written
    switch = EnableUnit(desired.unit, desired.enabled)
    # A unit has to be there to be enabled, and still there to be disabled.
    return [*written, switch] if desired.enabled else [switch, *written]


def after(observed: BootUnit, actions: Sequence[object]) -> BootUnit:
    """The unit once the effects among the actions are done."""
    enabled = [action.enabled for action in actions if isinstance(action, EnableUnit)]
    return BootUnit(
        observed.unit, effects.files_after(observed.files, actions), enabled[-1] if enabled else observed.enabled
    )
