# SPDX-License-Identifier: GPL-3.0-or-later
"""A site's life: up, down, reboot, cut and heal."""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import socket
import subprocess
import tarfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from . import hardware, images, keys, network, paths, simulator, tpm
from .definition import Host, Site
from .errors import LabError
from .podman import LABEL_CLONE, LABEL_HOST, LABEL_ROLE, LABEL_SITE, LABEL_SPEC, Container, Podman
from .progress import heartbeat, say
from .shell import as_root, run

BOOT_SECONDS = 60.0
INSIDE = "usr/lib/edgelab"


def state_of(site: str) -> Path:
    """Where the site's keys, TPMs and marks lie."""
    return paths.STATE / site


def container_name(site: str, host: str) -> str:
    """The container that is the host."""
    return f"edgelab.{site}.{host}"


def board_name(site: str, host: str) -> str:
    """The container that holds the host's address and TPM."""
    return f"edgelab.{site}.{host}.board"


def is_up(site: str) -> bool:
    """Whether an 'up' has run to its end, and no 'down' since. Costs nothing: ansible asks often."""
    return (state_of(site) / "up").exists()


@contextmanager
def _alone(site: Site) -> Iterator[None]:
    # The lock lies on the definition file, so that there is no lock file to leave behind.
    with site.source.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"another lab command works on site {site.name}; waiting for it")
            with heartbeat("waiting"):
                fcntl.flock(file, fcntl.LOCK_EX)
        yield


