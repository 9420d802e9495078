# SPDX-License-Identifier: GPL-3.0-or-later
"""The NVML simulator's place in a host: library, tool, and the fleet that it shows."""

from __future__ import annotations

import hashlib
from pathlib import Path

from .definition import Gpus
from .errors import LabError
from .paths import SIMULATOR
from .progress import say
from .shell import run_long

LIBRARY = SIMULATOR / "build" / "libnvidia-ml.so.1"
TOOL = SIMULATOR / "build" / "nvmlsim"
_LIB_DIR = "usr/lib/x86_64-linux-gnu"


def build() -> bool:
    """Build the simulator where it is there; False where hosts have to do without."""
    if not (SIMULATOR / "Makefile").exists():
        say("no NVML simulator in this clone: GPU nodes come up without a driver")
        return False
    try:
        run_long("NVML simulator", ["make", "--silent", "-C", str(SIMULATOR)])
    except LabError as error:
        if not (LIBRARY.exists() and TOOL.exists()):
            raise
        say(f"taking the NVML simulator as it was built last. {error}")
    return True


def digest() -> str:
    """Changes when the simulator does."""
    return hashlib.sha256(LIBRARY.read_bytes() + TOOL.read_bytes()).hexdigest()[:16]


def disk_files(gpus: Gpus) -> dict[str, Path]:
    """Path below / to source. As the driver's packages have it: the version is the suffix of the real file."""
    return {f"{_LIB_DIR}/libnvidia-ml.so.{gpus.driver}": LIBRARY, "usr/local/bin/nvmlsim": TOOL}


def links(gpus: Gpus) -> dict[str, str]:
    """Path below / to target of a symbolic link."""
    return {f"{_LIB_DIR}/libnvidia-ml.so.1": f"libnvidia-ml.so.{gpus.driver}"}


def install_command(gpus: Gpus) -> list[str]:
    """Puts the cards in, once in the life of a host's disk."""
    models = ",".join(f"{model}:{count}" for model, count in gpus.models)
    return ["nvmlsim", "install", "--gpus", models, "--driver", gpus.driver, "--flavour", gpus.flavour]
