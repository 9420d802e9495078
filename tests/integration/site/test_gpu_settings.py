# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""gpu_settings over SSH on a host with an A100 and a T4. Most of what goes wrong is in make test-deep PART=faults."""

from __future__ import annotations

import json

import pytest

HOST = "node"
UNIT = "edgesite-gpu-settings.service"
WANTED = [
    {"gpus": "all", "persistence_mode": True},
    {"gpus": [{"model": "A100"}], "power_limit": 300, "gpu_clocks": {"min": 1110, "max": 1410}},
    {"gpus": [{"model": "T4"}], "power_limit": "62", "compute_mode": "exclusive_process"},
]


TOOLS = {"edgesite.gpu.host_tools": {}}
CALLS = {"ansible.builtin.shell": "nvmlsim calls && nvmlsim calls --clear"}


def settings(wanted, check=False, persist=True, become=True):
    """A task."""
    options = {"settings": wanted, "persist": persist}
    return {"edgesite.gpu.gpu_settings": options, "check_mode": check, "become": become}


def sim(*arguments):
    """A task."""
    return {"ansible.builtin.command": {"argv": ["nvmlsim", *arguments]}}


def does(result):
    return [action["does"] for action in result["actions"]]


def power_limits(result, moment):
    return sorted(gpu["power_limit"] for gpu in result[moment]["gpus"].values())


def test_check_then_converge_then_nothing(ansible, lab):
    told, no_calls, done, calls, again, checked = ansible.tasks(
        HOST,
        settings(WANTED, persist=False, check=True),
        CALLS,
        settings(WANTED, persist=False),
        CALLS,
        settings(WANTED, persist=False),
        settings(WANTED, persist=False, check=True),
    )
    assert told["changed"] and no_calls["stdout_lines"] == []
    assert done["actions"] == told["actions"] and done["after"] == told["after"]
    assert len(done["actions"]) == 6 == len(calls["stdout_lines"])
    assert power_limits(done, "before") == ["400 W", "70 W"]
    assert power_limits(done, "after") == ["300 W", "62 W"]
    for idle in (again, checked):
        assert not idle["changed"] and idle["actions"] == []
        assert idle["before"] == idle["after"]
    assert lab.changes(HOST) == []


@pytest.mark.deep
def test_host_without_pynvml_is_served_by_the_controllers(ansible, lab):
    assert lab.on(HOST, "sh", "-c", "python3 -c 'import pynvml' 2>&1 || echo none").strip().endswith("none")
    result = ansible.module(HOST, "gpu_settings", settings=WANTED[:1], persist=False)
    assert result["changed"]
    assert lab.on(HOST, "sh", "-c", "ls /usr/local/lib/edgesite-gpu 2>/dev/null || echo nothing").strip() == "nothing"


BAD = [
    (
        [{"gpus": [{"uuid": "GPU-0"}], "ecc": True}],
        "matches no GPU of this host, which has: 0 NVIDIA A100-SXM4-40GB",
    ),
    ([{"gpus": "some", "ecc": True}], "Use 'all', or a list whose entries have one or more of the keys uuid"),
    ([{"gpus": "all", "power_limit": 90}], "T4"),
    ([{"gpus": [{"index": 0}], "power_limit": 500}], "accepts 100 W to 400 W"),
    ([{"gpus": [{"index": 0}], "power_limit": "much"}], "neither a number of watts nor 'default'"),
    ([{"gpus": [{"index": 0}], "gpu_clocks": {"min": 1, "max": 9999}}], "accepts 210-1410 MHz"),
    ([{"gpus": [{"index": 0}], "gpu_clocks": {"min": 1000}}], "lacks min or max"),
    ([{"gpus": "all", "compute_mode": "shared"}], "value of compute_mode must be one of"),
    ([{"gpus": "all", "ecc": "perhaps"}], "perhaps"),
    ([{"gpus": "all", "powerlimit": 60}], "powerlimit"),
    ([{"ecc": True}], "missing required arguments: gpus"),
    (
        [{"gpus": "all", "power_limit": "default"}, {"gpus": [{"index": 1}], "power_limit": 60}],
        "settings[1].power_limit is '60', but settings[0].power_limit is 'default' for the same GPU 1",
    ),
    (
        [{"gpus": "all", "power_limit": 1, "gpu_clocks": {"min": 1, "max": 2}}],
        "4 problems, nothing was changed: (1)",
    ),
]


