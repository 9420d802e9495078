# SPDX-License-Identifier: GPL-3.0-or-later
"""Up and down: what is missing or stopped is set right, the rest is left alone."""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from . import disk, images, jetson, jetson_repository, keys, limits, network, paths, places, simulator, tpm
from .boot import wait_for_ssh
from .definition import Host, Site
from .lock import locked
from .places import board_name, container_name, state_of
from .podman import LABEL_CLONE, LABEL_HOST, LABEL_ROLE, LABEL_SITE, LABEL_SPEC, Container, Podman
from .progress import say
from .shell import as_root, run

_BOARD = paths.LAB / "board"
# the GPUs keep their state, unless the new simulator cannot read it
_TAKE_NEW_SIMULATOR = f"""
nvmlsim show >/dev/null 2>&1 || nvmlsim init --fleet /{disk.INSIDE}/fleet
nvmlsim sysfs --root /{disk.INSIDE}/live
"""


@dataclass
class Converge:
    """One run of 'up': what is missing or stopped is set right, the rest is left alone."""

    podman: Podman
    site: Site

    def __post_init__(self) -> None:
        self.state = state_of(self.site.name)

    def run(self) -> None:
        """Bring the site up."""
        with locked(self.site.source, f"site {self.site.name}"):
            self._run()

    def _run(self) -> None:
        remove_abandoned(self.podman)
        existing = self.podman.containers_of(self.site.name)
        wanted_images = [images.host_image(host.release) for host in self.site.hosts]
        images.ensure(self.podman, [*wanted_images, images.board_image()])
        if any(host.hardware.gpus for host in self.site.hosts):
            simulator.build()
            for host in self.site.hosts:
                simulator.check(host)
        if jetson.has_packages(self.site):
            jetson_repository.ensure()
        limits.ensure(_others(self.podman, existing) + len(self.site.hosts))
        subnet = network.ensure(self.podman, self.site)
        self.state.mkdir(parents=True, exist_ok=True)
        places.remember_subnet(self.site.name, subnet)
        self.site = self.site.moved(subnet)
        keys.ensure(self.state, self.site)
        self._remove_strangers(existing)
        for host in self.site.hosts:
            if tpm.ensure(self.podman, self.state, host):
                say(f"{host.name}: TPM made by '{host.hardware.tpm_manufacturer}'")
        with ThreadPoolExecutor(max_workers=len(self.site.hosts)) as pool:
            for result in [pool.submit(self._host, host, existing) for host in self.site.hosts]:
                result.result()
        (self.state / "up").touch()
        say(f"site {self.site.name} is up: {', '.join(f'{host.name} {host.address}' for host in self.site.hosts)}")

    def _remove_strangers(self, existing: dict[str, Container]) -> None:
        names = {host.name for host in self.site.hosts}
        gone = [c for c in existing.values() if c.labels.get(LABEL_HOST) not in names]
        if gone:
            _remove(self.podman, gone)
            say(f"removed what the definition no longer has: {', '.join(sorted(c.name for c in gone))}")

    def _host(self, host: Host, existing: dict[str, Container]) -> None:
        begun = time.monotonic()
        board = existing.get(board_name(self.site.name, host.name))
        machine = existing.get(container_name(self.site.name, host.name))
        content = disk.archive(self.state, self.site, host)
        board_spec = self._board_spec(host)
        fleet = simulator.fleet(host.name, host.hardware.gpus) if host.hardware.gpus else b""
        spec = _digest(board_spec, images.host_image(host.release).tag, content, fleet)
        renewed = False
        if board and not _fits(board, board_spec):
            _remove(self.podman, [container for container in (machine, board) if container])
            board, machine, renewed = None, None, True
        if machine and not _fits(machine, spec):
            self.podman.remove(machine.name)
            machine, renewed = None, True
        if board is None:
            self._create_board(host, board_spec)
        elif not board.running:
            self.podman("start", board.name)
        if machine is None:
            self._create(host, spec, content)
            done = "made anew, as the definition or the lab changed" if renewed else "made"
        elif not machine.running:
            self.podman("start", machine.name)
            done = "started"
        elif board and not board.running:
            # it still has the network of before the board's start
            self.podman("restart", "--time", "0", machine.name)
            done = "restarted with its board"
        else:
            done = self._renew_simulator(host, machine.name)
        wait_for_ssh(self.podman, self.site, host)
        if done:
            say(f"{host.name}: {done}, answers after {time.monotonic() - begun:.1f} s")

    def _board_spec(self, host: Host) -> str:
        programs = [path.read_bytes() for path in sorted(_BOARD.iterdir())]
        tpm_of = str((host.hardware.tpm_manufacturer, host.hardware.tpm_certificate))
        # a board keeps the folders that it was made with, also when they were removed and others have their names
        folders = [_BOARD, *([tpm.directory(self.state, host.name)] if host.hardware.tpm_manufacturer else [])]
        mounted = str([(found.st_dev, found.st_ino) for found in map(os.stat, folders)])
        return _digest(images.board_image().tag, host.address, _mac(host), tpm_of, mounted, *programs)

    def _labels(self, host: Host, role: str, spec: str) -> list[str]:
        labels = {
            LABEL_SITE: self.site.name,
            LABEL_HOST: host.name,
            LABEL_ROLE: role,
            LABEL_SPEC: spec,
            LABEL_CLONE: str(paths.REPOSITORY),
        }
        return [part for key, value in labels.items() for part in ("--label", f"{key}={value}")]

    def _create_board(self, host: Host, spec: str) -> None:
        site_network = network.find(self.podman, self.site.name) or ""
        volumes = ["--volume", f"{_BOARD}:{tpm.PROGRAMS}:ro"]
        if host.hardware.tpm_manufacturer:
            volumes += ["--volume", f"{tpm.directory(self.state, host.name)}:/tpm"]
        self.podman(
            *("run", "--detach", "--replace", "--name", board_name(self.site.name, host.name), "--no-hosts"),
            *("--network", site_network, "--ip", host.address, "--mac-address", _mac(host)),
            *("--hostname", host.name),
            *("--security-opt", "label=disable", "--log-driver", "k8s-file"),
            *(*self.podman.run_options, *self._labels(host, "board", spec), *volumes),
            *(images.board_image().tag, "/bin/sh", f"{tpm.PROGRAMS}/board-init"),
        )

    def _create(self, host: Host, spec: str, content: bytes) -> None:
        name = container_name(self.site.name, host.name)
        self.podman(
            *("create", "--replace", "--name", name, "--hostname", host.name, "--no-hosts"),
            *("--network", f"container:{board_name(self.site.name, host.name)}"),
            # a reboot from inside ends the container; podman starts it again
            *("--systemd=always", "--privileged", "--restart=always", "--log-driver", "k8s-file"),
            *(*self.podman.run_options, *self._labels(host, "host", spec)),
            *(images.host_image(host.release).tag, "/sbin/lab-init"),
        )
        self._unpack(name, content)
        if host.hardware.gpus:
            self._unpack(name, disk.simulator_archive(host.name, host.hardware.gpus))
        self.podman("start", name)

    def _unpack(self, name: str, content: bytes) -> None:
        # with podman's default every file would belong to root
        self.podman("cp", "--archive=false", "-", f"{name}:/", stdin=content)

    def _renew_simulator(self, host: Host, name: str) -> str:
        gpus = host.hardware.gpus
        if not gpus:
            return ""
        if self.podman("exec", name, "cat", f"/{disk.INSIDE}/simulator", check=False).stdout == simulator.digest():
            return ""
        self._unpack(name, disk.simulator_archive(host.name, gpus))
        self.podman("exec", name, "sh", "-c", _TAKE_NEW_SIMULATOR)
        return "has a new NVML simulator"


