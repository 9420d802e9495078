# SPDX-License-Identifier: GPL-3.0-or-later
"""The NVML simulator's place in a host: library, tool, and the fleet that it shows."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

from .definition import Gpus, Host
from .errors import LabError
from .lock import locked
from .paths import SIMULATOR
from .progress import say
from .shell import run, run_long

LIBRARY = SIMULATOR / "build" / "libnvidia-ml.so.1"
TOOL = SIMULATOR / "build" / "nvmlsim"
_LIB_DIR = "usr/lib/x86_64-linux-gnu"


def build() -> None:
    """Build the simulator, or go on with what the last build left."""
    try:
        with locked(SIMULATOR / "Makefile", "the NVML simulator"):
            run_long("NVML simulator", ["make", "--silent", "-C", str(SIMULATOR)])
    except LabError as error:
        if not (LIBRARY.exists() and TOOL.exists()):
            raise
        say(f"going on with the NVML simulator of the last build. {error}")


def digest() -> str:
    """Changes when the simulator does."""
    return hashlib.sha256(LIBRARY.read_bytes() + TOOL.read_bytes()).hexdigest()[:16]


def files(gpus: Gpus) -> dict[str, Path]:
    """Path below / to source. As the driver's packages have it: the version is the suffix of the real file."""
    return {f"{_LIB_DIR}/libnvidia-ml.so.{gpus.driver}": LIBRARY, "usr/local/bin/nvmlsim": TOOL}


def links(gpus: Gpus) -> dict[str, str]:
    """Path below / to target of a symbolic link."""
    return {f"{_LIB_DIR}/libnvidia-ml.so.1": f"libnvidia-ml.so.{gpus.driver}"}


def fleet(node: str, gpus: Gpus) -> bytes:
    """The simulator's fleet file of a host's cards."""
    lines = [f"node {node}", f"driver {gpus.driver}", f"flavour {gpus.flavour}"]
    lines += [f"gpu {model} count={count}" for model, count in gpus.models]
    return "".join(f"{line}\n" for line in lines).encode()


def check(host: Host) -> None:
    """Let the simulator judge the cards before a host is made with them."""
    if not host.hardware.gpus:
        return
    with tempfile.TemporaryDirectory(prefix="edgelab-") as directory:
        file = Path(directory) / "fleet"
        file.write_bytes(fleet(host.name, host.hardware.gpus))
        tried = run(
            [str(TOOL), "init", "--fleet", str(file)], check=False, env={"NVMLSIM_STATE": str(file.with_name("state"))}
        )
    if tried.returncode != 0:
        raise LabError(f"hosts.{host.name}.hardware.gpus: {tried.stderr.strip()}", "change it in the site's definition")
