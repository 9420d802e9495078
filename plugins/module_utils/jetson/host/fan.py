# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nvfancontrol: its configuration, what it remembers, and its unit.

The daemon remembers the last profile in its status file, which counts more than the configuration's default: it is
removed while the daemon does not run.
"""

from __future__ import annotations

import os
from typing import Dict, Optional

from ...common.errors import EdgesiteError
from ...common.host import command, owned_files, systemctl
from ...common.host.command import Run
from .. import fan
from ..fan import State

CONF = "/etc/nvfancontrol.conf"
STATUS = "/var/lib/nvfancontrol/status"
UNIT = fan.DAEMON
_INSTALL = "Install the package nvidia-l4t-nvfancontrol; a board without a fan has none"
_LOOK = "Run 'journalctl -u {0}' on the host; the fans may stand still until it runs".format(UNIT)


def observe(run: Run) -> State:
    """Configuration, profiles in force, and whether the daemon runs. Raises EdgesiteError."""
    text = owned_files.read_text(CONF)
    if text is None:
        raise EdgesiteError("{0} does not exist: nvfancontrol drives no fan on this host".format(CONF), _INSTALL)
    active = bool(systemctl.active(run, [UNIT]))
    return State(text, fan.parse_conf(text, CONF), _in_force(run, active), active)


def _in_force(run: Run, active: bool) -> Optional[Dict[int, str]]:
    program = command.find("nvfancontrol")
    told = fan.parse_query(run([program, "-q"]).text) if program and active else None
    return told or fan.parse_query(owned_files.read_text(STATUS) or "")


def apply(run: Run, text: str) -> None:
    """Puts a configuration in place and starts the daemon with it. Raises EdgesiteError."""
    systemctl.do(run, "stop", UNIT, fix=_LOOK)
    # The file may be a link to the board's own.
    owned_files.write_text(os.path.realpath(CONF), text)
    owned_files.remove(STATUS)
    systemctl.do(run, "start", UNIT, fix=_LOOK)
