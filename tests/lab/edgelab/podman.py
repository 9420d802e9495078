# SPDX-License-Identifier: GPL-3.0-or-later
"""The few podman commands that the lab needs."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from . import detect
from .errors import LabError
from .paths import REPOSITORY
from .shell import as_root, ask_for_password, run, run_long

LABEL_SITE = "edgelab.site"
LABEL_HOST = "edgelab.host"
LABEL_ROLE = "edgelab.role"
LABEL_SPEC = "edgelab.spec"
LABEL_CLONE = "edgelab.clone"
# of a network: what the definition asked for
LABEL_SUBNET = "edgelab.subnet"


@dataclass(frozen=True)
class Container:
    """What podman says of one container of the lab."""

    name: str
    id: str
    state: str
    labels: dict[str, str]

    @property
    def running(self) -> bool:
        return self.state == "running"

    @classmethod
    def of(cls, entry: dict[str, Any]) -> Container:
        """A container from podman's list. podman does not notice what was killed together with its conmon."""
        state = entry["State"].lower()
        if state == "running" and not _is_in(entry["Pid"], entry["Id"]):
            state = "killed"
        return cls(entry["Names"][0], entry["Id"], state, entry["Labels"] or {})


def _is_in(pid: int, container: str) -> bool:
    process = Path(f"/proc/{pid}")
    try:
        # one that has ended and that nobody waited for has no command line
        return container in (process / "cgroup").read_text(encoding="utf-8") and bool(
            (process / "cmdline").read_bytes()
        )
    except OSError:
        return False


class Podman:
    """podman as root, with the settings that this machine needs."""

    def __init__(self) -> None:
        if not shutil.which("podman"):
            raise LabError("podman is not installed", "run 'make apt', or: apt-get install podman")
        ask_for_password()

    @cached_property
    def machine(self) -> detect.Machine:
        machine = detect.look()
        runtime = detect.runtime(machine)
        if runtime and not shutil.which(runtime):
            raise LabError(
                f"{runtime} is not installed, and no other runtime works with this machine's cgroups",
                f"apt-get install {runtime}",
            )
        return machine

    def argv(self, *args: str) -> list[str]:
        return as_root(["podman", *detect.global_options(self.machine), *args])

    def __call__(
        self, *args: str, check: bool = True, stdin: bytes | None = None, timeout: float | None = None
    ) -> subprocess.CompletedProcess[str]:
        return run(self.argv(*args), check=check, stdin=stdin, timeout=timeout)

    def long(self, step: str, *args: str) -> None:
        """A command of many seconds, with heartbeats."""
        run_long(step, self.argv(*args))

    @property
    def run_options(self) -> list[str]:
        return detect.run_options(self.machine)

    def containers(self) -> dict[str, Container]:
        """The lab's containers by name, of all sites and clones."""
        listed: list[dict[str, Any]] = json.loads(
            self("ps", "--all", "--filter", f"label={LABEL_SITE}", "--format", "json").stdout or "[]"
        )
        return {container.name: container for container in map(Container.of, listed)}

    def containers_of(self, site: str) -> dict[str, Container]:
        """The containers of this clone's site by name."""
        ours = {LABEL_SITE: site, LABEL_CLONE: str(REPOSITORY)}
        return {name: one for name, one in self.containers().items() if ours.items() <= one.labels.items()}

    def remove(self, *names: str) -> None:
        """Remove containers at once, whatever their state; those that are gone already are no error."""
        command = ("rm", "--force", "--ignore", "--volumes", "--time", "0", *names)
        # podman may learn by this that a container was killed, and fails; the next time it knows
        if names and self(*command, check=False).returncode != 0:
            self(*command)
