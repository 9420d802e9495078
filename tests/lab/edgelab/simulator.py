# SPDX-License-Identifier: GPL-3.0-or-later
"""The NVML simulator's place in a host: library, tool, and the fleet that it shows."""

from __future__ import annotations

from pathlib import Path

from .definition import Gpus, Host
from .errors import LabError
from .paths import SIMULATOR
from .progress import say
from .shell import run_long

LIBRARY = SIMULATOR / "build" / "libnvidia-ml.so.1"
TOOL = SIMULATOR / "build" / "nvmlsim"
_LIB_DIR = "usr/lib/x86_64-linux-gnu"


def build() -> bool:
    """Build the simulator; False where this clone has none, and hosts have to do without."""
    if not (SIMULATOR / "Makefile").exists():
        say("no NVML simulator in this clone: GPU nodes come up without a driver")
        return False
    try:
        run_long("NVML simulator", ["make", "--silent", "-C", str(SIMULATOR)])
    except LabError as error:
        say(f"GPU nodes come up without a driver. {error}")
        return False
    return True


def files(gpus: Gpus) -> dict[str, Path]:
    """Path below / to source. As the driver's packages have it: the version is the suffix of the real file."""
    return {f"{_LIB_DIR}/libnvidia-ml.so.{gpus.driver}": LIBRARY, "usr/local/bin/nvmlsim": TOOL}


def links(gpus: Gpus) -> dict[str, str]:
    """Path below / to target of a symbolic link."""
    return {f"{_LIB_DIR}/libnvidia-ml.so.1": f"libnvidia-ml.so.{gpus.driver}"}


def fleet(host: Host) -> list[str]:
    """The simulator's arguments that put the host's cards in."""
    gpus = host.hardware.gpus
    assert gpus
    models = [word for model, count in gpus.models for word in ("--gpu", f"{model}:{count}")]
    return ["--node", host.name, "--driver", gpus.driver, "--flavour", gpus.flavour, *models]
