# SPDX-License-Identifier: GPL-3.0-or-later
"""nvmlsim's verbs, and what it says to bad arguments."""

from __future__ import annotations

import os
import re
import select
import signal
from pathlib import Path

import pytest

VERBS = [
    "init",
    "show",
    "sysfs",
    "run-process",
    "kill-process",
    "fail",
    "calls",
    "reset",
    "reboot",
    "driver",
    "lose",
    "restore",
    "virtualization",
    "fabric",
]


def alive(pid):
    """A killed process may stay a zombie where nobody waits for it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(") ")[2][0] != "Z"
    except FileNotFoundError:
        return False


def test_help_lists_the_verbs_and_every_verb_explains_itself(node):
    listed = node.sim("--help")
    for verb in VERBS:
        assert re.search(rf"^  {verb}\b", listed, re.M)
        assert node.sim(verb, "--help").startswith(f"usage: nvmlsim {verb}")


@pytest.mark.parametrize(
    "arguments, problem",
    [
        ([], "a verb is missing"),
        (["frobnicate"], "there is no verb 'frobnicate'"),
        (["init", "--gpu", "GTX"], "there is no model 'GTX'; there are T4"),
        (["init", "--gpu", "T4:0"], "takes a number from 1 to 16, not '0'"),
        (["init", "--gpu", "T4:17"], "takes a number from 1 to 16"),
        (["init", "--gpu", "T4:9", "--gpu", "T4:9"], "at most 16 GPUs"),
        (["init", "--driver", "new"], "like 550.163.01, not 'new'"),
        (["init", "--flavour", "grape"], "open or proprietary, not 'grape'"),
        (["init", "--gpu", "B200", "--flavour", "proprietary"], "B200 works with the open kernel modules only"),
        (["init", "--fleet", "/nowhere"], "cannot read /nowhere"),
        (["init", "more"], "'more' is one argument too many"),
        (["init", "--what"], "unrecognized option"),
        (["run-process"], "--gpu N is missing"),
        (["run-process", "--gpu", "5"], "takes a number from 0 to 0, not '5'"),
        (["run-process", "--gpu", "0", "--memory", "much"], "--memory takes a number"),
        (["run-process", "--gpu", "0", "--util", "101"], "--util takes a number from 0 to 100"),
        (["run-process", "--gpu", "0", "--kind", "odd"], "compute, graphics or mps"),
        (["run-process", "--gpu", "0", "--ci", "0"], "--ci needs --gi"),
        (["kill-process"], "name PIDs, or --gpu N, or --all"),
        (["kill-process", "abc"], "a PID takes a number"),
        (["fail"], "name one function"),
        (["fail", "nvmlDeviceSetMigMode"], "say what happens"),
        (["fail", "nvmlDeviceSetPower", "--kill"], "the library has no function 'nvmlDeviceSetPower'"),
        (["fail", "any-change", "--error", "NONSENSE"], "there is no NVML error 'NONSENSE'"),
        (["fail", "any-change", "--kill", "--nth", "2", "--every"], "exclude each other"),
        (["fail", "any-change", "--kill", "--from", "2", "--every"], "exclude each other"),
        (["fail", "--clear", "--every"], "stand alone"),
        (["driver"], "say loaded, unloaded or mismatch"),
        (["driver", "gone"], "not 'gone'"),
        (["driver", "--gpu", "0", "loaded"], "the driver is that of all GPUs"),
        (["lose"], "--gpu N is missing"),
        (["virtualization", "half"], "not 'half'"),
        (["fabric", "half"], "say not_started, in_progress or completed, not 'half'"),
        (["fabric"], "say not_started, in_progress or completed"),
        (["sysfs"], "--root DIR is missing"),
        (["reboot", "--gpu", "0"], "the whole node"),
    ],
)
def test_bad_arguments_get_one_line_and_exit_2(node, arguments, problem):
    node.init("T4")
    before = node.state.read_bytes()
    done = node.raw(*arguments)
    assert done.returncode == 2 and problem in done.stderr
    assert done.stderr.count("\n") == 1 and done.stdout == ""
    assert node.state.read_bytes() == before


@pytest.mark.parametrize(
    "verb",
    [
        ["show"],
        ["reset"],
        ["reboot"],
        ["driver", "loaded"],
        ["run-process", "--gpu", "0"],
        ["sysfs", "--root", "/tmp/x"],
        ["fail", "any-change", "--kill"],
    ],
)
def test_without_a_node_the_fix_is_named(node, verb):
    done = node.raw(*verb)
    assert done.returncode == 1 and "run 'nvmlsim init' first" in done.stderr
    assert list(node.folder.iterdir()) == []


def test_a_state_of_another_version_is_refused(node):
    node.state.write_bytes(b"old")
    assert "run 'nvmlsim init' again" in node.raw("show").stderr


@pytest.mark.parametrize(
    "line, problem",
    [
        ("gpu", "'gpu' needs a model"),
        ("gpu GTX", "no model 'GTX'"),
        ("gpu T4 pci=1", "a PCI address is like"),
        ("gpu T4 uuid=1", "a UUID is GPU-"),
        ("gpu T4 colour=red", "pci=, uuid=, serial= and count="),
        ("gpu T4 count=2 pci=0000:01:00.0", "name one GPU"),
        ("driver", "'driver' takes one value"),
        ("cpu 1", "a line begins with"),
        ("gpu T4 pci=0000:3d:00.0", "both at 0000:3d:00.0"),
    ],
)
def test_bad_fleet_files(node, line, problem):
    fleet = node.folder / "fleet"
    fleet.write_text("gpu T4 pci=0000:3d:00.0\n" + line + "\n", encoding="utf-8")
    done = node.raw("init", "--fleet", fleet)
    assert done.returncode == 2 and problem in done.stderr and done.stderr.count("\n") == 1
    assert not node.state.exists()


def test_a_fleet_file_makes_the_same_gpus_every_time(node):
    uuid = "GPU-00000000-1111-2222-3333-444444444444"
    fleet = node.folder / "fleet"
    fleet.write_text(
        "node edge-7   # an edge site\ndriver 570.133.20\nflavour open\n"
        f"gpu A30 pci=0000:65:00.0 uuid={uuid}\ngpu L4 count=2\n",
        encoding="utf-8",
    )
    node.sim("init", "--fleet", fleet)
    first = node.show()
    assert first["node"] == "edge-7" and first["driver"] == {
        "version": "570.133.20",
        "status": "loaded",
        "flavour": "open",
    }
    assert [gpu["name"] for gpu in first["gpus"]] == ["NVIDIA A30", "NVIDIA L4", "NVIDIA L4"]
    assert (first["gpus"][0]["pci"], first["gpus"][0]["uuid"]) == ("0000:65:00.0", uuid)
    node.sim("init", "--fleet", fleet)
    assert [(gpu["uuid"], gpu["serial"]) for gpu in node.show()["gpus"]] == [
        (gpu["uuid"], gpu["serial"]) for gpu in first["gpus"]
    ]
    node.sim("init", "--fleet", fleet, "--node", "edge-8")
    other = node.show()["gpus"]
    assert other[1]["uuid"] != first["gpus"][1]["uuid"] and other[0]["uuid"] == uuid
    assert all(re.fullmatch(r"GPU-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", gpu["uuid"]) for gpu in other)


def killed(pid):
    """Kills a process that is no child of ours, and waits until it has ended."""
    process = os.pidfd_open(pid)
    os.kill(pid, signal.SIGKILL)
    ended = select.select([process], [], [], 60)[0]
    os.close(process)
    assert ended


def test_processes_are_real_and_vanish_when_they_die(node):
    node.init("T4:2")
    pid = node.client(1, "--memory", 2048, "--util", 30, name="inference")
    assert Path(f"/proc/{pid}/comm").read_text(encoding="utf-8") == "inference\n"
    (process,) = node.show()["processes"]
    assert process == {
        "pid": pid,
        "gpu": 1,
        "gi": None,
        "ci": None,
        "kind": "compute",
        "memory_mib": 2048,
        "utilization": 30,
        "name": "inference",
    }
    assert node.gpu(1)["utilization"] == 30 and node.gpu(0)["utilization"] == 0
    killed(pid)
    assert node.show()["processes"] == []
    assert "no GPU client" in node.raw("kill-process", pid).stderr
    assert "not so much memory" in node.raw("run-process", "--gpu", 0, "--memory", 20000).stderr
    node.nvml("nvmlDeviceSetComputeMode(nvmlDeviceGetHandleByIndex(0), NVML_COMPUTEMODE_PROHIBITED)")
    assert "prohibited" in node.raw("run-process", "--gpu", 0).stderr


def test_failures_ordered(node):
    node.init("T4")
    one = (
        "h = nvmlDeviceGetHandleByIndex(0)\nout = []\nfor _ in range(4):\n    try:\n"
        "        out.append(len(nvmlDeviceGetName(h)) and 0)\n"
        "    except NVMLError as error:\n        out.append(error.value)\nprint(json.dumps(out))"
    )
    node.sim("fail", "nvmlDeviceGetName", "--error", "TIMEOUT", "--nth", 2)
    assert node.nvml(one) == [0, 10, 0, 0]
    assert node.sim("fail", "--list") == "nvmlDeviceGetName error NVML_ERROR_TIMEOUT nth=2 seen=4\n"
    node.sim("fail", "--clear")
    node.sim("fail", "nvmlDeviceGetName", "--error", "TIMEOUT", "--from", 3)
    assert node.nvml(one) == [0, 0, 10, 10]
    assert node.sim("fail", "--list") == "nvmlDeviceGetName error NVML_ERROR_TIMEOUT from=3 seen=4\n"
    node.sim("fail", "--clear")
    node.sim("fail", "nvmlDeviceGetName", "--error", "NVML_ERROR_UNKNOWN", "--every")
    assert node.nvml(one) == [999] * 4
    node.sim("fail", "--clear")
    assert node.nvml(one) == [0] * 4
    node.sim("fail", "nvmlDeviceSetPersistenceMode", "--error", "TIMEOUT", "--after")
    assert "NVMLError_Timeout" in node.python("nvmlDeviceSetPersistenceMode(nvmlDeviceGetHandleByIndex(0), 1)").stderr
    assert node.gpu()["persistence"] == 1
    node.nvml("nvmlDeviceSetPersistenceMode(nvmlDeviceGetHandleByIndex(0), 0)")
    node.sim("calls", "--clear")
    node.sim("fail", "--clear")
    node.sim("fail", "any-change", "--error", "IN_USE", "--nth", 2)
    assert (
        "NVMLError_InUse"
        in node.python(
            "h = nvmlDeviceGetHandleByIndex(0)\nnvmlDeviceSetPersistenceMode(h, 1)\n"
            "nvmlDeviceSetPowerManagementLimit(h, 60000)"
        ).stderr
    )
    assert (node.gpu()["persistence"], node.gpu()["power_limit_mw"]) == (1, 70000)
    lines = node.sim("calls").splitlines()
    assert [line.split(" ", 2)[2] for line in lines] == [
        "nvmlDeviceSetPersistenceMode gpu=0 mode=1 = NVML_SUCCESS",
        "nvmlDeviceSetPowerManagementLimit gpu=0 limit=60000 = NVML_ERROR_IN_USE",
    ]
    node.sim("calls", "--clear")
    assert node.sim("calls") == ""


def test_what_a_reset_and_a_reboot_take(node):
    node.init("A6000")
    set_all = """
