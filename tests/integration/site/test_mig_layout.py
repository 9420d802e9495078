# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""mig_layout and mig_layout_info over SSH, on a host with an A100 and a T4 and on one with an H100.

Most of what goes wrong is in make test-deep PART=faults.
"""

from __future__ import annotations

import json
import os

import pytest

HOST, HOPPER = "node", "other"
UNIT = "edgesite-gpu-mig.service"
CONFIG = "/etc/edgesite-gpu/mig.json"
TOOLS, TOOLS_KEPT = "/usr/local/lib/edgesite-gpu", f"/var/tmp/edgesite-gpu-{os.getpid()}"
A100 = [{"model": "A100"}]


def of_a100(instances, **more):
    """Layouts with this one for the A100."""
    return [{"gpus": A100, "instances": instances, **more}]


OFF = [{"gpus": A100, "mig": "disabled"}]


def layout(layouts=None, check=False, become=True, **options):
    if layouts is not None:
        options["layouts"] = layouts
    return {"edgesite.gpu.mig_layout": options, "check_mode": check, "become": become}


def info(become=True, **options):
    return {"edgesite.gpu.mig_layout_info": options, "become": become}


def on_host(command):
    return {"ansible.builtin.shell": command}


def does(result):
    return [action["does"].split(" of GPU 0 ")[0] for action in result["actions"]]


def mode(lab, gpu=0):
    mig = lab.gpus(HOST)[gpu]["mig"]
    return mig["current"], mig["pending"]


def instances(lab, host=HOST):
    """What is on the first card, as (profile, start, names of compute instances)."""
    return held(lab.gpus(host)[0])


def held(gpu):
    """The same of a card as nvmlsim shows it."""
    found = gpu["mig"]["gpu_instances"]
    return sorted((gi["profile"], gi["start"], [ci["name"] for ci in gi["compute_instances"]]) for gi in found)


def has(instances):
    """A step that brings the A100 to these instances."""
    return layout(of_a100(instances), persist=False)


def client(gpu_instance, name):
    """A step that starts a process on a GPU instance of the A100, by its id, and tells its pid."""
    return on_host(f"nvmlsim run-process --gpu 0 --gi {gpu_instance} --name {name}")


SHOW = on_host("nvmlsim show --json")
FORGET = on_host("nvmlsim calls --clear")


@pytest.fixture(name="tools")
def fixture_tools(ansible, lab):
    """Host tools on HOST; from the second time on a copy of what the module had put there, which is quicker."""
    if "kept" not in lab.on(HOST, "sh", "-c", f"cp -a {TOOLS_KEPT} {TOOLS} 2>/dev/null && echo kept", check=False):
        (done,) = ansible.tasks(HOST, {"edgesite.gpu.host_tools": {}})
        assert done["changed"], done
        lab.on(HOST, "cp", "-a", TOOLS, TOOLS_KEPT)


@pytest.fixture(name="monitor")
def fixture_monitor(lab, tools):
    """Starts monitor.service, which holds the A100 open without being its client, as dcgm or an exporter would."""

    def start(*more):
        lines = ["[Service]", "Type=exec", "StandardInput=file:/dev/nvidia0", "ExecStart=/bin/sleep infinity", *more]
        written = " ".join(f"'{line}'" for line in lines)
        lab.on(HOST, "sh", "-c", f"printf '%s\\n' {written} > /run/systemd/system/monitor.service")
        lab.on(HOST, "sh", "-c", "systemctl daemon-reload && systemctl start monitor")

    yield start
    gone = "systemctl stop monitor late; rm -f /run/systemd/system/monitor.service; systemctl daemon-reload"
    lab.on(HOST, "sh", "-c", gone, check=False)


# What is asked for.

NO_FILE = "from_file: cannot read"
FILES = {
    "broken.yaml": "version: [v1\n",
    "list.yaml": "- version: v1\n",
    "other.yaml": "apiVersion: v1\nkind: Secret\n",
    "map.yaml": "apiVersion: v1\nkind: ConfigMap\n",
    "good.yaml": """