@dataclass
class Converge:
    """One run of 'up': what is missing or stopped is set right, the rest is left alone."""

    podman: Podman
    site: Site

    def __post_init__(self) -> None:
        self.state = state_of(self.site.name)
        self.simulated = False

    def run(self) -> None:
        with _alone(self.site):
            self._run()

    def _run(self) -> None:
        existing = self.podman.containers(self.site.name)
        self._refuse_other_clone(existing)
        wanted_images = [images.host_image(host.release) for host in self.site.hosts]
        images.ensure(self.podman, [*wanted_images, images.board_image()])
        if any(host.hardware.gpus for host in self.site.hosts):
            self.simulated = simulator.build()
        self.state.mkdir(parents=True, exist_ok=True)
        keys.ensure(self.state, self.site)
        self._remove_strangers(existing)
        if network.ensure(self.podman, self.site):
            say(f"network {self.site.subnet}: created")
        for host in self.site.hosts:
            manufacturer = host.hardware.tpm_manufacturer
            if manufacturer and tpm.manufacture(self.podman, self.state, host.name, manufacturer):
                say(f"{host.name}: TPM made by '{manufacturer}'")
        with ThreadPoolExecutor(max_workers=len(self.site.hosts)) as pool:
            for result in [pool.submit(self._host, host, existing) for host in self.site.hosts]:
                result.result()
        (self.state / "up").touch()
        say(f"site {self.site.name} is up: {', '.join(f'{host.name} {host.address}' for host in self.site.hosts)}")

    def _refuse_other_clone(self, existing: dict[str, Container]) -> None:
        for container in existing.values():
            clone = container.labels.get(LABEL_CLONE)
            if clone != str(paths.REPOSITORY):
                raise LabError(
                    f"a site '{self.site.name}' of another clone is up on this machine: {clone}",
                    f"run 'tests/lab/lab down {self.site.name}' there, or give this one another name and subnet",
                )

    def _remove_strangers(self, existing: dict[str, Container]) -> None:
        names = {host.name for host in self.site.hosts}
        gone = [c for c in existing.values() if c.labels.get(LABEL_HOST) not in names]
        if gone:
            _remove(self.podman, gone)
            say(f"removed what the definition no longer has: {', '.join(sorted(c.name for c in gone))}")

    def _host(self, host: Host, existing: dict[str, Container]) -> None:
        board = existing.get(board_name(self.site.name, host.name))
        machine = existing.get(container_name(self.site.name, host.name))
        begun = time.monotonic()
        done: list[str] = []
        spec = self._spec(host)
        # 'created' is what an interrupted 'up' leaves: never started, perhaps without its files
        if machine and (machine.state == "created" or machine.labels.get(LABEL_SPEC) != spec):
            done.append("definition or lab changed, so made anew" if machine.state != "created" else "made anew")
            self.podman.remove(machine.name)
            machine = None
        if board and (board.state == "created" or board.labels.get(LABEL_SPEC) != spec):
            _remove(self.podman, [c for c in (machine, board) if c])
            machine = board = None
        if board is None:
            self._create_board(host, spec)
        elif not board.running:
            self.podman("start", board.name)
            if machine and machine.running:
                # it still has the old board's network
                self.podman("stop", "--time", "0", machine.name)
                machine = Container(machine.name, machine.id, "exited", machine.labels)
        if machine is None:
            self._create(host, spec)
            done = done or ["created"]
        elif not machine.running:
            self.podman("start", machine.name)
            done.append("started")
        else:
            self._refresh_simulator(host, machine)
        wait_for_ssh(self.podman, self.site, host)
        if done:
            say(f"{host.name}: {', '.join(done)}, answers after {time.monotonic() - begun:.1f} s")

    def _spec(self, host: Host) -> str:
        sources = [path.read_text(encoding="utf-8") for path in sorted([*_sources("host"), *_sources("board")])]
        neighbours = [(other.name, other.address) for other in self.site.hosts]
        tags = [images.host_image(host.release).tag, images.board_image().tag]
        text = json.dumps([asdict(host), neighbours, str(self.site.subnet), tags, sources], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

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
        volumes = ["--volume", f"{paths.LAB / 'board' / 'board-init'}:/sbin/board-init:ro"]
        if host.hardware.tpm_manufacturer:
            volumes += ["--volume", f"{tpm.directory(self.state, host.name)}:/tpm"]
        self.podman(
            *("run", "--detach", "--name", board_name(self.site.name, host.name), "--no-hosts"),
            *("--network", network.name_of(self.site.name), "--ip", host.address, "--hostname", host.name),
            *("--security-opt", "label=disable", "--log-driver", "k8s-file", "--cap-add", "NET_ADMIN"),
            *(*self.podman.run_options, *self._labels(host, "board", spec), *volumes),
            *(images.board_image().tag, "/bin/sh", "/sbin/board-init"),
        )

    def _create(self, host: Host, spec: str) -> None:
        name = container_name(self.site.name, host.name)
        self.podman(
            *("create", "--name", name, "--hostname", host.name, "--no-hosts"),
            *("--network", f"container:{board_name(self.site.name, host.name)}"),
            # a reboot from inside ends the container; podman starts it again
            *("--systemd=always", "--privileged", "--restart=always", "--log-driver", "k8s-file"),
            *(*self.podman.run_options, *self._labels(host, "host", spec)),
            *(images.host_image(host.release).tag, "/sbin/lab-init"),
        )
        # with podman's default every file would belong to root
        self.podman("cp", "--archive=false", "-", f"{name}:/", stdin=self._disk(host))
        self.podman("start", name)
        if host.hardware.gpus and self.simulated:
            self._install_simulator(host, fresh=True)

    def _disk(self, host: Host) -> bytes:
        """What this host's disk has more than its image, as a tar archive."""
        content = io.BytesIO()
        with tarfile.open(fileobj=content, mode="w") as tar:
            _add_file(tar, "usr/sbin/lab-init", (paths.LAB / "host" / "lab-init").read_bytes(), 0o755)
            power_on = (paths.LAB / "host" / "power-on-tpm").read_bytes()
            _add_file(tar, f"{INSIDE}/power-on-tpm", power_on, 0o755)
            _add_directory(tar, f"{INSIDE}/live", 0o755)
            _add_directory(tar, f"{INSIDE}/hardware", 0o755)
            if host.hardware.tpm_manufacturer:
                _add_file(tar, f"{INSIDE}/tpm", b"", 0o644)
            for path, data in hardware.files(host.hardware).items():
                _add_file(tar, f"{INSIDE}/hardware/{path}", data, 0o644)
            for path, data in hardware.disk_files(host.hardware).items():
                _add_file(tar, path, data, 0o644)
            key = keys.host_key(self.state, host.name)
            _add_file(tar, "etc/ssh/ssh_host_ed25519_key", key.read_bytes(), 0o600)
            _add_file(tar, "etc/ssh/ssh_host_ed25519_key.pub", key.with_suffix(".pub").read_bytes(), 0o644)
            public = keys.user_key(self.state).with_suffix(".pub").read_bytes()
            _add_directory(tar, "home/edge/.ssh", 0o700, uid=1000)
            _add_file(tar, "home/edge/.ssh/authorized_keys", public, 0o600, uid=1000)
            names = "".join(f"{other.address}\t{other.name}\n" for other in self.site.hosts)
            _add_file(tar, "etc/hosts", f"127.0.0.1\tlocalhost\n{names}".encode(), 0o644)
        return content.getvalue()

    def _install_simulator(self, host: Host, fresh: bool) -> None:
        """Placeholder until the simulator is there."""

    def _refresh_simulator(self, host: Host, machine: Container) -> None:
        """Placeholder until the simulator is there."""


def _sources(part: str) -> list[Path]:
    return [path for path in (paths.LAB / part).iterdir() if path.is_file()]


def _add_file(tar: tarfile.TarFile, name: str, data: bytes, mode: int, uid: int = 0) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.uid, info.gid, info.mtime = len(data), mode, uid, uid, int(time.time())
    tar.addfile(info, io.BytesIO(data))


def _add_directory(tar: tarfile.TarFile, name: str, mode: int, uid: int = 0) -> None:
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.uid, info.gid, info.mtime = tarfile.DIRTYPE, mode, uid, uid, int(time.time())
    tar.addfile(info)


def wait_for_ssh(podman: Podman, site: Site, host: Host) -> None:
    """Wait until the host's sshd greets; one whose cable is pulled is left alone."""
    if _greets(host.address):
        return
    board = board_name(site.name, host.name)
    if not network.link_is_up(podman, board):
        say(f"{host.name}: is cut off the network; 'tests/lab/lab heal {host.name}' plugs it in")
        return
    end = time.monotonic() + BOOT_SECONDS
    with heartbeat(f"{host.name}: waiting for ssh"):
        while time.monotonic() < end:
            if _greets(host.address):
                return
            time.sleep(0.2)
    log = podman("logs", "--tail", "15", container_name(site.name, host.name), check=False)
    raise LabError(
        f"{host.name} does not answer on ssh at {host.address}; the end of its console:\n{log.stdout}{log.stderr}"
    )


def _greets(address: str) -> bool:
    try:
        with socket.create_connection((address, 22), timeout=1) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def _remove(podman: Podman, containers: list[Container]) -> None:
    # hosts first: they use their board's network
    for role in ("host", "board"):
        podman.remove(*(c.name for c in containers if c.labels.get(LABEL_ROLE) == role))


def down(podman: Podman, site: Site) -> None:
    """Remove every trace of the site."""
    with _alone(site):
        containers = list(podman.containers(site.name).values())
        _remove(podman, containers)
        network.remove(podman, site.name)
        state = state_of(site.name)
        if state.exists():
            # the TPM's files belong to root
            run(as_root(["rm", "-rf", str(state)]))
        if paths.STATE.exists() and not any(paths.STATE.iterdir()):
            paths.STATE.rmdir()
    say(f"site {site.name} is down: {len(containers)} containers, network, keys and TPMs removed")


def boot_id(podman: Podman, site: Site, host: Host) -> str:
    """Changes with each boot; empty while the host is down."""
    name = container_name(site.name, host.name)
    return podman("exec", name, "cat", "/proc/sys/kernel/random/boot_id", check=False).stdout.strip()


def reboot(podman: Podman, site: Site, host: Host) -> None:
    """Reboot a host, and wait until it is back."""
    name = container_name(site.name, host.name)
    before = boot_id(podman, site, host)
    if not before:
        raise LabError(f"{host.name} is not running", f"run: tests/lab/lab up {site.name}")
    begun = time.monotonic()
    say(f"{host.name}: reboots")
    podman("exec", name, "systemctl", "reboot", check=False)
    with heartbeat(f"{host.name}: rebooting"):
        while boot_id(podman, site, host) in ("", before):
            if time.monotonic() - begun > BOOT_SECONDS:
                raise LabError(f"{host.name} did not come back within {BOOT_SECONDS:.0f} s")
            time.sleep(0.2)
    wait_for_ssh(podman, site, host)
    say(f"{host.name}: is back after {time.monotonic() - begun:.1f} s")


def ssh(site: Site, host: Host, command: list[str]) -> int:
    """Log in to a host as the user that ansible uses."""
    state = state_of(site.name)
    argv = [
        "ssh",
        "-i",
        str(keys.user_key(state)),
        *keys.ssh_options(state),
        f"edge@{host.address}",
        *command,
    ]
    return subprocess.run(argv, check=False).returncode


def execute(podman: Podman, site: Site, host: Host, command: list[str]) -> int:
    """Run a command in a host as root, not over the network."""
    argv = podman.argv("exec", "--interactive", container_name(site.name, host.name), *command)
    return subprocess.run(argv, check=False).returncode
