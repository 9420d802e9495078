# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what identifies a Jetson, and what it offers: device tree, L4T release, files of nvpmodel and nvfancontrol."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Any, Dict, List, Optional

from ...common.errors import EdgesiteError
from ...common.host import apt, command, files
from ...common.reading import Reading, unread
from .. import board as jetson
from .. import fan, offer
from ..board import L4t, PowerMode
from ..nvpmodel_conf import Conf, parse_conf
from . import nvpmodel_note

_BECOME = "Run the task as root (become: true)"


def read(run: command.Run, root: str = "/") -> Reading:
    """The value is None on anything but a Jetson."""
    compatible = _device_tree(root, "compatible")
    if not jetson.is_jetson(compatible):
        return Reading()
    missing: List[Dict[str, Any]] = []
    model = _device_tree(root, "model")
    l4t = _l4t(run, root, missing)
    conf = _power_conf(root, missing)
    mode = _power_mode(run, root, conf, missing)
    value = {
        "model": model[0] if model else None,
        "module": jetson.module_part(compatible),
        "soc": jetson.soc(compatible),
        "l4t": asdict(l4t) if l4t else None,
        "jetpack": _jetpack(run, l4t) if l4t else None,
        "power_mode": asdict(mode) if mode else None,
        "power_modes": [{"id": offered.id, "name": offered.name} for offered in conf.modes] if conf else [],
        "fan_profiles": _fan_profiles(root, missing),
    }
    return Reading(value, missing)


def soc(root: str = "/") -> Optional[str]:
    """tegra234 and the like; None on anything but a Jetson."""
    return jetson.soc(_device_tree(root, "compatible"))


def board(root: str = "/") -> Optional[str]:
    """Carrier and module as the device tree names them first, such as p3737-0000+p3701-0000."""
    compatible = _device_tree(root, "compatible")
    return compatible[0].partition(",")[2] or compatible[0] if compatible else None


def _device_tree(root: str, name: str) -> List[str]:
    """A property of the device tree, which procfs links to its place in sysfs."""
    for place in ("proc/device-tree", "sys/firmware/devicetree/base"):
        data = files.read_bytes(os.path.join(root, place, name))
        if data is not None:
            return jetson.strings(data)
    return []


def _l4t(run: command.Run, root: str, missing: List[Dict[str, Any]]) -> Optional[L4t]:
    text = files.read_text(os.path.join(root, "etc/nv_tegra_release"))
    found = jetson.parse_tegra_release(text) if text else None
    # the file is missing from images that were built without NVIDIA's installer
    found = found or _l4t_package(run)
    if found is None:
        missing.append(
            unread(
                "jetson.l4t",
                "neither /etc/nv_tegra_release nor the package nvidia-l4t-core shows the L4T release",
                "Install nvidia-l4t-core, or flash the module with an image that has it",
            )
        )
    return found


def _l4t_package(run: command.Run) -> Optional[L4t]:
    return jetson.parse_package_version(_version(run, "nvidia-l4t-core"))


def _jetpack(run: command.Run, l4t: L4t) -> Optional[str]:
    """The table's, and for a release that is not in it, what apt offers with this L4T, or what is installed."""
    return jetson.jetpack(l4t) if jetson.is_known(l4t) else _offered_with(run, l4t) or _installed_with(run, l4t)


def _offered_with(run: command.Run, l4t: L4t) -> Optional[str]:
    offered = offer.parse(apt.policy(run, offer.PACKAGES))
    return offered.jetpack if offered.l4t == l4t else None


def _installed_with(run: command.Run, l4t: L4t) -> Optional[str]:
    return jetson.jetpack(l4t, _version(run, "nvidia-jetpack"))


def _version(run: command.Run, package: str) -> str:
    """Of an installed package; empty for none."""
    program = command.find("dpkg-query")
    result = run([program, "-W", "-f", "${Version}", package]) if program else None
    return result.text if result and result.ok else ""


def _power_conf(root: str, missing: List[Dict[str, Any]]) -> Optional[Conf]:
    """None where nvpmodel has no modes, as on images for modules that are run at one fixed power."""
    path = "/etc/nvpmodel.conf"
    try:
        text = files.read_text(os.path.join(root, path[1:]))
        return None if text is None else parse_conf(text, path)
    except OSError as error:
        missing.append(unread("jetson.power_modes", "{0}: {1}".format(path, error.strerror), _BECOME))
    except EdgesiteError as error:
        missing.append(unread("jetson.power_modes", error.problem, error.fix))
    return None


def _power_mode(
    run: command.Run, root: str, conf: Optional[Conf], missing: List[Dict[str, Any]]
) -> Optional[PowerMode]:
    try:
        text = files.read_text(os.path.join(root, "var/lib/nvpmodel/status"))
    except OSError as error:
        missing.append(unread("jetson.power_mode", "/var/lib/nvpmodel/status: {0}".format(error.strerror), _BECOME))
        return None
    stored = jetson.parse_power_status(text or "")
    waiting_for = nvpmodel_note.running(stored, root)
    mode = jetson.power_mode(conf, stored if waiting_for is None else waiting_for)
    if mode is None or mode.name is None:
        mode = _query_power_mode(run) or mode
    return mode


def _fan_profiles(root: str, missing: List[Dict[str, Any]]) -> Optional[List[str]]:
    """Those that all fans have; None where nvfancontrol drives none."""
    path = "/etc/nvfancontrol.conf"
    try:
        text = files.read_text(os.path.join(root, path[1:]))
        return None if text is None else fan.common(fan.parse_conf(text, path))
    except OSError as error:
        missing.append(unread("jetson.fan_profiles", "{0}: {1}".format(path, error.strerror), _BECOME))
    except EdgesiteError as error:
        missing.append(unread("jetson.fan_profiles", error.problem, error.fix))
    return None


def _query_power_mode(run: command.Run) -> Optional[PowerMode]:
    """Only a query: nvpmodel waits for an answer when a mode wants a reboot, so its input is closed all the same."""
    program = command.find("nvpmodel")
    if program is None:
        return None
    result = run([program, "-q"], timeout=5.0)
    return jetson.parse_power_query(result.text) if result.ok else None
