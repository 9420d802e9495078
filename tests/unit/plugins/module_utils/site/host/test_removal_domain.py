# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""remove on a host in memory that has every layer: what goes, what stays, and what interrupts it at every step."""

from __future__ import annotations

import contextlib
import copy

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common import footprint
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import units
from ansible_collections.edgesite.gpu.plugins.module_utils.driver import files as driver_files
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host import changed
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson import jetpack_actions
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson.host import footprint as jetson_footprint
from ansible_collections.edgesite.gpu.plugins.module_utils.site import removal
from ansible_collections.edgesite.gpu.plugins.module_utils.site.host.removal_domain import LAYERS
from ansible_collections.edgesite.gpu.plugins.module_utils.site.layers import LAYERS as SITE_LAYERS
from ansible_collections.edgesite.gpu.plugins.module_utils.tls import files as tls_files
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.fake_host import FAIL, WAYS, Killed
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.site.host.removal_host import (
    DRIVER,
    IDENTITY,
    NOTE_OF_CHANGES,
    PROXY,
    TLS,
    RemovalHost,
)


@pytest.fixture(params=["apt", "dnf"])
def host(request, monkeypatch):
    return RemovalHost(request.param).patch(monkeypatch).converge()


def does(result):
    assert not result.get("failed"), result
    return [action["does"] for action in result["actions"]]


def named(result):
    return [entry["what"] for entry in result["kept"]]


def paths(host):
    return {path for path in host._there() if not path.startswith("/run/")}


def test_every_layer_of_the_site_says_what_it_has_put_on_a_host():
    assert set(LAYERS) == {layer.name for layer in SITE_LAYERS}


def test_a_host_is_as_before_but_for_what_is_named(host):
    bare = RemovalHost(host.manager)
    told = host.remove()
    assert {path for path in paths(host) - paths(bare) if not path.startswith(tuple(named(told)))} == {
        "/etc/crypttab"
    }, "the volumes say that their lines stay"
    assert any("/etc/crypttab" in entry["why"] for entry in told["kept"])
    assert paths(bare) <= paths(host)
    assert host.packages == bare.packages and host.held == bare.held
    assert host.tools is None and host.units == {**dict.fromkeys(host.units, False), "nginx.service": True, **DCGM}
    left = {"/etc/edgesite-gpu", "/etc/systemd/system/nvidia-persistenced.service.d", TLS}
    assert not left & (host.folders - {"/etc/edgesite-gpu"})


# What an earlier run left stopped runs again.
DCGM = {"dcgm.service": True}


def test_second_run_is_idle_and_tells_the_same(host):
    first = host.remove()
    second = host.remove()
    assert does(second) == [] and not second["changed"] and second["before"] == second["after"]
    assert second["in_force"] == first["in_force"] and second["reboot_required"]
    # an imported key of rpm is told of by the file that goes
    assert set(named(second)) == {what for what in named(first) if "rpm" not in what}


def test_check_mode_changes_nothing_and_foresees_all(host):
    before = copy.deepcopy(host.state())
    told = host.remove(check=True)
    assert host.state() == before and host.steps == []
    done = host.remove()
    assert does(told) == does(done) and told["kept"] == done["kept"] and told["in_force"] == done["in_force"]
    assert told["after"] == done["after"]


def test_order_is_units_then_files_then_host_tools(host):
    lines = does(host.remove())
    stops = [number for number, line in enumerate(lines) if line.startswith("stop ")]
    removals = [number for number, line in enumerate(lines) if line.startswith("remove /")]
    assert lines[0] == "note what stays in force" and lines[-1].startswith("remove the host tools")
    assert len(stops) == 4 and max(stops) < min(removals)
    start_links = [lines.index("remove " + path) for path in map(footprint.start_link, [PROXY])]
    assert max(start_links) < lines.index("remove " + tls_files.PROXY_TEMPLATE)


