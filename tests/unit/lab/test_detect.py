# SPDX-License-Identifier: GPL-3.0-or-later
"""podman gets no option on an ordinary machine, and the right ones elsewhere."""

from __future__ import annotations

from dataclasses import replace

from edgelab.detect import CAP_SYS_RESOURCE, Machine, global_options, has_capability, run_options

ORDINARY = Machine(unified_cgroups=True, runs_systemd=True, may_raise_limits=True, nofile=524288, nproc=-1)


def test_ordinary_machine() -> None:
    assert global_options(ORDINARY) == []
    assert run_options(ORDINARY) == []


def test_hybrid_cgroups() -> None:
    options = global_options(replace(ORDINARY, unified_cgroups=False))
    assert options == ["--runtime", "runc", "--log-level", "error", "--cgroup-manager", "cgroupfs"]


def test_no_systemd() -> None:
    options = global_options(replace(ORDINARY, runs_systemd=False))
    assert options == ["--cgroup-manager", "cgroupfs", "--events-backend", "file"]


def test_limits_that_cannot_be_raised() -> None:
    machine = replace(ORDINARY, may_raise_limits=False, nofile=20000, nproc=96365)
    assert run_options(machine) == ["--ulimit", "nofile=1024:4096", "--ulimit", "nproc=4096:4096"]


def test_low_limits() -> None:
    machine = replace(ORDINARY, may_raise_limits=False, nofile=512, nproc=100)
    assert run_options(machine) == ["--ulimit", "nofile=512:512", "--ulimit", "nproc=100:100"]


def test_capability() -> None:
    assert has_capability("Name:\tx\nCapEff:\t000001ffffffffff\n", CAP_SYS_RESOURCE)
    assert not has_capability("Name:\tx\nCapEff:\t000001fffeffffff\n", CAP_SYS_RESOURCE)
