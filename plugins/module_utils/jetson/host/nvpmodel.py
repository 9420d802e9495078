# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nvpmodel: its configuration, the file it keeps its choice in, and the program.

The program knows best whether a mode takes a reboot, since it compares with the hardware. It asks then whether it may
reboot at once, and a no leaves everything as it is; or it fails at a mask of power gating, and what came before that is
set already. The choice is therefore written into its status file, which its own unit sets at boot, before anything uses
the GPU.
"""

from __future__ import annotations

import contextlib
import os
from typing import Dict, List, Optional, Tuple

from ...common import lines
from ...common.errors import EdgesiteError
from ...common.host import command, files, owned_files, systemctl
from ...common.host.command import Result, Run
from .. import board, nvpmodel, own_modes
from ..nvpmodel import ReleaseClocks, SetMode, State, WriteModes
from ..nvpmodel_conf import Conf, parse_conf
from . import board as jetson_files
from . import clocks, nvpmodel_note

CONF = "/etc/nvpmodel.conf"
STATUS = "/var/lib/nvpmodel/status"
UNIT = "nvpmodel.service"
_SECONDS = 60.0
_CORES_SWITCHED_LIVE = ("tegra186", "tegra194", "tegra210")
_INSTALL = "Install the package nvidia-l4t-nvpmodel; on another maker's board, install the package of that maker"


def observe(run: Run, clocks_too: bool = False) -> State:
    """Configuration and choice; the clocks that there are, too. Raises EdgesiteError where nvpmodel is not usable."""
    text = _conf_text()
    conf = parse_conf(text, CONF)
    stored = _stored(run)
    fixed = jetson_files.soc() not in _CORES_SWITCHED_LIVE
    waits, stale = nvpmodel_note.running(stored), nvpmodel_note.stale()
    tables = _tables(conf) if clocks_too else {}
    return State(conf, stored, waits, systemctl.failed(run, UNIT), clocks.stored(), fixed, text, stale, tables)


def _tables(conf: Conf) -> Dict[str, Tuple[int, ...]]:
    """By parameter, of the files that can be read."""
    read = {
        parameter: tuple(rate for path in paths for rate in _rates(path))
        for parameter, paths in own_modes.table_files(conf).items()
    }
    return {parameter: rates for parameter, rates in read.items() if rates}


def _rates(path: str) -> List[int]:
    with contextlib.suppress(OSError):
        numbers = [lines.as_int(word) for word in (files.read_text(path) or "").split()]
        return [number for number in numbers if number is not None]
    return []


def _conf_text() -> str:
    text = owned_files.read_text(CONF)
    if text is not None:
        return text
    if os.path.islink(CONF):
        raise EdgesiteError("{0} is a link to {1}, which does not exist".format(CONF, os.readlink(CONF)), _INSTALL)
    raise EdgesiteError("{0} does not exist: nvpmodel has no power modes on this host".format(CONF), _INSTALL)


def _stored(run: Run) -> Optional[int]:
    stored = board.parse_power_status(owned_files.read_text(STATUS) or "")
    if stored is not None:
        return stored
    program = command.find("nvpmodel")
    asked = board.parse_power_query(run([program, "-q"]).text) if program else None
    return asked.id if asked else None


def apply(run: Run, action: nvpmodel.Action) -> None:
    """Does one action. Raises EdgesiteError."""
    if isinstance(action, ReleaseClocks):
        clocks.restore(run)
    elif isinstance(action, WriteModes):
        _write_conf(action.text, nvpmodel.SET if action.stale is not None else nvpmodel_note.stale())
    elif action.how == "keep":
        _write(action.mode.id, action.running)
    else:
        _set(run, action)


def undo(run: Run, action: nvpmodel.Action) -> None:
    """Takes one action back. Raises EdgesiteError."""
    if isinstance(action, ReleaseClocks):
        clocks.lock(run)
        return
    if isinstance(action, WriteModes):
        _write_conf(action.previous, "")
        if action.stale is not None:
            _program(run, action.stale)
        return
    if action.how != "keep" and action.running != action.mode.id:
        _program(run, action.running)
    if action.stored is None:
        owned_files.remove(STATUS)
        nvpmodel_note.remove()
    else:
        _write(action.stored, action.running)


def _write_conf(text: str, stale: str) -> None:
    """The note comes first: a run that ends in between leaves the rest to the next one."""
    nvpmodel_note.write_stale(stale)
    # The file may be a link to the board's own.
    owned_files.write_text(os.path.realpath(CONF), text)


def _set(run: Run, action: SetMode) -> None:
    done = _program(run, action.mode.id)
    said = done.text + done.error
    fixed = nvpmodel.mask_is_fixed(said)
    if fixed or nvpmodel.asks_for_reboot(said):
        if action.mode.id == action.running and not action.again:
            raise EdgesiteError(
                "{0} is the mode of this boot, but {1} failed, and nvpmodel cannot set it until another reboot".format(
                    action.mode.name, UNIT
                ),
                "Run 'journalctl -b -u {0}' on the host: values in {1} may not fit this board".format(UNIT, CONF),
            )
        if fixed:
            _program(run, action.running)
        _write(action.mode.id, action.running)
        nvpmodel_note.write_stale(nvpmodel.BOOT if action.again else "")
    elif not done.ok:
        raise EdgesiteError(
            "nvpmodel -m {0}: {1}".format(action.mode.id, " ".join(said.split()) or done.rc),
            "Run 'journalctl -b -u {0}' and 'nvpmodel -q' on the host".format(UNIT),
        )
    else:
        nvpmodel_note.remove()
        nvpmodel_note.write_stale("")
        if systemctl.failed(run, UNIT):
            systemctl.clear_failure(run, UNIT)


def _program(run: Run, identity: int) -> Result:
    """Asks for a mode. Where that would reboot the host the program asks back, and is told no."""
    return run([command.find("nvpmodel") or "nvpmodel", "-m", str(identity)], data=b"no\n", timeout=_SECONDS)


def _write(identity: int, running: int) -> None:
    """Chooses the mode of the next boot. The note comes first: without its status it says nothing."""
    nvpmodel_note.write(identity, running)
    owned_files.write_text(STATUS, nvpmodel.status_text(owned_files.read_text(STATUS), identity))