version: v1
mig-configs:
  halves: [{devices: [0], mig-enabled: true, mig-devices: {3g.20gb: 2}}]
  whole: [{devices: all, mig-enabled: false, mig-devices: {}}]
  hopper: [{device-filter: "0x233010DE", devices: all, mig-enabled: true, mig-devices: {7g.80gb: 1}}]
""",
}
BAD_LAYOUTS = [
    (
        of_a100({"3g.40gb": 1}),
        [
            "layouts[0].instances['3g.40gb'] is '3g.40gb', which is not a profile of GPU 0 NVIDIA A100",
            "1g.5gb, 2g.10gb",
        ],
    ),
    (of_a100({"3g.20gb": "two"}), ["is 'two', not a whole number from 0 to 99"]),
    (of_a100([{"profile": "3g.20gb", "placement": 2}]), ["layouts[0].instances[0].placement is 2", "Use one of: 0, 4"]),
    (
        of_a100([{"profile": "3g.20gb", "compute_instances": {"2c": 2}}]),
        ["a 3g.20gb has no room for 2c+2c", "Use compute instances that fit its 3 slices: 3c, 2c, 1c"],
    ),
    (of_a100(["3g.20gb", {"profil": "1g.5gb"}]), ["layouts[0].instances[1] is a mapping, without a profile"]),
    (
        of_a100({"3g.20gb": 2, "1g.5gb": 1}),
        ["take 9 memory slices, but the card has 8", "Nearest layouts that fit: 2x 3g.20gb; "],
    ),
    (
        of_a100({"3g.20gb": 3}),
        ["3 of 3g.20gb are wanted, but the card has at most 2. Nearest layouts that fit: 2x 3g.20gb"],
    ),
    (of_a100({"3g.20gb": 1}, mig="disabled"), ["layouts[0] has instances, but mig is disabled"]),
    (of_a100({}, mig="on"), ["value of mig must be one of: enabled, disabled"]),
    ([{"gpus": "all"}], ["layouts[0] asks for MIG on GPU 1 Tesla T4", "which has no MIG"]),
    ([{"gpus": [{"uuid": "GPU-0"}]}], ["layouts[0].gpus", "matches no GPU of this host, which has: 0 NVIDIA A100"]),
    (
        of_a100({"7g.40gb": 1}) + [{"gpus": [{"index": 0}], "mig": "disabled"}],
        ["layouts[1] names GPU 0 NVIDIA A100", "which layouts[0] names too", "name the GPU in only one of the two"],
    ),
    (
        [{"gpus": [{"model": "T4"}]}, {"gpus": [{"index": 7}]}],
        ["2 problems, nothing was changed: (1) layouts[0] asks for MIG on GPU 1", "(2) layouts[1].gpus"],
    ),
]
BAD_OPTIONS = [
    ({}, ["one of the following is required: layouts, mig_parted, from_file"]),
    ({"layouts": [], "from_file": "good.yaml"}, ["layouts|mig_parted"]),
    ({"from_file": "none.yaml"}, ["none.yaml"]),
    ({"from_file": "broken.yaml"}, [NO_FILE, "as YAML", "yamllint FILE"]),
    ({"from_file": "list.yaml"}, ["is not a configuration of nvidia-mig-parted", "begins with 'version: v1'"]),
    ({"from_file": "other.yaml"}, ["The nvidia-mig-parted configuration lacks version"]),
    ({"from_file": "map.yaml"}, ["has no text under data['config.yaml']", "kubectl create configmap"]),
    ({"from_file": "good.yaml"}, ["mig_config (the option config) is not set", "halves, hopper, whole"]),
    ({"from_file": "good.yaml", "config": "thirds"}, ["option config) is 'thirds'", "it has: halves, hopper, whole"]),
    (
        {"from_file": "good.yaml", "config": "hopper"},
        ["mig-configs.hopper matches no GPU of this host, which has 0 NV"],
    ),
    ({"layouts": [], "disruption": "sometimes"}, ["value of disruption must be one of: never, idle, force"]),
]


def put_files(ansible):
    """Where the tasks' play looks for files."""
    folder = ansible.folder.parent / "files"
    folder.mkdir()
    for name, content in FILES.items():
        (folder / name).write_text(content)


