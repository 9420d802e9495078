# SPDX-License-Identifier: GPL-3.0-or-later
"""What podman has to be told on this machine; nothing at all on an ordinary one.

Every setting travels on podman's command line, so that no file of the machine is touched.
"""

from __future__ import annotations

import resource
from dataclasses import dataclass
from pathlib import Path

from .shell import as_root, run

CAP_SYS_RESOURCE = 24


@dataclass(frozen=True)
class Machine:
    """The facts that the settings follow from."""

    unified_cgroups: bool
    runs_systemd: bool
    may_raise_limits: bool
    nofile: int
    nproc: int


def look() -> Machine:
    """Read the facts. Root's capabilities count, as podman runs as root."""
    status = run(as_root(["cat", "/proc/self/status"])).stdout
    return Machine(
        unified_cgroups=Path("/sys/fs/cgroup/cgroup.controllers").exists(),
        runs_systemd=Path("/run/systemd/system").is_dir(),
        may_raise_limits=has_capability(status, CAP_SYS_RESOURCE),
        nofile=resource.getrlimit(resource.RLIMIT_NOFILE)[1],
        nproc=resource.getrlimit(resource.RLIMIT_NPROC)[1],
    )


def has_capability(status: str, number: int) -> bool:
    """Whether /proc/self/status lists the capability as effective."""
    for line in status.splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> number & 1)
    return False


def runtime(machine: Machine) -> str:
    """The container runtime that has to be used, empty where podman may choose."""
    # crun refuses to start a container on hybrid or legacy cgroups
    return "" if machine.unified_cgroups else "runc"


def global_options(machine: Machine) -> list[str]:
    """Options of every podman command."""
    options: list[str] = []
    if runtime(machine):
        # podman 5 warns at every command that these cgroups are old, among the lines of what runs in a container
        options += ["--runtime", runtime(machine), "--log-level", "error"]
    if not (machine.unified_cgroups and machine.runs_systemd):
        options += ["--cgroup-manager", "cgroupfs"]
    if not machine.runs_systemd:
        # the default is journald's socket
        options += ["--events-backend", "file"]
    return options


def run_options(machine: Machine) -> list[str]:
    """Options of every container: podman asks for higher limits than a machine without CAP_SYS_RESOURCE may set."""
    if machine.may_raise_limits:
        return []
    # RLIM_INFINITY is -1
    nofile = min(machine.nofile, 4096) if machine.nofile > 0 else 4096
    nproc = min(machine.nproc, 4096) if machine.nproc > 0 else 4096
    return ["--ulimit", f"nofile={min(1024, nofile)}:{nofile}", "--ulimit", f"nproc={nproc}:{nproc}"]
