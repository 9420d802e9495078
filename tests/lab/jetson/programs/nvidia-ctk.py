# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for nvidia-ctk: `cdi generate --mode=csv` of a Jetson, `cdi list`, and `runtime configure` of Docker."""

import argparse
import json
import re
import sys
from pathlib import Path

CSV = Path("/etc/nvidia-container-runtime/host-files-for-container.d")
CDI = Path("/etc/cdi/nvidia.yaml")
DOCKER = Path("/etc/docker/daemon.json")
DEVICE = """---
cdiVersion: 0.5.0
kind: {kind}
annotations:
    # only the lab's stand-in writes this: the release whose files the list is of
    edgelab.l4t: {l4t}
devices:
    - name: all
      containerEdits:
        deviceNodes:
{devices}containerEdits:
    env:
        - NVIDIA_VISIBLE_DEVICES=void
    mounts:
{mounts}"""
MOUNT = """        - hostPath: {0}
          containerPath: {0}
          options: [ro, nosuid, nodev, bind]
"""


def listed(kind):
    """The paths of one kind in the lists that the L4T packages bring."""
    rows = [line.split(",") for file in sorted(CSV.glob("*.csv")) for line in file.read_text().splitlines() if line]
    return [row[1].strip() for row in rows if row[0].strip() == kind]


def generate(options):
    """The CDI file."""
    if options.mode not in ("csv", "auto"):
        sys.stderr.write("nvidia-ctk: this stand-in knows --mode=csv only\n")
        return 1
    release = re.match(r"# R(\d+) \(release\), REVISION: ([\d.]+)", Path("/etc/nv_tegra_release").read_text())
    mounts = "".join(MOUNT.format(path) for path in listed("lib") + listed("sym"))
    text = DEVICE.format(
        kind="nvidia.com/gpu",
        l4t="{}.{}".format(*release.groups()),
        devices="".join("            - path: {}\n".format(path) for path in listed("dev")),
        mounts=mounts,
    )
    if not options.output:
        sys.stdout.write(text)
        return 0
    place = Path(options.output)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)
    sys.stderr.write('level=info msg="Generated CDI spec with version 0.5.0"\n')
    return 0


def configure():
    """Docker's configuration, to which NVIDIA's runtime is added."""
    known = json.loads(DOCKER.read_text()) if DOCKER.exists() else {}
    known.setdefault("runtimes", {})["nvidia"] = {"args": [], "path": "nvidia-container-runtime"}
    DOCKER.parent.mkdir(parents=True, exist_ok=True)
    DOCKER.write_text(json.dumps(known, indent=4) + "\n")
    sys.stderr.write('level=info msg="It is recommended that docker daemon be restarted."\n')
    return 0


def main():
    """One invocation."""
    parser = argparse.ArgumentParser(prog="nvidia-ctk")
    parser.add_argument("--version", action="version", version="NVIDIA Container Toolkit CLI version 1.16.2 (stand-in)")
    areas = parser.add_subparsers(dest="area", required=True)
    runtime = areas.add_parser("runtime").add_subparsers(dest="verb", required=True).add_parser("configure")
    runtime.add_argument("--runtime", choices=["docker"], default="docker")
    cdi = areas.add_parser("cdi").add_subparsers(dest="verb", required=True)
    make = cdi.add_parser("generate")
    make.add_argument("--mode", default="auto")
    make.add_argument("--output")
    cdi.add_parser("list")
    options = parser.parse_args()
    if options.verb == "list":
        found = ["nvidia.com/gpu=all"] if CDI.exists() else []
        sys.stderr.write('level=info msg="Found {} CDI devices"\n'.format(len(found)))
        print("\n".join(found))
        return 0
    return configure() if options.area == "runtime" else generate(options)


sys.exit(main())