BAD = [({"layouts": layouts}, says) for layouts, says in BAD_LAYOUTS] + BAD_OPTIONS


@pytest.mark.parametrize("bad", [BAD[::4], pytest.param(BAD, marks=pytest.mark.deep)], ids=["some", "all"])
def test_bad_input_changes_nothing_and_says_what_to_do(ansible, lab, tools, bad):
    put_files(ansible)
    results = ansible.tasks(HOST, *[layout(**options) for options, _says in bad])
    assert [
        options for (options, _says), result in zip(bad, results) if not result["failed"] or result["changed"]
    ] == []
    unsaid = [[text for text in says if text not in result["msg"]] for (_options, says), result in zip(bad, results)]
    assert [(text, result["msg"]) for text, result in zip(unsaid, results) if text] == []
    assert lab.changes(HOST) == []
    assert lab.on(HOST, "sh", "-c", "ls /etc/edgesite-gpu 2>/dev/null || echo nothing").strip() == "nothing"


@pytest.mark.deep
def test_file_of_mig_parted_is_a_layout(ansible, lab, tools):
    put_files(ansible)
    told, done, again, off = ansible.tasks(
        HOST,
        layout(from_file="good.yaml", config="halves", persist=False, check=True),
        layout(from_file="good.yaml", config="halves", persist=False),
        layout(from_file="good.yaml", config="halves", persist=False),
        layout(from_file="good.yaml", config="whole", persist=False),
    )
    assert told["actions"] == done["actions"] and not again["changed"]
    assert [created["profile"] for created in done["created"]] == ["3g.20gb"] * 2
    assert does(off)[-2:] == ["turn off MIG mode", "forget the earlier MIG mode"] and mode(lab) == (0, 0)


@pytest.mark.deep
def test_vgpu_guest_is_told_to_ask_its_host(ansible, lab, tools):
    lab.sim(HOST, "virtualization", "--gpu", "0", "vgpu")
    asked, idle = ansible.tasks(HOST, layout(of_a100({"7g.40gb": 1})), layout(OFF, persist=False))
    assert asked["failed"] and "which is a vGPU: a guest cannot change it" in asked["msg"]
    assert not idle["failed"] and not idle["changed"]
    assert lab.changes(HOST) == []


def test_other_users_may_look_until_mig_is_on_and_never_change(ansible, lab, tools):
    wanted = of_a100({"3g.20gb": 2})
    results = ansible.tasks(
        HOST,
        layout(wanted, persist=False, become=False, check=True),
        info(become=False),
        layout(wanted, persist=False, become=False),
        layout(wanted, persist=False),
        layout(wanted, persist=False, become=False),
        layout(wanted, persist=False, become=False, check=True),
        info(become=False),
    )
    looked, read, refused, done, *blind = results
    assert looked["changed"] and not looked["failed"] and read["gpus"][0]["mig"] == "disabled"
    assert refused["failed"] and "Changing MIG layouts needs root" in refused["msg"]
    assert does(done) == does(looked) and len(lab.changes(HOST)) == 5
    # The driver lists instances to root only.
    for result in blind:
        assert result["failed"] and result["nvml_status"] == "no_permission" and "become: true" in result["msg"]


# What is done.


def test_check_then_converge_then_nothing(ansible, lab, tools):
    wanted = of_a100([{"profile": "4g.20gb", "compute_instances": {"1c": 2, "2c": 1}}, "2g.10gb", "1g.5gb+me"])
    told, done, idle, idle_check = ansible.tasks(
        HOST, layout(wanted, check=True), layout(wanted), layout(wanted), layout(wanted, check=True)
    )
    assert (told["actions"], told["after"]) == (done["actions"], done["after"])
    assert does(done)[:2] == ["turn on MIG mode", "create GPU instance 4g.20gb on slices 0-3"]
    assert does(done)[-3:] == [f"write {CONFIG}", f"write /etc/systemd/system/{UNIT}", f"enable {UNIT}"]
    # One call for each action of the card; check and idle runs make none.
    assert len(lab.changes(HOST)) == len(done["actions"]) - 3
    assert [(kept["profile"], kept["placement"]["start"]) for kept in idle["kept"]] == [
        ("4g.20gb", 0),
        ("2g.10gb", 4),
        ("1g.5gb+me", 6),
    ]
    assert idle["kept"] == done["created"] and done["kept"] == done["destroyed"] == []
    uuids = [inner["uuid"] for created in done["created"] for inner in created["compute_instances"]]
    assert len(uuids) == 5 and all(uuid.startswith("MIG-") for uuid in uuids)
    for result in (idle, idle_check):
        assert not result["changed"] and result["actions"] == [] and result["before"] == result["after"]


