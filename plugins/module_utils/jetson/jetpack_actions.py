# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps to a JetPack that are more than an effect on a file or a unit."""

from __future__ import annotations

from typing import Any, List, Mapping, NamedTuple, Optional, Tuple, Union

from ..common import effects
from ..common.effects import Effect, RenewUnit, WriteFile
from . import jetpack, jetpack_plan
from .jetpack_plan import Wanted

HOLDS = "/etc/edgesite-gpu/jetpack-holds"
# A container runtime that is still to read its configuration; a boot does it too.
RELOAD = "/run/edgesite-gpu/container-runtime"


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
    """Holds packages against upgrades by others."""

    names: Tuple[str, ...]


class ConfigureRuntime(NamedTuple):
    """Names NVIDIA's container runtime to another one. previous: the text of its configuration."""

    runtime: str
    path: str
    previous: Optional[str]


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
                "; ".join(words) or "get the lists of packages",
            )
        )
    return actions


def holds(info: Mapping[str, Any], wanted: Wanted) -> List[Action]:
    """What is held once it is there."""
    names = jetpack_plan.plan(info, wanted)["hold"]
    if not names:
        return []
    noted = sorted({*info["held_by_role"], *names})
    previous = "".join(name + "\n" for name in info["held_by_role"]) or None
    # Noted first: a hold that is not noted would be taken for somebody else's, and be in the way of the next upgrade.
    note = WriteFile(
        HOLDS, "".join(name + "\n" for name in noted), previous, does="note what is held ({0})".format(HOLDS)
    )
    return [*([note] if noted != sorted(info["held_by_role"]) else []), Hold(tuple(names))]


def containers(
    toolkit: Mapping[str, Any], runtime: Optional[Tuple[str, str, Optional[str]]], waits: Optional[str]
) -> List[Action]:
    """What has containers use the Jetson's GPU.

    toolkit: as jetpack_info tells of it. runtime: the one that does not know NVIDIA's, with path and text of its
    configuration. waits: the runtime that has not read its configuration yet.
    """
    actions: List[Action] = []
    if runtime is not None:
        # Told before it is done, so that a run which ends in between leaves it to the next one.
        actions += [WriteFile(RELOAD, runtime[0], waits, does=_AT_WORK), ConfigureRuntime(*runtime)]
    name = runtime[0] if runtime is not None else waits
    if name:
        # Docker reads it anew, containerd starts anew: containers run on in both.
        actions += [RenewUnit(name + ".service", "try-reload-or-restart"), WriteFile(RELOAD, None, name, does=_DONE)]
    if toolkit["cdi_stale"]:
        actions.append(WriteCdi())
    return actions


_AT_WORK, _DONE = "note that the container runtime is to read it", "note that it has"


def describe(action: Action) -> str:
    """The step for people."""
    if isinstance(action, Install):
        return action.does
    if isinstance(action, Hold):
        return "hold {0} packages of L4T and JetPack".format(len(action.names))
    if isinstance(action, ConfigureRuntime):
        return "name nvidia-container-runtime to " + action.runtime
    if isinstance(action, WriteCdi):
        return "write the CDI file of this L4T"
    return effects.describe(action)