def _others(podman: Podman, ours: dict[str, Container]) -> int:
    """How many hosts of other sites and clones run."""
    return sum(one.running for one in podman.containers().values() if one.name not in ours and not _is_board(one))


def _is_board(container: Container) -> bool:
    return container.labels.get(LABEL_ROLE) == "board"


def _mac(host: Host) -> str:
    # with a new one at each start, neighbours would look for the host at the old one for up to a minute
    return ":".join(f"{byte:02x}" for byte in b"\x02\xed" + ipaddress.IPv4Address(host.address).packed)


def _fits(container: Container, spec: str) -> bool:
    # What an interrupted 'up' leaves was never started, and may lack its files. podman starts no container again whose
    # end it did not see.
    return (
        container.state not in ("configured", "created", "killed", "stopping")
        and container.labels.get(LABEL_SPEC) == spec
    )


def _digest(*parts: str | bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode() if isinstance(part, str) else part)
        digest.update(b"\0")
    return digest.hexdigest()[:16]


def _remove(podman: Podman, containers: list[Container]) -> None:
    # hosts first: they use their board's network
    for role in ("host", "board"):
        podman.remove(*(c.name for c in containers if c.labels.get(LABEL_ROLE) == role))


def remove_abandoned(podman: Podman) -> None:
    """Remove what a clone that is no longer there left behind."""
    for clone, containers in _by_clone(podman.containers()).items():
        if not Path(clone, "galaxy.yml").exists():
            _remove(podman, containers)
            network.remove_of_clone(podman, clone)
            say(f"removed what a clone left behind that is gone: {clone or 'an unknown one'}")


def _by_clone(containers: dict[str, Container]) -> dict[str, list[Container]]:
    found: dict[str, list[Container]] = {}
    for container in containers.values():
        found.setdefault(container.labels.get(LABEL_CLONE, ""), []).append(container)
    return found


def down(podman: Podman, name: str) -> None:
    """Remove every trace of a site, by its name: its definition may have changed or gone meanwhile."""
    containers = list(podman.containers_of(name).values())
    _remove(podman, containers)
    network.remove(podman, name)
    state = state_of(name)
    if state.exists():
        # the TPM's files belong to root
        run(as_root(["rm", "-rf", str(state)]))
    for directory in (paths.STATE, paths.STATE.parent):
        # where nothing of another site or of other tools is in them
        with contextlib.suppress(OSError):
            directory.rmdir()
    say(f"site {name} is down: {len(containers)} containers removed, with network, keys and TPMs")