@pytest.mark.deep
def test_what_is_read_brings_a_host_back_to_it(ansible, lab, tools):
    """layouts and mig_parted of mig_layout_info are the layout that is there."""
    first = [{"profile": "3g.20gb", "placement": 4, "compute_instances": {"2c": 1, "1c": 1}}, {"profile": "2g.10gb"}]
    parted = ansible.folder.parent / "site.yaml"
    _done, read, by_layouts, _file, by_file = ansible.tasks(
        HOST,
        layout(of_a100(first), persist=False),
        info(format="mig-parted", config="site"),
        layout("{{ result_1.layouts }}", persist=False),
        {
            "ansible.builtin.copy": {"content": "{{ result_1.mig_parted | to_nice_yaml }}", "dest": str(parted)},
            "delegate_to": "localhost",
            "become": False,
        },
        layout(from_file=str(parted), persist=False),
    )
    assert len(lab.changes(HOST)) == 6
    card, other = read["gpus"]
    assert [one["profile"] for one in card["instances"]] == ["2g.10gb", "3g.20gb"]
    assert {p["name"]: p["free_starts"] for p in card["profiles"]}["1g.5gb"] == [
        start for start in range(4) if start not in range(*_span(card["instances"][0]))
    ]
    assert (other["mig"], other["profiles"], other["instances"]) == (None, [], [])
    for fed_back in (by_layouts, by_file):
        assert not fed_back["failed"] and not fed_back["changed"], fed_back
        assert len(fed_back["kept"]) == 2


def _span(held):
    return held["placement"]["start"], held["placement"]["start"] + held["placement"]["size"]


@pytest.mark.deep
def test_host_without_host_tools_is_served_but_for_its_boots(ansible, lab):
    wanted = of_a100({"7g.40gb": 1})
    read, told, refused, calls, done = ansible.tasks(
        HOST,
        info(),
        layout(wanted, check=True),
        layout(wanted),
        on_host("nvmlsim calls"),
        layout(wanted, persist=False),
    )
    assert does(told)[-1] == f"enable {UNIT}"
    assert [gpu["needs_reset"] for gpu in read["gpus"]] == [True, False]
    assert refused["failed"] and "Run edgesite.gpu.host_tools first" in refused["msg"] and calls["stdout"] == ""
    assert done["changed"] and instances(lab) == [("7g.40gb", 0, ["7g.40gb"])]
    assert lab.on(HOST, "sh", "-c", f"ls {TOOLS} 2>/dev/null || echo nothing").strip() == "nothing"


# What is in use.


def test_instances_in_use_stay_and_what_they_forbid_is_told(ansible, lab, tools):
    made, pid, _forget, fragmented, without, off, never, beside, idle = ansible.tasks(
        HOST,
        has([{"profile": "2g.10gb", "placement": 2}, "3g.20gb"]),
        client(4, "llama-server"),
        FORGET,
        has({"4g.20gb": 1, "2g.10gb": 1}),
        has({"7g.40gb": 1}),
        layout(OFF, persist=False),
        layout(of_a100({"2g.10gb": 2, "1g.5gb": 1}), persist=False, disruption="never"),
        layout(of_a100({"2g.10gb": 1, "3g.20gb": 1, "1g.5gb": 2}), persist=False, disruption="never", check=True),
        layout(of_a100({"2g.10gb": 3}), persist=False, check=True),
    )
    pid = int(pid["stdout"])
    who = f"2g.10gb on slices 2-3 is in use by llama-server (pid {pid})"
    assert (
        f"the free space is fragmented): {who}" in fragmented["msg"]
        and "Nearest layouts that fit now:" in fragmented["msg"]
    )
    assert f"the layout has no place for 2g.10gb): {who}" in without["msg"]
    assert "turn MIG off on GPU 0 NVIDIA A100-SXM4-40GB" in off["msg"] and "disruption: force" in off["msg"]
    assert f"which is in use by llama-server (pid {pid})" in off["msg"]
    assert "without destroying instances, which disruption: never forbids" in never["msg"]
    for refused in (fragmented, without, off):
        assert [(holder["pid"], holder["name"]) for holder in refused["holders"]] == [(pid, "llama-server")]
    assert all(result["failed"] and not result["changed"] for result in (fragmented, without, off, never))
    assert [kept["profile"] for kept in beside["kept"]] == ["2g.10gb", "3g.20gb"] and beside["destroyed"] == []
    assert [kept["processes"] for kept in idle["kept"]] == [[{"pid": pid, "name": "llama-server"}]]
    assert lab.changes(HOST) == []
    assert instances(lab) == [("2g.10gb", 2, ["2g.10gb"]), ("3g.20gb", 4, ["3g.20gb"])] and made["changed"]


