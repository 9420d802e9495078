# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits of the machine that many hosts run into: each boots an init of its own."""

from __future__ import annotations

from pathlib import Path

from .errors import LabError
from .progress import say
from .shell import as_root, run

# A kernel has 128 for all that root runs, in all containers; systemd, logind and dbus of a host take seven.
INSTANCES = "fs.inotify.max_user_instances"
PER_HOST = 8
# for the machine's own programs
RESERVED = 64
# enough for what usually comes next
COMFORTABLE = 1024


def needed(hosts: int) -> int:
    """Instances of inotify that so many hosts may take."""
    return RESERVED + hosts * PER_HOST


def ensure(hosts: int) -> None:
    """Make room for so many hosts, until the machine reboots; where there is too little, hosts hang as they boot."""
    now = int(Path("/proc/sys", *INSTANCES.split(".")).read_text(encoding="ascii"))
    if now >= needed(hosts):
        return
    value = max(needed(hosts), COMFORTABLE)
    done = run(as_root(["sysctl", "-qw", f"{INSTANCES}={value}"]), check=False)
    if done.returncode != 0:
        raise LabError(
            f"{hosts} hosts need {INSTANCES} to be {needed(hosts)}, it is {now}, and cannot be set here",
            f"on the machine itself: sysctl -w {INSTANCES}={value}",
        )
    say(f"{INSTANCES}: {now} before, {value} now, as {hosts} hosts are to run")