def test_what_stays_in_force_is_said_until_a_reboot(host):
    told = host.remove()
    values = {entry["what"]: entry["value"] for entry in told["in_force"]}
    assert values["power_limit of GPU-1"] == "300 W" and values["gpu_clocks of GPU-1"] == "900-900 MHz"
    assert values["MIG instances of all GPUs"] == '{"1g.5gb": 7}' and values["MIG of all GPUs"] == "on"
    assert values["persistence mode of all GPUs"] == "on" and {"nginx.service", "mosquitto.service"} <= set(values)
    for path in [path for path in host.files if path.startswith("/run/")]:
        del host.files[path]
    rebooted = host.remove()
    assert rebooted["in_force"] == [] and not rebooted["reboot_required"] and not rebooted["changed"]


def test_what_was_set_anew_since_counts_more_than_the_note(host):
    host.remove()
    host.put(changed.SETTINGS, NOTE_OF_CHANGES.replace("300000", "250000"))
    told = host.remove()
    assert [one["value"] for one in told["in_force"] if one["what"].startswith("power_limit")] == ["250 W"]


def test_holds_of_others_stay(host):
    host.held |= {"gone-since"}
    host.remove()
    assert host.held == {"bash", "nvidia-kernel-dkms", "gone-since"}, (
        "a package that is not there was not held by a run"
    )


def test_hold_that_somebody_let_go_of_is_not_let_go_again(host):
    host.held -= set(DRIVER)
    lines = does(host.remove())
    assert not any("libcuda1" in line for line in lines)
    assert "remove " + driver_files.HOLDS in lines and host.files[driver_files.HOLDS] is None


def test_files_of_others_in_the_place_of_ours_stay_and_are_named(host):
    unit, dropin = (
        "/etc/systemd/system/edgesite-gpu-mig.service",
        "/etc/systemd/system/mosquitto.service.d/" + (tls_files.DROPIN),
    )
    for path in (unit, dropin):
        host.put(path, "[Service]\n# somebody's\n")
    told = host.remove()
    assert {unit, dropin} <= set(named(told)) and {unit, dropin} <= paths(host)
    assert host.units["edgesite-gpu-mig.service"] and host.links[footprint.start_link("edgesite-gpu-mig.service")]
    assert "/etc/systemd/system/mosquitto.service.d" in host.folders
    assert does(host.remove()) == []


def test_file_of_ours_that_somebody_changed_goes_and_is_shown(host):
    path = driver_files.PERSISTENCED_DROP_IN
    host.files[path] += "Nice=3\n"
    told = host.remove()
    assert path not in paths(host) and told["before"]["files"][path].endswith("Nice=3\n")


def test_what_nobody_knows_stays_in_the_folder_and_is_named(host):
    host.put("/etc/edgesite-gpu/notes.txt", "mine")
    told = host.remove()
    assert "/etc/edgesite-gpu/notes.txt" in named(told) and "/etc/edgesite-gpu/notes.txt" in paths(host)


def test_folder_goes_where_nothing_stays_in_it(host):
    host.files[IDENTITY + "/a/key.pem"] = None
    host.folders = {path for path in host.folders if not path.startswith(IDENTITY)}
    told = host.remove()
    assert "/etc/edgesite-gpu" not in host.folders and IDENTITY not in named(told)


@pytest.mark.parametrize(
    "layers, kept, gone",
    [
        (["mig"], "settings", "mig"),
        (["gpu"], "mig", "settings"),
    ],
)
def test_one_layer_goes_alone_and_host_tools_stay_for_the_other(host, layers, kept, gone):
    told = host.remove(layers=layers)
    there = paths(host)
    assert f"/etc/edgesite-gpu/{kept}.json" in there and f"/etc/edgesite-gpu/{gone}.json" not in there
    assert host.tools and "/usr/local/lib/edgesite-gpu" in named(told)
    assert f"/etc/edgesite-gpu/{kept}.json" in named(told)
    host.remove(layers=["mig", "gpu"])
    assert host.tools is None