h = nvmlDeviceGetHandleByIndex(0)
nvmlDeviceSetPersistenceMode(h, 1); nvmlDeviceSetPowerManagementLimit(h, 200000)
nvmlDeviceSetGpuLockedClocks(h, 600, 900)
nvmlDeviceSetMemoryLockedClocks(h, 5001, 5001); nvmlDeviceSetComputeMode(h, 3); nvmlDeviceSetEccMode(h, 1)
"""
    node.nvml(set_all)
    node.sim("reset", "--gpu", 0)
    gpu = node.gpu()
    assert (gpu["persistence"], gpu["power_limit_mw"], gpu["clocks"]["gpu_lock"], gpu["compute_mode"]) == (
        1,
        300000,
        [0, 0],
        0,
    )
    assert gpu["ecc"] == {"supported": True, "current": 1, "pending": 1} and gpu["memory"]["total_mib"] == 46068
    pid = node.client()
    node.nvml(set_all)
    node.sim("reboot")
    gpu = node.gpu()
    assert (gpu["persistence"], gpu["power_limit_mw"], gpu["clocks"]["memory_lock"], gpu["ecc"]["current"]) == (
        0,
        300000,
        [0, 0],
        1,
    )
    assert node.show()["processes"] == [] and not alive(pid)


def test_sysfs_and_procfs_tell_of_the_same_fleet(node):
    node.sim("init", "--gpu", "A100-40", "--gpu", "T4", "--driver", "550.163.01", "--flavour", "proprietary")
    root = node.folder / "root"
    node.sim("sysfs", "--root", root)
    told = node.nvml(
        "out = []\nfor i in range(2):\n    p = nvmlDeviceGetPciInfo(nvmlDeviceGetHandleByIndex(i))\n"
        "    out.append([p.busId.lower()[4:], p.pciDeviceId >> 16, p.pciSubSystemId >> 16])\nprint(json.dumps(out))"
    )
    devices = root / "sys/bus/pci/devices"
    assert sorted(path.name for path in devices.iterdir()) == sorted(row[0] for row in told)
    for bdf, device, subsystem in told:
        texts = {
            path.name: path.read_text(encoding="utf-8").strip()
            for path in (devices / bdf).iterdir()
            if path.name not in ("config", "driver", "resource")
        }
        assert texts["vendor"] == "0x10de" == texts["subsystem_vendor"]
        assert (int(texts["device"], 16), int(texts["subsystem_device"], 16)) == (device, subsystem)
        assert (texts["class"], texts["numa_node"], texts["reset"]) == ("0x030200", "0", "")
        config = (devices / bdf / "config").read_bytes()
        assert config[:4] == bytes((0xDE, 0x10, device & 0xFF, device >> 8)) and config[0x0B] == 3
        assert len((devices / bdf / "resource").read_text(encoding="utf-8").splitlines()) == 13
        assert os.readlink(devices / bdf / "driver").endswith("/nvidia")
    assert (root / "sys/module/nvidia/version").read_text(encoding="utf-8") == "550.163.01\n"
    version = root / "proc/driver/nvidia/version"
    assert version.read_text(encoding="utf-8").startswith(
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.163.01  "
    )
    modules = (root / "proc/modules").read_text(encoding="utf-8")
    assert re.match(r"nvidia \d+ \d+ - Live 0x0000000000000000 \(POE\)\n", modules)
    node.sim("init", "--gpu", "A100-40", "--flavour", "open")
    node.sim("sysfs", "--root", root)
    assert "NVIDIA UNIX Open Kernel Module for x86_64  550.163.01  " in version.read_text(encoding="utf-8")
    node.sim("lose", "--gpu", 0)
    node.sim("driver", "unloaded")
    node.sim("sysfs", "--root", root)
    assert not version.exists() and not (root / "sys/module/nvidia").exists()
    assert not (root / "proc/modules").read_text(encoding="utf-8").startswith("nvidia ")
    assert (devices / "0000:17:00.0" / "vendor").exists() and not (devices / "0000:17:00.0" / "driver").is_symlink()
