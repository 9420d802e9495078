# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Layers that hosts had and their inventory no longer calls for: what tells of them, and what people do about it."""

from __future__ import annotations

from typing import Any, Collection, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from ..boot import unit as boot
from ..common import effects
from ..driver import files as driver_files
from ..driver import footprint as driver
from ..gpu import changed
from ..jetson import clocks, jetpack_actions
from ..storage import footprint as storage
from ..tls import files as tls_files
from . import problem

_REMOVE = 'run the playbook edgesite.gpu.remove with -e edgesite_hosts=HOST -e \'{{"remove_layers": ["{0}"]}}\''


class Layer(NamedTuple):
    """traces: patterns of the paths that tell that a host has it. what: is there still. fix: what to do."""

    traces: Tuple[str, ...]
    what: str
    fix: str


def _of_boot_unit(verb: str) -> Tuple[str, ...]:
    return tuple(boot.wanted(verb, "", "", None).files)


LAYERS: Dict[str, Layer] = {
    "driver": Layer(
        (*driver.MARKED, driver_files.HOLDS),
        "its packages are still pinned or held",
        "set driver_branch again, or " + _REMOVE.format("driver"),
    ),
    "jetpack": Layer(
        (*clocks.boot_unit("", False).files, jetpack_actions.HOLDS),
        "its packages are still held, or its clocks locked at every boot",
        "set jetpack_version again, or " + _REMOVE.format("jetpack"),
    ),
    "gpu": Layer(
        (*_of_boot_unit("settings"), changed.SETTINGS),
        "its settings are still in force",
        "set gpu_settings: [] and run again to set them back, then remove the variable; to leave them as they are, "
        + _REMOVE.format("gpu"),
    ),
    "mig": Layer(
        (*_of_boot_unit("mig"), changed.MIG),
        "its MIG layouts are still in force",
        "set mig_layouts: [] and run again, then remove the variable; to leave them as they are, "
        + _REMOVE.format("mig"),
    ),
    "storage": Layer(
        (),
        "its volumes are still opened at every boot",
        "set storage_volumes again, or remove the volumes by hand: the playbook edgesite.gpu.remove with "
        "-e edgesite_hosts=HOST --check lists the commands",
    ),
    "identity": Layer(
        ("/etc/edgesite-gpu/identity/*",),
        "its keys and certificates are still there",
        "set identity_ca_dir again, or end the identity with the playbook edgesite.gpu.decommission and then run "
        "'rm -r /etc/edgesite-gpu/identity' on the host",
    ),
    "tls": Layer(
        ("/etc/edgesite-gpu/tls/*", tls_files.PROXY_TEMPLATE, effects.UNITS + "/*.d/" + tls_files.DROPIN),
        "its services and proxies still use the key",
        "set tls_services again, or " + _REMOVE.format("tls"),
    ),
}


def found(there: Collection[str], crypttab: Optional[str]) -> List[str]:
    """The layers that a host has. there: those of the patterns that match something."""
    volumes = storage.kept(crypttab or "", "")
    return [
        name
        for name, layer in LAYERS.items()
        if any(trace in there for trace in layer.traces) or (name == "storage" and volumes)
    ]


def left(info: Mapping[str, Any], called: Any) -> List[str]:
    """The layers that gpu_info has found on a host, and that are not called for; none where it was not asked."""
    there = info.get("layers")
    if there is None or called is None:
        return []
    return [name for name in LAYERS if name in there and name not in called]


def told(name: str, hosts: Sequence[str]) -> str:
    """For people."""
    layer = LAYERS[name]
    return "The layer {0} is not in the inventory for {1}, but {2}: {3}".format(
        name, problem.some(hosts), layer.what, layer.fix
    )
