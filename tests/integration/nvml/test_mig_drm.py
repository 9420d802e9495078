# SPDX-License-Identifier: GPL-3.0-or-later
"""mig_layout on cards that nvidia_drm holds: it names the module, and unloads it around the reset where it may."""

from __future__ import annotations

import json
import subprocess

import pytest
from ansible_collections.edgesite.gpu.tests.integration.nvml.test_pins import held_open

# What modprobe does to the node's files. Other files have it fail, or kill who started it, before or after it.
MODPROBE = """\
#!/bin/sh
echo "$*" >>{root}/modprobe.log
module={root}/sys/module/nvidia_drm
[ ! -e "{root}/before$1" ] || {{ rm "{root}/before$1"; kill -9 $PPID; exit 1; }}
case $1 in
    --remove)
        [ ! -e {root}/stuck ] || {{ echo 'modprobe: FATAL: Module nvidia_drm is in use.' >&2; exit 1; }}
        rm -r $module
        ;;
    nvidia_drm)
        [ ! -e {root}/missing ] || {{ echo 'modprobe: FATAL: Module nvidia_drm not found.' >&2; exit 1; }}
        mkdir -p $module/parameters
        echo 0 >$module/refcnt
        echo "${{2#modeset=}}" >$module/parameters/modeset
        ;;
    --dry-run) [ ! -e {root}/missing ] || exit 1 ;;
esac
[ ! -e "{root}/after$1" ] || {{ rm "{root}/after$1"; kill -9 $PPID; }}
"""
ON = [{"gpus": [{"index": 0}], "instances": {"7g": 1}}]
UNLOAD, LOAD = "unload the kernel module nvidia_drm", "load the kernel module nvidia_drm"


class DrmNode:
    """A node with nvidia_drm, as the kernel shows it below a folder."""

    def __init__(self, node, laid_out):
        self.node, self.root, self.laid_out = node, node.folder, laid_out
        self.record = self.root / "run/unloaded-modules.json"
        self.module = self.root / "sys/module/nvidia_drm"
        node.init("A100-40", "H100-80")
        program = self.root / "bin/modprobe"
        program.parent.mkdir()
        program.write_text(MODPROBE.format(root=self.root))
        program.chmod(0o755)
        subprocess.run([program, "nvidia_drm", "modeset=Y"], check=True)
        self.file("sys/module/nvidia/version").write_text("550.163.01\n")
        (self.root / "sys/bus/pci/devices/0000:17:00.0/drm/card1").mkdir(parents=True)
        (self.root / "sys/bus/pci/devices/0000:17:00.0/driver").symlink_to("../../drivers/nvidia")
        (self.root / "proc").symlink_to("/proc")
        self.file("dev/dri/card1")
        self.file("modprobe.log").write_text("")

    def file(self, name):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        return path

    def run(self, layouts=None, **options):
        return self.laid_out(layouts=layouts or ON, persist=False, **options)

    def programs(self):
        """What modprobe was run for, but for questions."""
        ran = (self.root / "modprobe.log").read_text().splitlines()
        return [line for line in ran if not line.startswith("--dry-run")]

    @property
    def mode(self):
        mig = self.node.gpu(0)["mig"]
        return mig["current"], mig["pending"]

    def as_before(self):
        return self.mode == (0, 0) and self.module.exists() and not self.record.exists()


@pytest.fixture
def held(node, laid_out):
    return DrmNode(node, laid_out)


def does(result):
    return [action["does"] for action in result["actions"]]


def test_module_that_holds_the_card_is_named_with_who_uses_it_and_what_to_do(held):
    with held_open(held.root / "dev/dri/card1") as pid:
        for check in (True, False):
            refused = held.run(check=check)
            assert refused["failed"] and "GPU 0 NVIDIA A100" in refused["msg"]
            assert "the kernel module nvidia_drm holds open; it is in use by " in refused["msg"]
            assert f"(pid {pid}" in refused["msg"]
            assert "Set mig_unload_drm: true (the option unload_drm)" in refused["msg"]
            module, process = refused["holders"]
            assert (module["pid"], module["name"], process["pid"]) == (None, "nvidia_drm", pid)
    assert held.as_before() and held.programs() == []


def test_module_is_unloaded_around_the_reset_and_loaded_again(held):
    told = held.run(unload_drm=True, check=True)
    assert (does(told)[0], does(told)[-1], told["changed"]) == (UNLOAD, LOAD, True) and held.as_before()
    done = held.run(unload_drm=True)
    assert does(done) == does(told) and held.mode == (1, 1)
    assert held.programs() == ["--remove nvidia_drm", "nvidia_drm modeset=Y"]
    assert held.module.exists() and not held.record.exists()
    assert not held.run(unload_drm=True)["changed"]