@pytest.mark.parametrize("bad", [BAD[::4], pytest.param(BAD, marks=pytest.mark.deep)], ids=["some", "all"])
def test_bad_input_changes_nothing_and_says_what_to_do(ansible, lab, bad):
    # one in check mode too, as what is wrong is found before it makes a difference
    wishes = [(settings, False, says) for settings, says in bad] + [(bad[0][0], True, bad[0][1])]
    tasks = [{"edgesite.gpu.gpu_settings": {"settings": wish}, "check_mode": check} for wish, check, _says in wishes]
    for (settings, _check, says), result in zip(wishes, ansible.tasks(HOST, *tasks)):
        assert result["failed"] and not result["changed"], settings
        assert says in result["msg"]
    assert lab.changes(HOST) == []


@pytest.mark.deep
def test_driver_that_does_not_work_is_told_with_what_to_do(ansible):
    faults = [
        (["driver", "unloaded"], "driver_not_loaded", "modprobe nvidia"),
        (["driver", "mismatch"], "lib_rm_version_mismatch", "Reload the module or reboot"),
        (["driver", "loaded"], "ok", ""),
        (["lose", "--gpu", "1"], "gpu_is_lost", "GPU 1: The GPU has fallen off the bus"),
    ]
    asked = settings(WANTED[:1], persist=False, check=True)
    results = ansible.tasks(HOST, *(task for control, _status, _says in faults for task in (sim(*control), asked)))
    for (control, status, says), result in zip(faults, results[1::2], strict=True):
        assert result["failed"] == (status != "ok"), control
        assert status == "ok" or result["nvml_status"] == status
        assert says in result.get("msg", "")


@pytest.mark.deep
def test_lost_gpu_does_not_keep_the_others_from_their_settings(ansible, lab):
    lab.sim(HOST, "lose", "--gpu", "1")
    result = ansible.module(
        HOST, "gpu_settings", settings=[{"gpus": [{"index": 0}], "power_limit": 300}], persist=False
    )
    assert result["changed"]


@pytest.mark.deep
def test_host_without_driver_is_told_so(ansible):
    result = ansible.module("hub", "gpu_settings", settings=WANTED[:1])
    assert result["failed"] and result["nvml_status"] == "library_not_found"
    assert "remove the variables of the GPU layers for this host" in result["msg"]


def test_other_users_may_look_but_not_change(ansible, lab):
    looked, result = ansible.tasks(
        HOST,
        settings(WANTED, persist=False, become=False, check=True),
        settings(WANTED, persist=False, become=False),
    )
    assert looked["changed"] and not looked["failed"]
    assert result["failed"] and "Set become: true" in result["msg"]
    assert lab.changes(HOST) == []


def test_failure_half_way_is_taken_back(ansible):
    looked, _fault, result, _mended, again = ansible.tasks(
        HOST,
        settings(WANTED, persist=False, check=True),
        sim("fail", "nvmlDeviceSetComputeMode", "--error", "NVML_ERROR_UNKNOWN"),
        settings(WANTED, persist=False),
        sim("fail", "--clear"),
        settings(WANTED, persist=False),
    )
    assert result["failed"] and result["undone"] and not result["changed"]
    assert "the host is as it was" in result["msg"] and "compute_mode" in result["msg"]
    assert again["changed"] and again["before"] == looked["before"]


@pytest.mark.deep
def test_run_that_is_killed_is_finished_by_the_next(ansible, lab):
    lab.sim(HOST, "fail", "nvmlDeviceSetPowerManagementLimit", "--kill")
    done = ansible._run(ansible_command(ansible))
    assert done.returncode != 0
    lab.sim(HOST, "fail", "--clear")
    again, idle = ansible.tasks(HOST, settings(WANTED, persist=False), settings(WANTED, persist=False))
    assert again["changed"] and power_limits(again, "after") == ["300 W", "62 W"]
    assert not idle["changed"]


def ansible_command(ansible):
    options = json.dumps({"settings": WANTED, "persist": False})
    return ["ansible", HOST, "-i", str(ansible.folder), "-b", "-m", "edgesite.gpu.gpu_settings", "-a", options]


@pytest.mark.deep
def test_boot_unit_wants_the_host_tools(ansible, lab):
    result = ansible.module(HOST, "gpu_settings", settings=WANTED)
    assert result["failed"] and "Run edgesite.gpu.host_tools first" in result["msg"]
    assert lab.changes(HOST) == []


