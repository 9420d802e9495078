# SPDX-License-Identifier: GPL-3.0-or-later
"""sweep.py STEP: breaks off an installation, an upgrade, a downgrade and a removal of the driver at a step.

Runs on a host without a driver, with the module nvidia_driver for branch 535 there as Ansible leaves it when
ANSIBLE_KEEP_REMOTE_FILES asks for that. Each run is broken off when it changes something for the STEPth time: once it
is killed, before that step or while it is at work, and once the step fails. The next run has to end as wanted, and the
one after it to find nothing to do. Prints a line of JSON for each run that came as far.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

SWEEP = Path("/run/sweep")
PROGRAMS = ("apt-get", "apt-mark", "dkms", "dpkg", "modprobe", "systemctl", "update-initramfs")
PAYLOADS = "*/.ansible/tmp/*/AnsiballZ_nvidia_driver.py"
KILLED = ("before", "at work")
OLD, NEW = "535.261.03", "550.163.01"
WAYS = (
    ("install", {"branch": "535"}, OLD),
    ("upgrade", {"branch": "550"}, NEW),
    ("downgrade", {"branch": "535"}, OLD),
    ("remove", {"state": "absent"}, None),
)
PACKAGES = ("libnvidia-ml1", "libcuda1", "nvidia-smi", "nvidia-kernel-dkms")


class Module:
    """The module, run as Ansible runs it, with other options."""

    def __init__(self, payload: Path) -> None:
        self.payload = payload
        self.arguments = payload.parent / "debug_dir" / "args"
        if not self.arguments.exists():
            subprocess.run([sys.executable, payload, "explode"], check=True, stdout=subprocess.DEVNULL)
        self.kept = self.arguments.with_name("args.kept")
        if not self.kept.exists():
            shutil.copy(self.arguments, self.kept)
        self.runs = itertools.count(1)

    def run(self, options: dict, broken_off: bool = False) -> dict:
        """Its result; empty where it was killed."""
        result = self._once(options, broken_off)
        while "job" in result:
            result = self._once({**options, "job": result["job"]} if not result["busy"] else options, broken_off)
        return result

    def _once(self, options: dict, broken_off: bool) -> dict:
        given = json.loads(self.kept.read_text())
        # what is there is of the last time that Ansible asked how far the work is
        given["ANSIBLE_MODULE_ARGS"].pop("job", None)
        given["ANSIBLE_MODULE_ARGS"].update(options, pynvml_path=str(self.payload.with_name("host-tools.zip")))
        self.arguments.write_text(json.dumps(given))
        command = [sys.executable, self.payload, "execute"]
        environment = dict(os.environ)
        if broken_off:
            scope = f"sweep-{os.getpid()}-{next(self.runs)}.scope"
            command = ["systemd-run", "--quiet", "--scope", "--collect", f"--unit={scope}", *command]
            path = f"{SWEEP}/bin:{environment['PATH']}"
            environment.update(SWEEP=str(SWEEP), PATH=path, APT_CONFIG=str(SWEEP / "apt.conf"))
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)
        try:
            return json.loads(done.stdout.strip().splitlines()[-1])
        except (ValueError, IndexError):
            if not broken_off:
                raise SystemExit(f"the module answered {done.stdout!r}") from None
            return {}


def prepare() -> None:
    (SWEEP / "bin").mkdir(parents=True, exist_ok=True)
    breaker = Path(__file__).with_name("breaker")
    for name in filter(shutil.which, PROGRAMS):
        shutil.copy(breaker, SWEEP / "bin" / name)
    (SWEEP / "apt.conf").write_text(f'Dir::Bin::dpkg "{SWEEP}/bin/dpkg";\n')


def arm(step: int, how: str) -> None:
    for name, content in (("step", step), ("how", how), ("count", 0)):
        (SWEEP / name).write_text(f"{content}\n")
    (SWEEP / "reached").unlink(missing_ok=True)


def output(*command: str) -> str:
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False).stdout


def state() -> dict:
    """What the host has: versions of the packages and of the loaded module, what dpkg complains about, the holds."""
    shown = output("dpkg-query", "--show", "--showformat=${binary:Package} ${db:Status-Status} ${Version}\n", *PACKAGES)
    installed = sorted({line.split()[2].partition("-")[0] for line in shown.splitlines() if " installed " in line})
    loaded = Path("/sys/module/nvidia/version")
    return {
        "packages": installed,
        "loaded": loaded.read_text().strip() if loaded.exists() else None,
        "complaints": output("dpkg", "--audit").strip(),
        "holds": output("apt-mark", "showhold").split(),
    }


def faults(version: str | None, after: dict) -> list[str]:
    """What is not as it should be with this version of the driver, None for none."""
    found = []
    if after["packages"] != ([version] if version else []):
        found.append(f"packages are {after['packages']}")
    if after["loaded"] != version:
        found.append(f"loaded is {after['loaded']}")
    if after["complaints"]:
        found.append(after["complaints"])
    if bool(after["holds"]) != bool(version):
        found.append(f"held are {after['holds']}")
    return found


def sweep(module: Module, step: int, hows: tuple[str, ...]) -> list[str]:
    """One step of each way; what went wrong. hows: how they are broken off, by turns."""
    before: str | None = None
    for (way, options, version), how in zip(WAYS, itertools.cycle(hows)):
        arm(step, how)
        broken = module.run(options, broken_off=True)
        reached = SWEEP / "reached"
        point = {"way": way, "step": step, "how": how, "at": reached.read_text().strip() if reached.exists() else None}
        told = broken.get("msg", "")
        wrong = []
        if how in KILLED and point["at"] and broken and "ended without a result" not in told:
            wrong.append(f"the run was not killed, and said {broken}")
        # Who reads "is installed as before" does not look after the host.
        if "as before" in told and faults(before, state()):
            wrong.append(f"the run that was broken off said {told!r}, and {faults(before, state())}")
        mended = module.run(options)
        if mended.get("failed"):
            wrong.append(f"the next run failed: {mended['msg']}")
        wrong += faults(version, state())
        again = module.run(options)
        if again.get("failed") or again["changed"]:
            wrong.append(f"the run after it was not idle: {again.get('msg') or again['actions']}")
        if point["at"]:
            print(json.dumps({**point, "told": re.sub(r"\s+", " ", told)[:300], "wrong": wrong}), flush=True)
        if wrong:
            return [f"{point}: {fault}" for fault in wrong]
        before = version
    return []


def main() -> int:
    prepare()
    step = int(sys.argv[1])
    module = Module(min(Path("/home").glob(PAYLOADS), key=lambda path: path.stat().st_mtime))
    wrong = sweep(module, step, KILLED if step % 2 else KILLED[::-1]) or sweep(module, step, ("failed",))
    for fault in wrong:
        print(fault, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
