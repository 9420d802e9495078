# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts as nvidia_driver_info tells of them, for tests of what brings them to a driver."""

from __future__ import annotations

import base64

from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.driver import actions, options, parts
from ansible_collections.edgesite.gpu.plugins.module_utils.driver import files as driver_files
from ansible_collections.edgesite.gpu.plugins.module_utils.driver import plan as driver_plan
from ansible_collections.edgesite.gpu.plugins.module_utils.driver.packages import System, system
from ansible_collections.edgesite.gpu.plugins.module_utils.driver.plan import Situation
from ansible_collections.edgesite.gpu.tests.unit.places import FIXTURES

KEY = (FIXTURES / "driver" / "rsa.asc").read_bytes()
FINGERPRINT = "DCCBE2A4E8910F03449469498266F3C3BAD71495"
KERNEL = "6.12.48+deb13-amd64"
TRIXIE = {"id": "debian", "version_id": "13", "architecture": "x86_64"}
GPUS = {
    "M60": ("13f2", "maxwell", "Tesla M60"),
    "P4": ("1bb3", "pascal", "Tesla P4"),
    "V100": ("1db4", "volta", "Tesla V100"),
    "T4": ("1eb8", "turing", "Tesla T4"),
    "B200": ("2901", "blackwell", "NVIDIA B200"),
}
# nvidia-smi and libraries have the driver's version, the daemon of Debian 12 one of its own
NAMES = ("nvidia-kernel-dkms", "nvidia-smi", "libnvidia-ml1", "libcuda1")


def mirror(**changes):
    return {
        "url": "http://hub/debian",
        "layout": "distribution",
        "key": "site.asc",
        "key_base64": base64.b64encode(KEY).decode(),
        "key_fingerprint": FINGERPRINT,
        **changes,
    }


def info(models=("T4",), **changes):
    """A host without a driver."""
    return {
        "verdict": "absent",
        "reasons": ["There is no driver."],
        "fix": "Install it.",
        "packages": [],
        "held_by_role": [],
        "services": dict.fromkeys(parts.SERVICES, "absent"),
        "fabric_manager": None,
        "loaded": None,
        "on_disk": [],
        "kernel": {"running": KERNEL, "newest": KERNEL, "headers": {KERNEL: True}},
        "user_space": None,
        "dkms": [],
        "secure_boot": "disabled",
        "mok": {"enrolled": None},
        "nouveau": {"loaded": False, "blacklisted": False},
        "holders": [],
        "gpus": [
            {
                "pci_bus_id": "0000:{0:02x}:00.0".format(number + 1),
                "pci_device_id": GPUS[model][0],
                "architecture": GPUS[model][1],
                "name": GPUS[model][2],
            }
            for number, model in enumerate(models)
        ],
        "files": dict.fromkeys(driver_files.paths()),
        "links": dict.fromkeys(driver_files.links()),
        **changes,
    }


def installed(version, held=True, variables=None, flavour="proprietary", **changes):
    """A host with everything in place, files included, as the role leaves it."""
    files = dict.fromkeys(driver_files.paths())
    on = System("debian", "13", "x86_64")
    wish = options.options({"branch": version.split(".")[0], **(variables or {})})
    links = dict.fromkeys(driver_files.links())
    for file in [driver_files.pin(on, wish.glob), *driver_plan.settings_files(on, wish)]:
        files[file.path] = file.content
    if wish.persistenced:
        links[driver_files.ENABLED.format("nvidia-persistenced")] = "unit"
    services = {
        **dict.fromkeys(parts.SERVICES, "absent"),
        "nvidia-persistenced": "running" if wish.persistenced else "masked",
    }
    names = [*NAMES, "nvidia-persistenced"]
    return info(
        verdict="ok",
        reasons=[],
        fix=None,
        packages=[{"name": name, "version": version + "-1", "held": held} for name in names],
        loaded={"version": version, "flavour": flavour},
        on_disk=[{"kernel": KERNEL, "running": True, "newest": True, "version": version, "flavour": flavour}],
        user_space=version,
        **{"files": files, "links": links, "services": services, "held_by_role": names if held else [], **changes},
    )


def situation(found, host=None):
    told = {name: value for name, value in found.items() if name not in ("files", "links", "components")}
    return Situation(
        told, system(host or TRIXIE), found["files"], found["links"], frozenset(found.get("components", ["main"]))
    )


def plan(found, host=None, **variables):
    """What is done, or the problems, as a user would be told of it."""
    try:
        now = situation(found, host)
        made = driver_plan.plan(now, options.options(variables))
    except EdgesiteError as error:
        return {"problems": [str(error)], "actions": [], "files": []}
    steps = [*actions.packages(made, now), *actions.settings(made, now), *actions.services(made)]
    return {
        **vars(made.packages),
        **vars(made.services),
        **vars(made),
        "problems": tuple(str(problem) for problem in made.problems),
        "actions": [] if made.problems else steps,
        "files": [*made.sources, *made.settings],
    }


def does(made):
    return [actions.describe(action) for action in made["actions"]]