def test_layer_without_host_tools_leaves_them(host):
    host.remove(layers=["tls"])
    assert host.tools and TLS not in host.folders and driver_files.HOLDS in paths(host)
    assert host.units["edgesite-gpu-mig.service"]


def test_jetson_keeps_what_is_nvidias(host, monkeypatch):
    monkeypatch.setattr(jetson_footprint.jetson, "soc", lambda: "tegra234")
    host.put("/var/lib/nvpmodel/status", "pmode:0002 fmode:quiet")
    host.put("/etc/nvpmodel.conf", "< POWER_MODEL ID=2 NAME=MODE_30W >\n< PM_CONFIG DEFAULT=2 >\n")
    host.put("/etc/docker/daemon.json", '{"runtimes": {"nvidia": {"path": "nvidia-container-runtime"}}}')
    told = host.remove()
    assert {"packages of L4T and JetPack", "/etc/docker/daemon.json"} <= set(named(told))
    assert {"power mode": "2 (MODE_30W)"}.items() <= {one["what"]: one["value"] for one in told["in_force"]}.items()
    assert host.files[jetpack_actions.HOLDS] is None and "nvidia-l4t-core" not in host.held


def test_record_of_stopped_units_goes_and_ours_are_not_started(host):
    lines = does(host.remove())
    assert "start dcgm.service, which an earlier run left stopped" in lines
    assert host.files[units.RECORD] is None and not host.units["edgesite-gpu-settings.service"]


def test_holds_that_cannot_be_seen_are_not_forgotten(monkeypatch):
    host = RemovalHost("apt").patch(monkeypatch).converge()
    monkeypatch.setattr(RemovalHost, "_dpkg_query", lambda self, words: False)
    before = copy.deepcopy(host.state())
    told = host.remove(layers=["jetpack"])
    assert told["failed"] and "which packages are held" in told["msg"] and host.state() == before


def test_other_users_are_told(host, monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    told = host.remove(check=True)
    assert told["failed"] and "Set become: true" in told["msg"]


# --- interruptions


@pytest.mark.parametrize("manager", ["apt", "dnf"])
def test_whatever_interrupts_a_removal_the_next_one_ends_as_wanted(manager, monkeypatch):
    host = RemovalHost(manager).patch(monkeypatch).converge()
    first = host.remove()
    goal, steps = host.state(), list(host.steps)
    points = 0
    for number in range(len(steps)):
        for way in WAYS:
            host = RemovalHost(manager).patch(monkeypatch).converge()
            host.interrupted(number, way)
            where = f"{way} at step {number}, {steps[number]}"
            with contextlib.suppress(Killed):
                host.remove()
            host.undisturbed()
            last = host.remove()
            assert not last.get("failed"), (where, last)
            assert host.state() == goal, where
            assert last["in_force"] == first["in_force"], where
            assert does(host.remove()) == [], where
            points += 1
    print(f"{points} points recovered: {manager}")
    assert points == len(steps) * len(WAYS) >= 6 * 30


@pytest.mark.parametrize("manager", ["apt", "dnf"])
def test_a_step_that_fails_leaves_the_host_as_it_was(manager, monkeypatch):
    host = RemovalHost(manager).patch(monkeypatch).converge()
    host.remove()
    steps = list(host.steps)
    # The host tools go last, when all else is gone for good.
    for number in range(len(steps) - 1):
        host = RemovalHost(manager).patch(monkeypatch).converge()
        before = copy.deepcopy(host.state())
        host.interrupted(number, FAIL)
        told = host.remove()
        assert told["failed"] and told["undone"] and not told["changed"], (steps[number], told)
        assert host.state() == before, steps[number]


def test_note_of_what_is_in_force_that_is_damaged_says_nothing(host):
    for text in (
        "",
        "[]",
        "{",
        "{}",
        '{"in_force": {"gpu": [{"what": 1}]}}',
        '{"in_force": {"gpu": 7}, "folders": []}',
    ):
        assert removal.read_note(text) == ({}, ())
