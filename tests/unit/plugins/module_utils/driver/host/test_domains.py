# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nvidia_driver on a host in memory: from nothing to a driver, up, down and away from it, with whatever goes wrong."""

from __future__ import annotations

import contextlib
import copy

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import owned_files
from ansible_collections.edgesite.gpu.plugins.module_utils.driver import files
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.driver.cases import FINGERPRINT, KEY, mirror
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.driver.host.driver_host import DriverHost
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.fake_host import BEFORE, FAIL, WAYS, Killed


@pytest.fixture(params=["apt", "dnf"])
def host(request, monkeypatch):
    return DriverHost(request.param).patch(monkeypatch)


def does(result):
    assert not result.get("failed"), result
    return [action["does"] for action in result["actions"]]


def interrupting(result):
    """What interrupts something, by its first word."""
    told = [(action["does"].split()[0], action["disruption"]) for action in result["actions"]]
    return [one for one in told if one[1] != "none"]


def test_driver_is_installed_loaded_held_and_served(host):
    first = host.converge(branch="535")
    assert first["changed"] and first["verdict"] == "ok" and first["version"] == "535.261.03"
    assert host.loaded_version == "535.261.03" and host.units["nvidia-persistenced.service"]
    assert set(host.files[files.HOLDS].split()) == host.held > {host.library_package}
    (loaded,) = [action for action in first["actions"] if "without a reboot" in action["does"]]
    assert loaded["version"] == "535.261.03"
    (held,) = [action for action in first["actions"] if action["does"].startswith("hold")]
    assert set(held["packages"]) == host.held
    second = host.converge(branch="535")
    assert does(second) == [] and not second["changed"] and second["before"] == second["after"]


def test_check_mode_changes_nothing_and_says_what_would_be(host):
    before = copy.deepcopy(host.state())
    told = host.converge(check=True, branch="535")
    assert host.state() == before and host.steps == []
    assert any(line.startswith("install driver branch 535") for line in does(told))
    assert told["after"]["version"] == "535.*"
    done = host.converge(branch="535")
    assert does(done) == does(told)


@pytest.mark.parametrize("there, wanted, word", [("535", "550", "upgrade"), ("550", "535", "downgrade")])
def test_driver_goes_up_and_down(host, there, wanted, word):
    host.converge(branch=there)
    lines = does(host.converge(branch=wanted))
    assert any(line.startswith(word + " the driver from " + there) for line in lines)
    assert host.loaded_version.startswith(wanted)
    assert host.version_of(host.library_package).startswith(wanted)
    assert does(host.converge(branch=wanted)) == []


def test_driver_in_use_waits_for_a_reboot(host):
    host.converge(branch="535")
    host.busy = ("python",)
    refused = host.converge(branch="550")
    assert refused["failed"] and "is in use: python (pid 7)" in refused["msg"]
    told = host.converge(branch="550", allow_reboot=True)
    assert told["reboot_required"] and told["msg"] and host.loaded_version == "535.261.03"
    host.boot()
    host.busy = ()
    after = host.converge(branch="550")
    assert not after["reboot_required"] and after["version"] == "550.163.01"
    assert host.units["nvidia-persistenced.service"]


def test_module_that_cannot_be_unloaded_waits_for_a_reboot(host):
    host.converge(branch="535")
    host.undisturbed()
    host.converge(branch="550")
    number = host.steps.index("modprobe --remove")
    host = DriverHost(host.manager).patch(pytest.MonkeyPatch())
    host.converge(branch="535")
    host.interrupted(number, FAIL)
    told = host.converge(branch="550")
    assert told["reboot_required"] and not told.get("failed"), told
    assert any("which the host did not allow" in line for line in does(told))
    assert host.units["nvidia-persistenced.service"], "services run again, whichever module is loaded"


def test_key_that_was_exchanged_on_the_host_is_replaced(host):
    host.converge(branch="535")
    path = files.APT_KEY if host.manager == "apt" else files.DNF_KEY
    host.files[path] = "somebody's key"
    (line,) = does(host.converge(branch="535"))
    assert line.startswith("trust the mirror's key") and host.files[path] == KEY.decode()


def test_nvidias_key_is_got_compared_and_put_in_the_place_of_the_mirrors(monkeypatch):
    host = DriverHost("apt").patch(monkeypatch)
    nvidia = {"branch": "535", "source": "nvidia", "mirror": None, "nvidia_key_fingerprint": FINGERPRINT}
    host.offered["nvidia-driver-cuda"] = ["535.261.03-1"]
    host.library_package = "nvidia-driver-cuda"
    host.files[files.APT_KEY] = "the mirror's key"
    does(host.converge(**nvidia))
    assert host.files[files.APT_KEY] == KEY.decode()
    assert does(host.converge(**nvidia)) == []


