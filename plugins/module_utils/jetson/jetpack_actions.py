# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps to a JetPack that are more than an effect on a file or a unit."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple, Union

from ..common import effects
from ..common.disruption import NONE, REBOOT, RESTART, by
from ..common.effects import Effect, WriteFile
from . import jetpack, jetpack_plan
from .jetpack_plan import Wanted

HOLDS = "/etc/edgesite-gpu/jetpack-holds"
# A container runtime that is still to read its configuration; a boot does it too.
RELOAD = "/run/edgesite-gpu/container-runtime"
# The runtimes that can read it without a restart
_RELOADED = ("docker",)


class Install(NamedTuple):
    """Gets the lists of packages, and brings packages to what is wanted.

    upgrade: all of them, to the newest release of the suite. names: to be added. repair: an installation that broke
    off is finished first. release: holds to lift meanwhile.
    """

    upgrade: bool
    names: Tuple[str, ...]
    repair: bool
    release: Tuple[str, ...]
    does: str


class Hold(NamedTuple):
    """Holds packages against upgrades by others. note: of all that is held then, for later runs."""

    names: Tuple[str, ...]
    note: WriteFile


class ConfigureRuntime(NamedTuple):
    """Names NVIDIA's container runtime to another one, which reads that. previous: the text of its configuration.

    path: None where an earlier run wrote it, and ended before it was read.
    """

    runtime: str
    path: Optional[str] = None
    previous: Optional[str] = None
    mode: int = 0o644


class WriteCdi(NamedTuple):
    """Has containers get the files of this L4T."""


Action = Union[Effect, Install, Hold, ConfigureRuntime, WriteCdi]


def packages(info: Mapping[str, Any], wanted: Wanted) -> List[Action]:
    """Where packages come from, and the packages."""
    made = jetpack_plan.plan(info, wanted)
    actions: List[Action] = []
    if made["sources"] is not None:
        actions.append(WriteFile(jetpack.SOURCES, made["sources"], info["apt"]["text"], does=made["words"]["sources"]))
    if actions or made["upgrade"] or made["install"] or made["repair"]:
        words = [made["words"][what] for what in ("repair", "upgrade", "install") if made["words"][what]]
        actions.append(
            Install(
                made["upgrade"],
                tuple(made["install"]),
                bool(made["repair"]),
                tuple(made["release"]),
                "; ".join(words) or "update the package lists",
            )
        )
    return actions


def installed(info: Mapping[str, Any], action: Install, hold: bool) -> Dict[str, Any]:
    """What jetpack_info would find after it, as far as that is known. hold: packages are held afterwards, not before.

    Versions are not: whatever is there is newer than the CDI file.
    """
    added = dict.fromkeys((*action.names, *(info["broken"] if action.repair else ())), "the newest")
    toolkit = info["container_toolkit"]
    renewed = action.upgrade and toolkit["installed"] and jetpack.makes_cdi(info["packages"]["container_toolkit"])
    return {
        **info,
        "broken": [] if action.repair else info["broken"],
        "installed": {**info["installed"], **added},
        "held": [name for name in info["held"] if not (hold and name in action.release)],
        "container_toolkit": {**toolkit, "cdi_stale": toolkit["cdi_stale"] or renewed},
    }


def with_toolkit(info: Mapping[str, Any], unconfigured: Optional[str]) -> Dict[str, Any]:
    """What jetpack_info would find with a container toolkit: its version is not known, but that it is of its L4T."""
    # With JetPack 6 came one that makes a CDI file.
    makes_cdi = bool(info["l4t"]) and info["l4t"]["major"] >= 36
    toolkit = {"installed": True, "cdi_stale": makes_cdi, "unconfigured": unconfigured}
    return {**info, "container_toolkit": toolkit}


def holds(info: Mapping[str, Any], wanted: Wanted) -> List[Action]:
    """What is held once it is there."""
    names = jetpack_plan.plan(info, wanted)["hold"]
    if not names:
        return []
    noted = sorted({*info["held_by_role"], *names})
    previous = "".join(name + "\n" for name in info["held_by_role"]) or None
    return [Hold(tuple(names), WriteFile(HOLDS, "".join(name + "\n" for name in noted), previous))]


def containers(toolkit: Mapping[str, Any], runtime: Optional[ConfigureRuntime], waits: Optional[str]) -> List[Action]:
    """What has containers use the Jetson's GPU.

    toolkit: as jetpack_info tells of it. runtime: where one does not know NVIDIA's. waits: the one that has not read
    its configuration yet.
    """
    actions: List[Action] = []
    if runtime is not None:
        actions.append(runtime)
    elif waits:
        actions.append(ConfigureRuntime(waits))
    if toolkit["cdi_stale"]:
        actions.append(WriteCdi())
    return actions


def describe(action: Action) -> str:
    """The step for people."""
    if isinstance(action, Install):
        return action.does
    if isinstance(action, Hold):
        return "hold the packages of L4T and JetPack"
    if isinstance(action, ConfigureRuntime):
        what = "add nvidia-container-runtime to {0}" if action.path else "reload the configuration of {0}"
        return what.format(action.runtime)
    if isinstance(action, WriteCdi):
        return "write the CDI file for this L4T release"
    return effects.describe(action)


def disruption(action: Action) -> Dict[str, Any]:
    """What the step interrupts. The libraries of a new L4T are not for the kernel that runs."""
    if isinstance(action, Install):
        return by(REBOOT if action.upgrade else NONE)
    if isinstance(action, ConfigureRuntime) and action.runtime not in _RELOADED:
        return by(RESTART, action.runtime + ".service")
    if isinstance(action, (Hold, ConfigureRuntime, WriteCdi)):
        return by(NONE)
    return effects.disruption(action)
