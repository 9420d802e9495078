# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps to a driver that are more than an effect on a file or a unit."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple, Union

from ..common import effects
from ..common.disruption import ALL_GPUS, NONE, RESET, RESTART, by
from ..common.effects import Effect, Link, MaskUnit, RunUnit, WriteFile
from . import files as driver_files
from .files import File
from .parts import PERSISTENCED
from .plan import Packages, Plan, Situation


class GetKey(NamedTuple):
    """Gets a key from its address; it has to be the one with this fingerprint. previous: what was there."""

    path: str
    url: str
    fingerprint: str
    previous: Optional[str]
    does: str


class Install(NamedTuple):
    """Brings packages to the wanted driver. sources: what was written for it, and is taken back before the old driver
    is. disruption: what comes of it for those who use the GPUs, as common/disruption.py calls it."""

    packages: Packages
    sources: Tuple[Union[WriteFile, GetKey], ...]
    does: str
    disruption: str = NONE


class Remove(NamedTuple):
    """Removes packages. before: with their versions, as their manager names them. used: the driver is in use."""

    names: Tuple[str, ...]
    before: Tuple[str, ...]
    used: bool = False


class Hold(NamedTuple):
    """Holds packages against upgrades by others, or lets them go. note: of what is held then, for later runs."""

    names: Tuple[str, ...]
    held: bool
    note: WriteFile


class RunTriggers(NamedTuple):
    """Has packages do what they have to do yet for others, as an earlier transaction broke off before its end.

    note: of that transaction, which goes.
    """

    note: WriteFile


class TellService(NamedTuple):
    """Restarts a service as what it is told is new. file: with that; None where an earlier run wrote it, and ended."""

    unit: str
    file: Optional[WriteFile]


class RebuildInitramfs(NamedTuple):
    """Makes the initramfs of each kernel anew, so that it leaves nouveau out."""


class Reload(NamedTuple):
    """Puts the modules on disk in the place of the loaded ones. stop, start: services of the driver.

    version: of the modules on disk, where it is known.
    """

    stop: Tuple[str, ...]
    unload: Tuple[str, ...]
    load: Tuple[str, ...]
    start: Tuple[str, ...]
    does: str
    version: Optional[str] = None


Action = Union[Effect, GetKey, Install, Remove, RunTriggers, Hold, TellService, RebuildInitramfs, Reload]


def packages(made: Plan, now: Situation) -> List[Action]:
    """The first part of the way: where packages come from, and the packages."""
    sources = tuple(_written(file, now) for file in made.sources)
    install = [Install(made.packages, sources, made.installs, made.disruption)] if made.install else []
    return [*sources, *install]


def settings(made: Plan, now: Situation) -> List[Action]:
    """The second part: what keeps the driver as it is, and has its services start with the host."""
    actions = triggers(now)
    for file in made.settings:
        write = _write(file, now)
        told = file.path == driver_files.PERSISTENCED_DROP_IN and PERSISTENCED in made.services.restart
        actions.append(TellService(_unit(PERSISTENCED), write) if told else write)
    if now.files.get(driver_files.RESTART) is not None and not any(isinstance(one, TellService) for one in actions):
        actions.append(TellService(_unit(PERSISTENCED), None))
    if made.hold:
        actions.append(Hold(made.hold, True, note(made.noted, now)))
    if made.unhold:
        actions.append(Hold(made.unhold, False, note(made.noted, now)))
    services = made.services
    actions += [RunUnit(_unit(name), False) for name in services.stop]
    actions += [MaskUnit(_unit(name), True) for name in services.mask]
    for name in services.disable:
        actions.append(_link(name, None, now))
    for name in services.unmask:
        actions.append(MaskUnit(_unit(name), False))
    # A link, as the unit of some distributions has no [Install] that 'systemctl enable' would go by.
    for name in services.enable:
        actions.append(_link(name, "/lib/systemd/system/{0}.service".format(name), now))
    if made.rebuild:
        actions.append(RebuildInitramfs())
    return actions


def triggers(now: Situation) -> List[Action]:
    """What an installation or a removal that broke off left to be done."""
    there = now.files.get(driver_files.TRANSACTION)
    return [] if there is None else [RunTriggers(WriteFile(driver_files.TRANSACTION, None, there))]


def services(made: Plan) -> List[Action]:
    """The last part, once the driver is loaded."""
    return [RunUnit(_unit(name), True) for name in made.services.start]


def describe(action: Action) -> str:
    """The step for people."""
    if isinstance(action, (GetKey, Install, Reload)):
        return action.does
    if isinstance(action, Remove):
        return "remove {0}".format(", ".join(action.names))
    if isinstance(action, RunTriggers):
        return "run the package triggers that an earlier run left pending"
    if isinstance(action, Hold):
        return "{0} the driver's packages".format("hold" if action.held else "no longer hold")
    if isinstance(action, TellService):
        return effects.describe(action.file) if action.file else "restart " + action.unit
    if isinstance(action, RebuildInitramfs):
        return "rebuild the initramfs"
    return effects.describe(action)


def details(action: Action) -> Dict[str, Any]:
    """What of a step is known only once the steps before it are done, and so is not in its words."""
    if isinstance(action, Hold):
        return {"packages": list(action.names)}
    return {"version": action.version} if isinstance(action, Reload) and action.version else {}


def disruption(action: Action) -> Dict[str, Any]:
    """What the step interrupts."""
    if isinstance(action, Install):
        return by(action.disruption, *([ALL_GPUS] if action.disruption == RESET else []))
    if isinstance(action, Reload):
        return by(RESET, ALL_GPUS) if action.unload else by(NONE)
    if isinstance(action, Remove):
        return by(RESET, ALL_GPUS) if action.used else by(NONE)
    if isinstance(action, TellService):
        return by(RESTART, action.unit)
    if isinstance(action, (GetKey, RunTriggers, Hold, RebuildInitramfs)):
        return by(NONE)
    return effects.disruption(action)


def _written(file: File, now: Situation) -> Union[WriteFile, GetKey]:
    if file.url is not None and file.fingerprint is not None:
        return GetKey(file.path, file.url, file.fingerprint, now.files.get(file.path), file.does)
    return _write(file, now)


def _write(file: File, now: Situation) -> WriteFile:
    return WriteFile(file.path, file.content, now.files.get(file.path), does=file.does)


def note(names: Sequence[str], now: Situation) -> WriteFile:
    """Notes the packages that are held; none, and there is no note."""
    return WriteFile(
        driver_files.HOLDS, "".join(name + "\n" for name in names) or None, now.files.get(driver_files.HOLDS)
    )


def _link(name: str, target: Optional[str], now: Situation) -> Link:
    path = driver_files.ENABLED.format(name)
    return Link(path, target, now.links.get(path))


def _unit(name: str) -> str:
    return name + ".service"