@pytest.mark.parametrize(
    "key, words", [(b"<html>", "is not a key"), (KEY, "holds {0}, but only the pinned key".format(FINGERPRINT))]
)
def test_another_key_than_the_pinned_one_changes_nothing(key, words, monkeypatch):
    host = DriverHost("apt").patch(monkeypatch)
    host.key = key
    before = copy.deepcopy(host.state())
    told = host.converge(branch="535", source="nvidia", mirror=None, nvidia_key_fingerprint="A" * 40)
    assert told["failed"] and words in told["msg"] and "Nothing was changed" in told["msg"]
    assert host.state() == before


def test_fabric_manager_that_is_stopped_is_started_before_the_driver_is_judged(monkeypatch):
    host = DriverHost("apt").patch(monkeypatch)
    nvswitch = {"branch": "535", "mirror": mirror(layout="nvidia")}
    for name in ("nvidia-driver-cuda", "nvidia-fabricmanager-535"):
        host.offered[name] = ["535.261.03-1"]
    host.library_package, host.nvswitch = "nvidia-driver-cuda", True
    does(host.converge(**nvswitch))
    assert host.units["nvidia-fabricmanager.service"]
    host.units["nvidia-fabricmanager.service"] = False
    assert host.info()["verdict"] == "broken"
    assert does(host.converge(**nvswitch)) == ["start nvidia-fabricmanager.service"]


def test_packages_are_held_again_also_where_the_old_ones_cannot_be_had(host, monkeypatch):
    host.converge(branch="535")
    held = set(host.held)
    probe = prepared(host.manager, "535", monkeypatch)
    probe.converge(branch="550")
    host.patch(monkeypatch)
    host.interrupted(probe.steps.index("install packages"), FAIL)
    install = DriverHost.install

    def gone(self, wanted, remove=()):
        """The mirror no longer has the old packages."""
        return install(self, wanted, remove) and "535" not in str(wanted)

    monkeypatch.setattr(DriverHost, "install", gone)
    assert host.converge(branch="550")["failed"] and host.held == held


def test_key_of_a_mirror_with_line_ends_of_windows_is_written_once(tmp_path):
    path = str(tmp_path / "key.asc")
    owned_files.write_text(path, "a key\r\nof two lines\r\n")
    assert owned_files.read_text(path) == "a key\r\nof two lines\r\n"


def test_what_needs_the_driver_does_not_go_with_it(host, monkeypatch):
    host.converge(branch="535")
    host.needs = "ffmpeg-nvenc"
    before = copy.deepcopy(host.state())
    told = host.remove()
    assert told["failed"] and "that need it: ffmpeg-nvenc" in told["msg"]
    assert host.state() == before


def test_service_that_does_not_start_is_told(host):
    host.converge(branch="535")
    host.units["nvidia-persistenced.service"] = False
    host.interrupted(0, FAIL)
    told = host.converge(branch="535")
    assert told["failed"] and "journalctl -u nvidia-persistenced.service" in told["msg"], told


def test_services_and_holds_go_where_they_are_not_wanted(host):
    host.converge(branch="535")
    host.converge(branch="535", persistenced=False, hold=False)
    assert host.masked == {"nvidia-persistenced.service"} and not host.units["nvidia-persistenced.service"]
    assert host.held == set() and host.files[files.HOLDS] is None
    assert does(host.converge(branch="535", persistenced=False, hold=False)) == []
    host.converge(branch="535")
    assert host.masked == set() and host.held and host.units["nvidia-persistenced.service"]


def test_driver_is_removed_with_everything_that_was_kept_for_it(host):
    host.converge(branch="535")
    told = host.remove(check=True)
    assert told["changed"] and host.packages
    assert interrupting(told) == [("unload", "reset")]
    lines = does(host.remove())
    assert lines == does(told)
    there = {path for path, text in host.files.items() if text is not None}
    assert there <= {files.DNF_STREAM} and not any(host.links.values())
    assert not set(host.packages) & set(host.offered) and host.held == set() and host.loaded_version is None
    assert does(host.remove()) == []


def test_check_mode_tells_of_a_start_once(host):
    host.converge(branch="535")
    host.units["nvidia-persistenced.service"] = False
    told = does(host.converge(check=True, branch="535"))
    assert told == does(host.converge(branch="535")) == ["start nvidia-persistenced.service"]


def test_driver_in_use_is_not_removed_without_leave(host):
    host.converge(branch="535")
    host.busy = ("python",)
    before = copy.deepcopy(host.state())
    refused = host.remove()
    assert refused["failed"] and "is in use: python" in refused["msg"] and host.state() == before
    told = host.remove(allow_reboot=True)
    assert interrupting(told) == [("remove", "reset")]
    assert told["reboot_required"] and not set(host.packages) & set(host.offered)