def test_module_stays_where_no_card_is_reset(held):
    assert held.run([{"gpus": [{"index": 1}], "instances": {"7g": 1}}], unload_drm=True)["changed"]
    assert held.programs() == []


def test_module_without_modeset_is_not_in_the_way(held):
    (held.module / "parameters/modeset").write_text("N\n")
    assert held.run()["changed"] and held.mode == (1, 1) and held.programs() == []


def test_module_that_somebody_uses_stays_and_the_run_is_refused(held):
    with held_open(held.root / "dev/dri/card1") as pid:
        refused = held.run(unload_drm=True)
    assert refused["failed"] and "has to be unloaded, but it is in use by " in refused["msg"]
    assert f"(pid {pid}" in refused["msg"] and "list its service in mig_quiesce" in refused["msg"]
    assert held.as_before() and held.programs() == []


def test_module_that_cannot_be_loaded_again_is_not_unloaded(held):
    held.file("missing")
    for check in (True, False):
        refused = held.run(unload_drm=True, check=check)
        assert refused["failed"] and "could not be loaded again" in refused["msg"]
    assert held.as_before() and held.programs() == []


def test_module_that_does_not_load_again_is_told_of_and_loaded_by_the_next_run(held):
    modprobe = held.root / "bin/modprobe"
    program = modprobe.read_text()
    modprobe.write_text(program.replace("rm -r $module", f"rm -r $module; touch {held.root}/missing"))
    failed = held.run(unload_drm=True)
    assert failed["failed"] and not failed["undone"] and failed["changed"] and held.mode == (0, 0)
    assert does(failed) == [UNLOAD] and "still done: " + UNLOAD in failed["msg"]
    assert "Run 'modprobe nvidia_drm' on the host" in failed["msg"]
    (held.root / "missing").unlink()
    modprobe.write_text(program)
    assert held.run()["changed"] and held.mode == (1, 1) and held.module.exists() and not held.record.exists()


def test_module_that_does_not_let_itself_be_unloaded(held):
    held.file("stuck")
    failed = held.run(unload_drm=True)
    assert failed["failed"] and failed["undone"] and "Module nvidia_drm is in use" in failed["msg"]
    assert held.as_before()


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_module_is_loaded_again_where_a_call_fails(held, nth):
    held.node.sim("fail", "any-change", "--error", "UNKNOWN", "--nth", nth)
    failed = held.run(unload_drm=True)
    assert failed["failed"] and failed["undone"] and not failed["changed"]
    assert held.as_before() and held.programs()[-1] == "nvidia_drm modeset=Y"


@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("when", ["--before", "--after"])
def test_module_that_a_killed_run_left_unloaded_is_loaded_by_the_next(held, nth, when):
    held.node.sim("fail", "any-change", "--kill", when, "--nth", nth)
    with pytest.raises(subprocess.CalledProcessError):
        held.run(unload_drm=True)
    assert not held.module.exists() and json.loads(held.record.read_text()) == ["modeset=Y"]
    # The next run need not be allowed to unload it, and may find nothing else to do.
    done = held.run()
    assert done["changed"] and does(done)[-1] == LOAD and UNLOAD not in does(done)
    assert held.mode == (1, 1) and held.module.exists() and not held.record.exists()
    assert (held.module / "parameters/modeset").read_text() == "Y\n"
    assert not held.run()["changed"]


@pytest.mark.parametrize("moment", ["before--remove", "after--remove", "beforenvidia_drm", "afternvidia_drm"])
def test_run_that_is_killed_while_it_unloads_or_loads_the_module(held, moment):
    held.file(moment)
    with pytest.raises(subprocess.CalledProcessError):
        held.run(unload_drm=True)
    held.run(unload_drm=True)
    assert held.mode == (1, 1) and held.module.exists()
    assert not held.run(unload_drm=True)["changed"]


def test_module_that_an_earlier_run_left_unloaded_is_named_where_this_one_is_refused(held):
    held.node.sim("fail", "any-change", "--kill", "--before", "--nth", 1)
    with pytest.raises(subprocess.CalledProcessError):
        held.run(unload_drm=True)
    held.node.client()
    refused = held.run()
    assert refused["failed"] and "left nvidia_drm unloaded: load it with 'modprobe nvidia_drm'" in refused["msg"]


def test_modules_that_use_the_driver_are_named_where_nobody_else_can_be(held):
    """The driver does not do what its version says, so that the plan sees nothing in the way."""
    version = held.root / "sys/module/nvidia/version"
    version.write_text("595.45.04\n")
    (held.root / "sys/module/nvidia/holders/nvidia_drm").mkdir(parents=True)
    failed = held.run()
    assert failed["failed"] and failed["undone"]
    assert "by something that NVML does not list (kernel modules that use the driver: nvidia_drm)" in failed["msg"]
    assert "'modprobe --remove nvidia_drm'" in failed["msg"]