def test_force_ends_what_is_in_the_way_and_no_more(ansible, lab, tools):
    _made, first, second, done, shown = ansible.tasks(
        HOST,
        has({"3g.20gb": 2}),
        client(1, "in-the-way"),
        client(2, "beside-it"),
        layout(of_a100({"3g.20gb": 1, "4g.20gb": 1}), persist=False, disruption="force"),
        SHOW,
    )
    found = json.loads(shown["stdout"])
    assert held(found["gpus"][0]) == [("3g.20gb", 4, ["3g.20gb"]), ("4g.20gb", 0, ["4g.20gb"])]
    # The 4g fits at 0 only: who is there ends, and the 3g at 4 stays with its process.
    ended = [action["pid"] for action in done["actions"] if action["kind"] == "end_process"]
    assert ended == [int(first["stdout"])]
    assert [process["pid"] for process in found["processes"]] == [int(second["stdout"])]


# What goes wrong.

FAULTS = [
    ("nvmlComputeInstanceDestroy", "IN_USE"),
    ("nvmlGpuInstanceDestroy", "IN_USE"),
    ("nvmlDeviceCreateGpuInstanceWithPlacement", "INSUFFICIENT_RESOURCES"),
    ("nvmlGpuInstanceCreateComputeInstance", "UNKNOWN"),
]


def test_failure_at_any_step_is_taken_back_to_the_same_places(ansible, lab, tools):
    wanted, steps = {"3g.20gb": 1, "2g.10gb": 2}, []
    for function, error in FAULTS:
        steps += [on_host(f"nvmlsim fail {function} --error {error}"), has(wanted), SHOW]
    _made, pid, *results, done = ansible.tasks(
        HOST,
        has([{"profile": "3g.20gb", "placement": 4}, {"profile": "1g.5gb", "placement": 1}]),
        client(2, "llama-server"),
        *steps,
        has(wanted),
    )
    for (function, _error), failed, shown in zip(FAULTS, results[1::3], results[2::3]):
        assert failed["failed"] and failed["undone"] and not failed["changed"], function
        assert "Nothing was changed" in failed["msg"] or "the host is as it was" in failed["msg"]
        found = json.loads(shown["stdout"])
        assert held(found["gpus"][0]) == [("1g.5gb", 1, ["1g.5gb"]), ("3g.20gb", 4, ["3g.20gb"])], function
        assert [process["pid"] for process in found["processes"]] == [int(pid["stdout"])]
    assert "(NVML 19, in_use): by something that NVML does not list" in results[1]["msg"]
    assert "destroy GPU instance 1g.5gb on slice 1 of GPU 0" in results[4]["msg"]
    assert done["changed"] and [kept["profile"] for kept in done["kept"]] == ["3g.20gb"]