# --- interruptions

WAYS_THERE = [(None, "535"), (None, "550"), ("535", "550"), ("550", "535")]


def prepared(manager, there, monkeypatch):
    host = DriverHost(manager).patch(monkeypatch)
    if there:
        host.converge(branch=there)
    host.undisturbed()
    return host


@pytest.mark.parametrize("manager", ["apt", "dnf"])
@pytest.mark.parametrize("there, wanted", WAYS_THERE)
def test_whatever_interrupts_a_run_the_next_one_ends_as_wanted(manager, there, wanted, monkeypatch):
    host = prepared(manager, there, monkeypatch)
    host.converge(branch=wanted)
    goal, steps = host.state(), list(host.steps)
    points = 0
    for number in range(len(steps)):
        for way in WAYS:
            host = prepared(manager, there, monkeypatch)
            worked = host.info()["verdict"] == "ok"
            host.interrupted(number, way)
            where = f"{way} at step {number}, {steps[number]}"
            try:
                result = host.converge(branch=wanted)
            except Killed:
                result = None
            host.undisturbed()
            lost = worked and host.info()["verdict"] == "broken"
            if result is not None and lost:
                assert result["failed"] and "The driver's state is now" in result["msg"], (where, result)
            last = host.converge(branch=wanted)
            if last.get("reboot_required"):
                host.boot()
                last = host.converge(branch=wanted)
            assert not last.get("failed"), (where, last)
            assert host.state() == goal, where
            points += 1
    print(f"{points} points recovered: {manager}, {there} to {wanted}")
    assert points == len(steps) * len(WAYS) >= 4 * 10


@pytest.mark.parametrize("manager", ["apt", "dnf"])
def test_whatever_interrupts_a_removal_the_next_one_ends_as_wanted(manager, monkeypatch):
    host = prepared(manager, "535", monkeypatch)
    host.remove()
    goal, steps = host.state(), list(host.steps)
    points = 0
    for number in range(len(steps)):
        for way in WAYS:
            host = prepared(manager, "535", monkeypatch)
            host.interrupted(number, way)
            where = f"{way} at step {number}, {steps[number]}"
            with contextlib.suppress(Killed):
                host.remove()
            host.undisturbed()
            last = host.remove()
            assert not last.get("failed"), (where, last)
            if last["reboot_required"]:
                host.boot()
            assert host.state() == goal, where
            points += 1
    print(f"{points} points recovered: {manager}, removal of 535")
    assert points == len(steps) * len(WAYS) >= 4 * 8


def test_failure_of_an_upgrade_leaves_the_driver_that_was_there(host, monkeypatch):
    """Where nothing was killed, everything is taken back at once."""
    host.converge(branch="535")
    before = copy.deepcopy(host.state())
    host.undisturbed()
    probe = prepared(host.manager, "535", monkeypatch)
    probe.converge(branch="550")
    number = probe.steps.index("install packages")
    host.patch(monkeypatch)
    host.interrupted(number, FAIL)
    told = host.converge(branch="550")
    assert told["failed"] and "The driver 535.261.03 is installed as before, and its state is ok." in told["msg"]
    assert told["undone"] and not told["changed"]
    assert host.state() == before


def test_failure_before_packages_change_says_that_nothing_was_changed(monkeypatch):
    host = prepared("apt", "535", monkeypatch)
    host.offered = {name: versions[1:] for name, versions in host.offered.items()}
    before = copy.deepcopy(host.state())
    told = host.converge(branch="550")
    assert told["failed"] and "driver branch 550 is not available" in told["msg"]
    assert "Nothing was changed." in told["msg"] and host.state() == before


def test_a_run_that_is_killed_before_its_first_step_changed_nothing(monkeypatch):
    host = prepared("apt", None, monkeypatch)
    before = copy.deepcopy(host.state())
    host.interrupted(0, BEFORE)
    with pytest.raises(Killed):
        host.converge(branch="535")
    assert host.state() == before


def test_check_mode_does_not_promise_a_driver_that_no_source_has(monkeypatch):
    """With dnf another branch is another stream of a module, of which nothing is known before it is enabled."""
    host = DriverHost("apt").patch(monkeypatch)
    host.converge(branch="535")
    before = copy.deepcopy(host.state())
    told = host.converge(check=True, branch="570")
    assert told["failed"] and "driver branch 570 is not available" in told["msg"], told
    assert host.state() == before
    assert any(line.startswith("upgrade") or "550" in line for line in does(host.converge(check=True, branch="550")))


def test_check_mode_cannot_ask_a_source_that_the_run_would_add(host):
    told = host.converge(check=True, branch="570")
    assert not told.get("failed") and told["actions"]
