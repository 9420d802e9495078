# SPDX-License-Identifier: GPL-3.0-or-later
"""What an emulated Jetson has on its disk, and the hub that serves NVIDIA's packages to it."""

from __future__ import annotations

import json
from pathlib import Path

from . import jetson_releases, jetson_repository
from .definition import Host, Site
from .jetson_packages import SOURCES
from .jetson_releases import Release

INSIDE = "usr/lib/edgelab/jetson"
REPOSITORY_NAME = "repo.download.nvidia.com"
SERVED = "srv/jetson-apt"
_UNIT = "lab-jetson-apt.service"
_SERVER = f"""[Unit]
Description=The lab's stand-in for {REPOSITORY_NAME}

[Service]
ExecStart=/usr/bin/python3 -m http.server --directory /{SERVED} 80
Restart=always

[Install]
WantedBy=multi-user.target
"""
# what the bootloader is built for, by the module
_BOARD_SPECS = {
    "agx-orin": "3701-500-0005-F.0-1-1-jetson-agx-orin-devkit-",
    "orin-nano": "3767-300-0005-T.2-1-1-jetson-orin-nano-devkit-super-",
    "agx-xavier": "2888-400-0004-M.0-1-2-jetson-agx-xavier-devkit-",
}


def release(host: Host) -> Release | None:
    """The release that a host is flashed with; None where it is no Jetson, or the lab has no packages of it."""
    jetson = host.hardware.jetson
    return jetson_releases.find(jetson.tegra_release) if jetson else None


def has_packages(site: Site) -> bool:
    """Whether a host of the site needs the repository."""
    return any(release(host) for host in site.hosts)


def files(host: Host) -> dict[str, bytes]:
    """Path below / to content, for a Jetson's disk. lab-init runs what lies there."""
    flashed = release(host)
    if flashed is None:
        return {}
    module = _module(host)
    spec = _BOARD_SPECS[module]
    tree = {
        f"{INSIDE}/board.json": json.dumps({"module": module, "l4t": flashed.l4t}).encode(),
        "etc/nv_boot_control.conf": f"TNSPEC {spec}\nCOMPATIBLE_SPEC {spec}\nTEGRA_BOOT_STORAGE mmcblk0\n".encode(),
    }
    tree.update({f"{INSIDE}/{file.name}": file.read_bytes() for file in sorted((SOURCES / "host").glob("*.*"))})
    debs = jetson_repository.of_host(flashed)
    return {**tree, **{f"{INSIDE}/debs/{path.name}": path.read_bytes() for path in debs}}


def _module(host: Host) -> str:
    """Which of the modules that the lab emulates a host's is, or comes closest to."""
    compatible = " ".join(host.hardware.jetson.compatible if host.hardware.jetson else ())
    if "tegra194" in compatible:
        return "agx-xavier"
    return "orin-nano" if "p3767" in compatible else "agx-orin"


def names(site: Site, host: Host) -> str:
    """Lines for a Jetson's /etc/hosts: the hub is NVIDIA's server."""
    hub = next((other for other in site.hosts if other.hub), None)
    return f"{hub.address}\t{REPOSITORY_NAME}\n" if hub and release(host) else ""


def hub_files(site: Site, host: Host) -> dict[str, bytes]:
    """Path below / to content, for the hub of a site with Jetsons."""
    if not (host.hub and has_packages(site)):
        return {}
    root = jetson_repository.ensure()
    tree = {f"etc/systemd/system/{_UNIT}": _SERVER.encode()}
    served = [path for path in sorted((root / "jetson").rglob("*")) if path.is_file()]
    return {**tree, **{f"{SERVED}/{_below(path, root)}": path.read_bytes() for path in served}}


def hub_links(site: Site, host: Host) -> dict[str, str]:
    """Path below / to target of a symbolic link."""
    if not (host.hub and has_packages(site)):
        return {}
    return {f"etc/systemd/system/multi-user.target.wants/{_UNIT}": f"../{_UNIT}"}


def _below(path: Path, root: Path) -> str:
    return str(path.relative_to(root))