@pytest.mark.deep
def test_process_that_comes_after_the_plan_is_named_and_everything_is_taken_back(ansible, lab, monitor):
    # The client comes when the plan is made and its first step is done: monitor is stopped.
    late = "nvmlsim run-process --gpu 0 --gi 2 --name late-comer"
    monitor(f"ExecStopPost=-/usr/bin/systemd-run --collect --unit=late -p Type=forking {late}")
    _stop, _made, _start, result, shown, active = ansible.tasks(
        HOST,
        on_host("systemctl stop monitor"),
        has({"3g.20gb": 2}),
        on_host("systemctl start monitor"),
        layout(OFF, persist=False, quiesce=["monitor.service"]),
        SHOW,
        on_host("systemctl is-active monitor"),
    )
    found = json.loads(shown["stdout"])
    (late,) = (process["pid"] for process in found["processes"])
    assert result["failed"] and result["undone"] and "the host is as it was" in result["msg"]
    assert f"(NVML 19, in_use): late-comer (pid {late})" in result["msg"]
    assert [(holder["pid"], holder["gpu_instance_id"]) for holder in result["holders"]] == [(late, 2)]
    assert held(found["gpus"][0]) == [("3g.20gb", 0, ["3g.20gb"]), ("3g.20gb", 4, ["3g.20gb"])]
    assert mode(lab) == (1, 1) and active["stdout"] == "active"


@pytest.mark.deep
def test_card_that_a_program_holds_open_gets_its_mode_once_the_program_stands_still(ansible, lab, monitor):
    monitor()
    pid = int(lab.on(HOST, "systemctl", "show", "-P", "MainPID", "monitor"))
    wanted = of_a100({"7g.40gb": 1})
    refused, still, done, idle = ansible.tasks(
        HOST,
        layout(wanted, persist=False),
        SHOW,
        layout(wanted, persist=False, quiesce=["monitor.service", "dcgm.service"]),
        layout(wanted, persist=False, quiesce=["monitor.service"]),
    )
    assert refused["failed"] and refused["undone"] and f"in_use): sleep (pid {pid})" in refused["msg"]
    assert "list services that only monitor the card in mig_quiesce" in refused["msg"]
    mig = json.loads(still["stdout"])["gpus"][0]["mig"]
    assert (mig["current"], mig["pending"]) == (0, 0)
    assert [does(done)[0], does(done)[-1]] == ["stop monitor.service", "start monitor.service"]
    assert mode(lab) == (1, 1) and not idle["changed"]
    assert lab.on(HOST, "systemctl", "is-active", "monitor").strip() == "active"


@pytest.mark.deep
def test_unit_that_a_killed_run_left_stopped_is_started_by_the_next(ansible, lab, monitor):
    monitor()
    active = on_host("systemctl is-active monitor; true")
    on, quiesce = [{"gpus": A100}], ["monitor.service"]
    # The module and its process for NVML at once, when the unit stands still and the call hangs.
    gone = "while systemctl -q is-active monitor; do sleep 0.1; done; sleep 1; pkill -9 -x python3"
    killer = f"systemd-run --quiet --collect sh -c '{gone}'"
    round_of = {}
    for moment in ("--before", "--after"):
        round_of[moment] = [
            on_host(f"nvmlsim fail nvmlDeviceSetMigMode --hang {moment}; {killer}"),
            layout(on, persist=False, quiesce=quiesce),
            active,
            # The next run need not know of the unit, and may find the mode there already.
            layout(on, persist=False),
            active,
            layout(OFF, persist=False, quiesce=quiesce),
        ]
    results = ansible.tasks(HOST, *round_of["--before"], *round_of["--after"])
    for _order, killed, stopped, _next, started, off in (results[:6], results[6:]):
        assert killed["failed"] and stopped["stdout"] == "inactive"
        assert started["stdout"] == "active" and off["changed"]
    assert does(results[3]) == ["turn on MIG mode", "start monitor.service"]
    assert does(results[9]) == ["start monitor.service"]


@pytest.mark.deep
def test_full_disk_takes_the_layout_back(ansible, lab, tools):
    full = "mount -t tmpfs -o size=4k none /etc/edgesite-gpu; head -c 4096 /dev/zero > /etc/edgesite-gpu/filler; true"
    _made, _full, result, _free = ansible.tasks(
        HOST,
        has({"1g.5gb": 1}),
        on_host(f"mkdir /etc/edgesite-gpu; {full}"),
        layout(of_a100({"3g.20gb": 2})),
        on_host("umount /etc/edgesite-gpu"),
    )
    assert result["failed"] and result["undone"]
    assert "No space left on device" in result["msg"] and "free disk space" in result["msg"]
    assert [profile for profile, _start, _compute in instances(lab)] == ["1g.5gb"]