def test_settings_survive_a_reboot_and_go_when_they_are_taken_away(ansible, lab):
    first, second, done = ansible.tasks(HOST, TOOLS, TOOLS, settings(WANTED))
    assert first["changed"] and not second["changed"]
    assert f"enable {UNIT}" in does(done)

    lab.reboot(HOST)
    assert lab.on(HOST, "systemctl", "is-active", UNIT).strip() == "active"
    assert [gpu["power_limit_mw"] for gpu in lab.gpus(HOST)] == [300000, 62000]
    idle, gone = ansible.tasks(HOST, settings(WANTED), settings([]))
    assert not idle["changed"]
    assert does(gone)[-3:] == [
        f"disable {UNIT}",
        "remove /etc/edgesite-gpu/settings.json",
        f"remove /etc/systemd/system/{UNIT}",
    ]
    assert len(does(gone)) == 9 and all(line.startswith("set back ") for line in does(gone)[:6])
    assert [gpu["power_limit_mw"] for gpu in lab.gpus(HOST)] == [400000, 70000]
    lab.reboot(HOST)
    assert [gpu["power_limit_mw"] for gpu in lab.gpus(HOST)] == [400000, 70000]


@pytest.mark.deep
def test_boot_unit_that_fails_shows_and_says_why(ansible, lab):
    ansible.tasks(HOST, TOOLS, settings(WANTED))
    lab.sim(HOST, "driver", "mismatch")
    lab.on(HOST, "systemctl", "restart", UNIT, check=False)
    assert UNIT in lab.on(HOST, "systemctl", "--failed", "--plain")
    assert "Reload the module or reboot the host" in lab.on(HOST, "journalctl", "-u", UNIT)


@pytest.mark.deep
def test_gpu_that_is_gone_at_boot_does_not_keep_the_others_from_their_limits(ansible, lab):
    ansible.tasks(HOST, TOOLS, settings(WANTED))
    lab.sim(HOST, "init", "--fleet", "/usr/lib/edgelab/fleet")
    lab.sim(HOST, "lose", "--gpu", "1")
    lab.on(HOST, "systemctl", "restart", UNIT, check=False)
    gpu = lab.gpus(HOST)[0]
    assert (gpu["persistence"], gpu["power_limit_mw"]) == (1, 300000)
    assert UNIT in lab.on(HOST, "systemctl", "--failed", "--plain")
    assert "GPU 1: The GPU has fallen off the bus" in lab.on(HOST, "journalctl", "-u", UNIT)


@pytest.mark.deep
def test_boot_unit_goes_also_where_the_driver_is_gone(ansible):
    *_before, gone = ansible.tasks(HOST, TOOLS, settings(WANTED), sim("driver", "unloaded"), settings([]))
    assert len(gone["actions"]) == 3 and len(gone["left_behind"]) == 6


@pytest.mark.deep
def test_ecc_is_pending_until_a_reboot(ansible, lab):
    wanted = [{"gpus": [{"model": "A100"}], "ecc": False}]
    changed, waiting = ansible.tasks(HOST, settings(wanted, persist=False), settings(wanted, persist=False))
    assert changed["changed"] and changed["reboot_required"] and len(changed["reset_required"]) == 1
    assert not waiting["changed"] and waiting["reboot_required"]
    lab.reboot(HOST)
    current = ansible.module(HOST, "gpu_settings", settings=wanted, persist=False)
    assert not current["changed"] and not current["reboot_required"] and current["reset_required"] == []


@pytest.mark.deep
def test_clocks_are_locked_and_unlocked(ansible):
    locked = [{"gpus": "all", "gpu_clocks": {"min": 900, "max": 900}}]
    unlocked = [{"gpus": "all", "gpu_clocks": {"locked": False}}]
    done, info, undone, idle = ansible.tasks(
        HOST,
        settings(locked, persist=False),
        {"edgesite.gpu.gpu_info": {"gather": ["gpus"]}},
        settings(unlocked, persist=False),
        settings(unlocked, persist=False),
    )
    assert len(done["actions"]) == 2 == len(undone["actions"])
    assert [gpu["clocks_mhz"]["graphics"] for gpu in info["gpus"]] == [900, 900]
    assert not idle["changed"]


@pytest.mark.deep
def test_full_disk_changes_nothing_for_good(ansible, lab):
    ansible.module(HOST, "host_tools")
    lab.on(HOST, "sh", "-c", "mkdir -p /etc/edgesite-gpu && mount -t tmpfs -o size=4k none /etc/edgesite-gpu")
    lab.on(HOST, "sh", "-c", "head -c 4096 /dev/zero > /etc/edgesite-gpu/filler; true")
    try:
        result = ansible.module(HOST, "gpu_settings", settings=WANTED)
        assert result["failed"] and result["undone"]
        assert "No space left on device" in result["msg"] and "free disk space" in result["msg"]
        assert [gpu["power_limit_mw"] for gpu in lab.gpus(HOST)] == [400000, 70000]
    finally:
        lab.on(HOST, "umount", "/etc/edgesite-gpu")
    assert ansible.module(HOST, "gpu_settings", settings=WANTED)["changed"]
