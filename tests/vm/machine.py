# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A virtual machine with Debian's kernel, data disks and a TPM that is a program."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
IMAGE = ROOT / ".build" / "vm"
# An emulated processor on a busy machine; what takes longer hangs
BOOT = 900.0
KERNEL_SPEAKS = 30.0
# a volume takes the TPM longer to open here than systemd waits for devices, 90 s, where the machine is emulated
SYSTEMD = "systemd.show_status=0 systemd.default_device_timeout_sec=600"
SSH_OPTIONS = ["-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null", "-oLogLevel=ERROR", "-oBatchMode=yes"]


class Machine:
    """One machine. Its disks stay from boot to boot, and so does each TPM, which is a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.console = folder / "console.log"
        self.key = folder / "key"
        shutil.copy(IMAGE / "key", self.key)
        self.key.chmod(0o600)
        self.port = _free_port()
        self.disks: dict[str, Path] = {}
        self.processes: list[subprocess.Popen] = []
        self.accelerator = os.environ.get("EDGESITE_VM_ACCEL") or ("kvm" if os.access("/dev/kvm", os.W_OK) else "tcg")
        self.boots: list[float] = []
        subprocess.run(
            ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", IMAGE / "disk.raw", folder / "root.qcow2"],
            check=True,
        )

    def add_disk(self, serial: str, size: int) -> Path:
        """An empty disk, which the machine sees as /dev/disk/by-id/virtio-SERIAL."""
        self.disks[serial] = self.folder / (serial + ".raw")
        with open(self.disks[serial], "wb") as disk:
            disk.truncate(size)
        return self.disks[serial]

    def digest(self, serial: str) -> str:
        """Changes with any byte of a disk; what the machine still has to write is written first."""
        self.run("sync")
        with open(self.disks[serial], "rb") as disk:
            return hashlib.file_digest(disk, "sha256").hexdigest()

    def boot(self, tpm: str) -> None:
        """Turns it on with this TPM, and waits until one can log in."""
        began = time.monotonic()
        self._turn_on(tpm)
        if self.accelerator == "kvm" and not self._speaks():
            # some machines offer a /dev/kvm that cannot run a kernel
            print("KVM does not run the kernel; emulating")
            self.accelerator = "tcg"
            self.off()
            self._turn_on(tpm)
        while not self._logged_in():
            if time.monotonic() - began > BOOT or self.processes[-1].poll() is not None:
                raise RuntimeError("the machine did not come up:\n" + self.console.read_text(errors="replace")[-4000:])
            time.sleep(2)
        self.boots.append(time.monotonic() - began)
        print("up after {0:.0f} s with {1}".format(self.boots[-1], self.accelerator))

    def _turn_on(self, tpm: str) -> None:
        state = self.folder / ("tpm-" + tpm)
        state.mkdir(exist_ok=True)
        control = self.folder / "tpm.sock"
        control.unlink(missing_ok=True)
        self.console.write_bytes(b"")
        self._start("swtpm", "socket", "--tpm2", "--tpmstate", f"dir={state}", "--ctrl", f"type=unixio,path={control}")
        while not control.exists():
            time.sleep(0.1)
        disks = []
        for serial, path in self.disks.items():
            disks += ["-drive", f"file={path},format=raw,if=none,id={serial}"]
            disks += ["-device", f"virtio-blk-pci,drive={serial},serial={serial}"]
        self._start(
            *("qemu-system-x86_64", "-accel", self.accelerator, "-cpu", "max", "-m", "1024"),
            # qemu emulates code that one processor changes while another runs it so badly that kernels crash
            *("-smp", "2" if self.accelerator == "kvm" else "1"),
            *("-display", "none", "-monitor", "none", "-no-reboot", "-serial", f"file:{self.console}"),
            *("-kernel", str(IMAGE / "vmlinuz"), "-initrd", str(IMAGE / "initrd")),
            *("-append", "root=/dev/vda rw console=ttyS0 loglevel=5 panic=-1 mitigations=off " + SYSTEMD),
            *("-drive", f"file={self.folder}/root.qcow2,format=qcow2,if=none,id=root,cache=unsafe"),
            *("-device", "virtio-blk-pci,drive=root", *disks),
            *("-netdev", f"user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:{self.port}-:22"),
            *("-device", "virtio-net-pci,netdev=net", "-device", "virtio-rng-pci"),
            *("-chardev", f"socket,id=tpm,path={control}", "-tpmdev", "emulator,id=tpm0,chardev=tpm"),
            *("-device", "tpm-tis,tpmdev=tpm0"),
        )

    def _start(self, *command: str) -> None:
        with open(self.folder / (command[0] + ".log"), "ab") as log:
            self.processes.append(
                subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
            )

    def _speaks(self) -> bool:
        until = time.monotonic() + KERNEL_SPEAKS
        while time.monotonic() < until and self.processes[-1].poll() is None:
            # what the initrd says first
            if "Begin: " in self.console.read_text(errors="replace"):
                return True
            time.sleep(1)
        return False

    def _logged_in(self) -> bool:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._ssh("true", timeout=60).returncode == 0
        return False

    def _ssh(self, command: str, timeout: float = 300) -> subprocess.CompletedProcess:
        return subprocess.run(
            [*("ssh", *SSH_OPTIONS, "-oConnectTimeout=30", "-i", str(self.key), "-p", str(self.port))]
            + ["root@127.0.0.1", command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )

    def run(self, command: str, check: bool = True) -> str:
        """What a command prints, as root."""
        done = self._ssh(command)
        assert not check or done.returncode == 0, f"{command}: {done.stdout}"
        return done.stdout.strip()

    def settle(self) -> str:
        """Waits until all that starts at boot has started or failed: running, or degraded where something failed."""
        began = time.monotonic()
        while time.monotonic() - began < BOOT:
            with contextlib.suppress(subprocess.TimeoutExpired):
                state = self._ssh("systemctl is-system-running --wait").stdout.strip()
                if state in ("running", "degraded"):
                    return state
            time.sleep(2)
        raise RuntimeError("services did not come up: " + self.run("systemctl list-jobs --no-pager", check=False))

    def teach_sm4(self) -> None:
        """Gives the kernel SM4, as modules that it loads when it needs them."""
        where = ["-i", str(self.key), "-P", str(self.port), *SSH_OPTIONS]
        files = [str(IMAGE / "sm4" / name) for name in ("sm4.ko", "sm4_generic.ko")]
        self.run("mkdir /srv/sm4")
        subprocess.run(["scp", "-q", *where, *files, "root@127.0.0.1:/srv/sm4"], check=True, timeout=300)
        # without depmod, which takes a minute here
        line = "install crypto-sm4 insmod /srv/sm4/sm4.ko && insmod /srv/sm4/sm4_generic.ko"
        self.run(f"echo '{line}' >/etc/modprobe.d/sm4.conf")

    def shut_down(self) -> None:
        """Turns it off as people should."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._ssh("systemctl poweroff", timeout=60)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.processes[-1].wait(300)
        self.off()

    def off(self) -> None:
        """Pulls the plug."""
        for process in reversed(self.processes):
            if process.poll() is None:
                process.kill()
            process.wait()
        self.processes.clear()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