# At boot.


@pytest.mark.deep
def test_mode_that_needs_a_reset_can_be_left_to_the_boot(ansible, lab, tools):
    wanted = of_a100({"3g.20gb": 1, "2g.10gb": 1})
    left, idle, too_large = ansible.tasks(
        HOST,
        layout(wanted, reset="never"),
        layout(wanted, reset="never"),
        layout(of_a100({"3g.20gb": 3}), reset="never"),
    )
    assert [action["kind"] for action in left["actions"]] == ["boot_unit"] * 3
    assert len(left["reset_required"]) == 1 and left["reboot_required"]
    assert not idle["changed"] and idle["reboot_required"]
    assert too_large["failed"], "what could not be made at boot is told now"
    assert lab.changes(HOST) == []
    lab.reboot(HOST)
    assert mode(lab) == (1, 1) and [one[0] for one in instances(lab)] == ["2g.10gb", "3g.20gb"]
    (after,) = ansible.tasks(HOST, layout(wanted, reset="never"))
    assert not after["changed"] and after["reset_required"] == [] and not after["reboot_required"]


@pytest.mark.deep
def test_guest_with_the_whole_card_waits_for_its_reboot(ansible, lab, tools):
    lab.sim(HOST, "virtualization", "--gpu", "0", "passthrough")
    waiting, still, back = ansible.tasks(
        HOST,
        layout([{"gpus": A100}], persist=False),
        layout([{"gpus": A100}], persist=False),
        layout(OFF, persist=False),
    )
    assert does(waiting) == ["turn on MIG mode"] and waiting["reboot_required"]
    assert not still["changed"] and still["reboot_required"] and len(still["reset_required"]) == 1
    assert does(back) == ["turn off MIG mode", "forget the earlier MIG mode"] and mode(lab) == (0, 0)


def test_hopper_loses_everything_at_reboot_and_gets_it_again_until_it_is_taken_away(ansible, lab):
    wanted = [{"gpus": "all", "instances": {"3g.40gb": 1, "1g.10gb+me": 1}}]
    _tools, done = ansible.tasks(HOPPER, {"edgesite.gpu.host_tools": {}}, layout(wanted))
    assert "stop" not in str(does(done))
    before = instances(lab, HOPPER)
    lab.reboot(HOPPER)
    assert instances(lab, HOPPER) == before
    again, gone = ansible.tasks(HOPPER, layout(wanted), layout([]))
    assert not again["changed"]
    assert does(gone) == [f"disable {UNIT}", f"remove {CONFIG}", f"remove /etc/systemd/system/{UNIT}"]


def test_boot_unit_that_cannot_work_fails_and_says_why(ansible, lab, tools):
    done, _lost, _restart, partly, damaged, journal, gone = ansible.tasks(
        HOST,
        layout([*of_a100({"7g.40gb": 1}), {"gpus": [{"model": "T4"}], "mig": "disabled"}]),
        on_host("nvmlsim init --fleet /usr/lib/edgelab/fleet; nvmlsim lose --gpu 1"),
        on_host(f"systemctl restart {UNIT}"),
        on_host("systemctl --failed --plain; nvmlsim show"),
        on_host(f"echo '{{' > {CONFIG}; systemctl restart {UNIT}; systemctl --failed --plain"),
        on_host(f"journalctl -u {UNIT}"),
        on_host("nvmlsim driver unloaded"),
    )
    assert done["changed"]
    assert UNIT in partly["stdout"] and "7g.40gb" in partly["stdout"]
    assert UNIT in damaged["stdout"]
    assert f"{CONFIG} is missing, empty or damaged. Run the playbook edgesite.gpu.site" in journal["stdout"]
    assert "GPU 1: The GPU has fallen off the bus" in journal["stdout"]
    assert gone["rc"] == 0
    (removed,) = ansible.tasks(HOST, layout([]))
    assert [action["kind"] for action in removed["actions"]] == ["boot_unit"] * 3
