# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Power mode, clocks and fan of a Jetson whose programs behave as NVIDIA's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.boot.host import unit as boot_backend
from ansible_collections.edgesite.gpu.plugins.module_utils.boot.unit import BootUnit
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import command
from ansible_collections.edgesite.gpu.plugins.module_utils.converge import ApplyError, converge
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson import clocks as clocks_core
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson import fan, fan_curves, own_modes
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson import nvpmodel as nvpmodel_rules
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson.host import clocks as jetson_clocks
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson.host import fan as jetson_fan
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson.host import nvpmodel
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson.host.clocks_domain import JetsonClocksDomain
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson.host.fan_domain import JetsonFanDomain
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson.host.nvpmodel_domain import NvpmodelDomain
from ansible_collections.edgesite.gpu.tests.unit.shapes import text_of

CLOCKS = {"free": "agx-orin", "locked": "agx-orin-locked"}
CONF = """\
< POWER_MODEL ID=0 NAME=MAXN >
TPC_POWER_GATING TPC_PG_MASK 0
< POWER_MODEL ID=3 NAME=50W >
TPC_POWER_GATING TPC_PG_MASK 0
< POWER_MODEL ID=4 NAME=15W >
TPC_POWER_GATING TPC_PG_MASK 240
< PM_CONFIG DEFAULT=3 >
"""
ASKED = text_of("jetson", "nvpmodel/asks-for-a-reboot").encode()


class Host:
    """What a board does when its programs are run. at_once: the modes that take no reboot."""

    def __init__(self, folder):
        self.folder = folder
        self.at_once = {"0", "3"}
        self.failed = set()
        self.stopped = set()
        self.broken = {}
        self.calls = []
        self.clocks_locked = False
        self.full_fan = False
        self.there = {"nvpmodel", "jetson_clocks", "nvfancontrol", "systemctl"}
        (folder / "nvpmodel.conf").write_text(CONF)
        (folder / "nvfancontrol.conf").write_text(text_of("jetson", "nvfancontrol_conf/orin-nano"))

    def find(self, program):
        return program if program in self.there else None

    def run(self, argv, data=None, timeout=0.0):
        words = list(argv)
        self.calls.append(words)
        if words[0] in self.broken:
            return command.Result(1, b"", self.broken[words[0]])
        return getattr(self, "_" + words[0])(words[1:], data)

    def _nvpmodel(self, words, data):
        assert words[0] == "-q" or data == b"no\n"
        if words[0] == "-q":
            return command.Result(0, b"NVPM WARN: fan mode is not set!\nNV Power Mode: 50W\n3\n", "")
        if words[1] not in self.at_once:
            return command.Result(234, ASKED, "")
        (self.folder / "status").write_text("pmode:{0:04d}".format(int(words[1])))
        return command.Result(0, b"", "")

    def _jetson_clocks(self, words, _data):
        if words == ["--show"]:
            name = "locked" if self.clocks_locked else "free"
            text = text_of("jetson", "jetson_clocks/" + CLOCKS[name])
            if self.full_fan:
                text = text.replace("nvfancontrol hwmon0_pwm1=88", "disabled hwmon0_pwm1=255")
            return command.Result(0, text.encode(), "")
        if words[:1] == ["--store"]:
            assert not os.path.exists(words[1])
            Path(words[1]).write_text("stored")
        else:
            self.clocks_locked = words[:1] != ["--restore"]
            self.full_fan = words == ["--fan"] or (self.full_fan and self.clocks_locked)
        return command.Result(0, b"", "")

    def _nvfancontrol(self, _words, _data):
        status = self.folder / "fan-status"
        return command.Result(0, status.read_bytes() if status.exists() else b"", "")

    def _systemctl(self, words, _data):
        unit, status = words[-1], self.folder / "fan-status"
        if "is-failed" in words:
            return command.Result(0 if unit in self.failed else 1, b"", "")
        if "is-active" in words:
            return command.Result(*((3, b"inactive", "") if unit in self.stopped else (0, b"active", "")))
        if words[0] == "reset-failed":
            self.failed.discard(unit)
        elif words[0] == "start":
            self.stopped.discard(unit)
            if not status.exists():
                default = fan.parse_conf((self.folder / "nvfancontrol.conf").read_text())[0].default
                status.write_text("FAN1:FAN_PROFILE:{0}\n".format(default))
        elif words[0] == "stop":
            self.stopped.add(unit)
        return command.Result(0, b"", "")

    def power(self, mode, own=None, check=False):
        return converge(NvpmodelDomain(self.run, nvpmodel_rules.Wanted(mode, own)), check)

    def fan(self, profile, curves=None, check=False):
        return converge(JetsonFanDomain(self.run, fan.Wanted(profile, curves)), check)

    def clocks(self, lock, persist=True, check=False, fan=False):
        return converge(JetsonClocksDomain(self.run, lock, self.unit(lock and persist), fan), check)

    def unit(self, wanted):
        text = "unit" if wanted else None
        return BootUnit(clocks_core.UNIT, {str(self.folder / clocks_core.UNIT): text}, wanted)


@pytest.fixture(name="host")
def fixture_host(monkeypatch, tmp_path):
    host = Host(tmp_path)
    monkeypatch.setattr(command, "find", host.find)
    monkeypatch.setattr(nvpmodel, "CONF", str(tmp_path / "nvpmodel.conf"))
    monkeypatch.setattr(nvpmodel, "STATUS", str(tmp_path / "status"))
    monkeypatch.setattr(nvpmodel.nvpmodel_note, "PATH", str(tmp_path / "note.json"))
    monkeypatch.setattr(nvpmodel.nvpmodel_note, "STALE", str(tmp_path / "stale"))
    monkeypatch.setattr(jetson_fan, "CONF", str(tmp_path / "nvfancontrol.conf"))
    monkeypatch.setattr(jetson_fan, "STATUS", str(tmp_path / "fan-status"))
    monkeypatch.setattr(jetson_clocks, "STORE", str(tmp_path / "run" / "clocks.conf"))
    monkeypatch.setattr(nvpmodel.jetson_files, "soc", lambda: "tegra234")
    monkeypatch.setattr(boot_backend, "_WANTS", str(tmp_path / "wants-"))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return host


def done(outcome):
    return [action["does"] for action in outcome.actions]


def test_mode_is_set_at_once(host):
    told = host.power("MAXN", check=True)
    outcome = host.power("MAXN")
    assert done(outcome) == done(told) == ["set power mode MAXN"]
    assert outcome.extras["mode"] == {"id": 0, "name": "MAXN"} and not outcome.extras["reboot_required"]
    assert [mode["name"] for mode in outcome.extras["modes"]] == ["MAXN", "50W", "15W"]
    assert host.power("MAXN").actions == []


def test_mode_that_takes_a_reboot_is_prepared_and_waits(host):
    (host.folder / "status").write_text("pmode:0003 fmode:quiet")
    outcome = host.power("15W")
    (action,) = done(outcome)
    assert action.startswith("prepare power mode 15W for the next boot (")
    assert outcome.extras["reboot_required"] and outcome.extras["mode"]["name"] == "50W"
    assert outcome.after["next_boot"]["name"] == "15W"
    assert (host.folder / "status").read_text() == "pmode:0004 fmode:quiet"
    again = host.power("15W")
    assert again.actions == [] and again.extras["reboot_required"]
    # /run is empty after the boot, and the unit has set what is stored
    (host.folder / "note.json").unlink()
    booted = host.power("15W")
    assert booted.actions == [] and not booted.extras["reboot_required"] and booted.extras["mode"]["name"] == "15W"


def test_check_mode_prepares_nothing(host):
    outcome = host.power("15W", check=True)
    assert outcome.extras["reboot_required"] and len(outcome.actions) == 1
    assert not (host.folder / "status").exists() and not any("-m" in call for call in host.calls)


def test_program_knows_better_what_takes_a_reboot(host):
    host.at_once = {"3"}
    outcome = host.power("MAXN")
    assert done(outcome) == ["set power mode MAXN"]
    assert outcome.extras["reboot_required"] and outcome.extras["mode"]["name"] == "50W"
    host.at_once = {"3", "4"}
    assert not host.power("15W").extras["reboot_required"]


BUSY = """\
NVPM ERROR: Error writing 240 to /sys/devices/platform/gpu.0/tpc_pg_mask: 16
NVPM ERROR: failed to write PARAM TPC_POWER_GATING: ARG TPC_PG_MASK
NVPM ERROR: failed to set power mode!
"""


def busy(host, errno="16"):
    """nvpmodel does not ask, and the kernel takes no other mask until the next boot. Cores are switched before."""
    really = host._nvpmodel

    def nvpmodel(words, data):
        if words[0] == "-m" and words[1] not in host.at_once:
            return command.Result(255, b"", BUSY.replace(": 16\n", ": {0}\n".format(errno)))
        return really(words, data)

    host._nvpmodel = nvpmodel


@pytest.mark.parametrize("errno", ["16", "19"])
def test_mask_that_cannot_be_written_now_is_prepared_for_the_next_boot(host, errno):
    busy(host, errno)
    host.at_once = {"3"}
    (host.folder / "status").write_text("pmode:0003")
    outcome = host.power("MAXN")
    assert outcome.extras["reboot_required"] and outcome.extras["mode"]["name"] == "50W"
    assert (host.folder / "status").read_text() == "pmode:0000"
    # the cores of the mode in force are set again
    assert [call[-1] for call in host.calls if "-m" in call] == ["0", "3"]
    assert host.power("MAXN").actions == []


def test_mask_that_the_boot_could_not_write_either_is_told(host):
    busy(host)
    (host.folder / "status").write_text("pmode:0004")
    host.failed = {"nvpmodel.service"}
    with pytest.raises(ApplyError, match=r"15W is the mode of this boot, but nvpmodel.service failed.*journalctl"):
        host.power("15W")


def test_mask_that_no_boot_would_take_is_an_error(host):
    busy(host, "22")
    host.at_once = {"3"}
    with pytest.raises(ApplyError, match="nvpmodel -m 0: NVPM ERROR: Error writing 240"):
        host.power("MAXN")


def test_prepared_mode_is_taken_back_without_the_program(host):
    host.power("15W")
    host.calls.clear()
    outcome = host.power("50W")
    assert not outcome.extras["reboot_required"] and not any("-m" in call for call in host.calls)
    assert not (host.folder / "note.json").exists()


def test_choice_of_somebody_else_counts_more_than_the_note(host):
    host.power("15W")
    (host.folder / "status").write_text("pmode:0000")
    outcome = host.power("MAXN")
    assert outcome.actions == [] and not outcome.extras["reboot_required"]


def test_damaged_note_says_nothing(host):
    host.power("15W")
    (host.folder / "note.json").write_text("[")
    assert not host.power("15W").extras["reboot_required"]


def test_mode_that_the_program_refuses_is_an_error_with_its_words(host):
    host.broken["nvpmodel"] = "NVPM ERROR: failed to set power mode!"
    (host.folder / "status").write_text("pmode:0003")
    with pytest.raises(ApplyError, match=r"nvpmodel -m 0: NVPM ERROR: failed to set.*Nothing was changed") as caught:
        host.power("MAXN")
    assert caught.value.undone


def test_failure_before_anything_was_chosen_leaves_no_choice(host):
    host.there = {"systemctl"}
    host.broken["nvpmodel"] = "not there"
    with pytest.raises(ApplyError) as caught:
        host.power("MAXN")
    assert caught.value.undone and not (host.folder / "status").exists()


def test_mode_that_the_boot_could_not_set_is_set_again(host):
    (host.folder / "status").write_text("pmode:0003")
    host.failed = {"nvpmodel.service"}
    assert done(host.power("50W")) == ["set power mode 50W"]
    assert host.failed == set()


def test_mode_that_no_boot_can_set_is_told(host):
    (host.folder / "status").write_text("pmode:0004")
    host.failed = {"nvpmodel.service"}
    with pytest.raises(ApplyError, match=r"15W is the mode of this boot, but nvpmodel.service failed.*journalctl"):
        host.power("15W")


PARAM = """\
< PARAM TYPE=CLOCK NAME=GPU >
MAX_FREQ /sys/devices/platform/gpu.0/devfreq_dev/max_freq
"""


def own(clock, name="EDGE"):
    return own_modes.checked([{"name": name, "base": "50W", "settings": {"GPU": {"MAX_FREQ": clock}}}], "own_modes")


@pytest.fixture(name="tunable")
def fixture_tunable(host):
    """A board whose configuration names a clock, and is a link to the file of that board."""
    conf = host.folder / "nvpmodel.conf"
    (host.folder / "board.conf").write_text(PARAM + CONF)
    conf.unlink()
    conf.symlink_to("board.conf")
    host.at_once = {"0", "3", "5"}
    return host


def test_own_mode_is_written_set_and_removed(tunable):
    board = tunable.folder / "board.conf"
    told = tunable.power("EDGE", own(5), check=True)
    assert board.read_text() == PARAM + CONF
    outcome = tunable.power("EDGE", own(5))
    assert done(outcome) == done(told) == ["write the own power modes EDGE", "set power mode EDGE"]
    assert outcome.after == told.after and outcome.before["own_modes"] == []
    assert outcome.after["own_modes"][0] == "< POWER_MODEL ID=5 NAME=EDGE >"
    assert outcome.extras["mode"] == {"id": 5, "name": "EDGE"} and (tunable.folder / "nvpmodel.conf").is_symlink()
    assert tunable.power("EDGE", own(5)).actions == []
    again = tunable.power("EDGE", own(6))
    assert done(again)[1] == "set power mode EDGE again, as it is defined now"
    assert not (tunable.folder / "stale").exists() and "GPU MAX_FREQ 6\n" in board.read_text()
    assert done(tunable.power("50W", ())) == ["set power mode 50W", "remove own power modes"]
    assert board.read_text() == PARAM + CONF


def test_own_mode_has_a_clock_that_there_is(tunable):
    board, table = tunable.folder / "board.conf", tunable.folder / "clocks"
    places = "FREQ_TABLE {0}/absent\nFREQ_TABLE_KNEXT {0}/clocks\n".format(tunable.folder)
    board.write_text(PARAM + places + CONF)
    table.write_text("3 6 \n")
    with pytest.raises(EdgesiteError, match="GPU.MAX_FREQ is 5, which is no clock of this board: 3, 6"):
        tunable.power("EDGE", own(5))
    assert len(tunable.power("EDGE", own(6)).actions) == 2


def test_own_mode_that_cannot_be_set_is_taken_out_again(tunable):
    really = tunable._nvpmodel
    tunable._nvpmodel = lambda words, data: (
        command.Result(234, b"", "NVPM ERROR: failed to set power mode!") if words[1:] == ["5"] else really(words, data)
    )
    (tunable.folder / "status").write_text("pmode:0003")
    with pytest.raises(ApplyError, match="failed to set power mode") as caught:
        tunable.power("EDGE", own(5))
    assert caught.value.undone and (tunable.folder / "board.conf").read_text() == PARAM + CONF


def test_own_mode_in_force_whose_new_definition_takes_a_boot_waits_for_it(tunable):
    tunable.power("EDGE", own(5))
    tunable.at_once = {"3"}
    outcome = tunable.power("EDGE", own(6))
    assert outcome.extras["reboot_required"] and outcome.extras["mode"]["name"] == "EDGE"
    waiting = tunable.power("EDGE", own(6))
    assert waiting.actions == [] and waiting.extras["reboot_required"]
    # /run is empty after the boot
    (tunable.folder / "stale").unlink()
    assert not tunable.power("EDGE", own(6)).extras["reboot_required"]


def test_missing_conf_is_told(host):
    (host.folder / "nvpmodel.conf").unlink()
    with pytest.raises(EdgesiteError, match="nvpmodel.conf does not exist.*nvidia-l4t-nvpmodel"):
        host.power("15W")
    (host.folder / "nvpmodel.conf").symlink_to("board.conf")
    with pytest.raises(EdgesiteError, match="is a link to board.conf, which does not exist"):
        host.power("15W")


def test_user_without_rights_is_told(host, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    for change in (lambda: host.power("MAXN"), lambda: host.fan("cool"), lambda: host.clocks(True)):
        with pytest.raises(EdgesiteError, match="needs root"):
            change()


def test_locked_clocks_are_given_back_before_another_mode(host):
    host.clocks(True, persist=False)
    assert done(host.power("MAXN")) == [
        "unlock the clocks that are locked for the current mode",
        "set power mode MAXN",
    ]
    assert not host.clocks_locked
    assert done(host.clocks(True, persist=False)) == ["lock the clocks at the maximum of the power mode"]


def test_clocks_are_locked_again_when_the_mode_cannot_be_set(host):
    host.clocks(True, persist=False)
    (host.folder / "status").write_text("pmode:0003")
    host.broken["nvpmodel"] = "NVPM ERROR: no"
    with pytest.raises(ApplyError) as caught:
        host.power("MAXN")
    assert caught.value.undone and host.clocks_locked


def test_clocks_are_noted_locked_and_restored(host):
    outcome = host.clocks(True, persist=False)
    assert outcome.extras["locked"] and host.clocks_locked
    assert outcome.after["clocks"]["cpu0"] == {"min": 1510400, "max": 1510400}
    assert host.clocks(True, persist=False).actions == []
    assert not host.clocks(False).extras["locked"] and not host.clocks_locked
    assert not os.path.exists(jetson_clocks.STORE)
    assert host.clocks(False).actions == []


def test_lock_is_persisted_by_a_unit(host):
    outcome = host.clocks(True, check=True)
    assert len(outcome.actions) == 3 and not host.clocks_locked
    domain = JetsonClocksDomain(host.run, True, host.unit(True))
    for action in domain.plan(domain.observe()):
        domain.apply(action)
        domain.describe(action)
    assert (host.folder / clocks_core.UNIT).read_text() == "unit"
    assert ["systemctl", "enable", clocks_core.UNIT] in host.calls


def test_unit_that_cannot_be_enabled_takes_the_lock_back(host):
    host._systemctl = lambda words, data: command.Result(1, b"", "no bus")
    with pytest.raises(ApplyError, match="no bus") as caught:
        host.clocks(True)
    assert caught.value.undone and not host.clocks_locked


def test_fans_run_at_full_speed_until_the_clocks_are_restored(host):
    host.clocks(True, persist=False)
    outcome = host.clocks(True, persist=False, fan=True)
    assert len(outcome.actions) == 2 and outcome.extras == {"locked": True, "fan_at_full_speed": True}
    assert host.clocks(True, persist=False, fan=True).actions == []
    assert host.clocks(True, persist=False).actions == [] and host.full_fan
    assert host.clocks(False).extras == {"locked": False, "fan_at_full_speed": False} and not host.full_fan


def test_failed_restore_is_taken_back(host):
    host.clocks(True, persist=False)
    domain = JetsonClocksDomain(host.run, False, host.unit(False))
    domain.undo(domain.plan(domain.observe())[0])
    assert host.clocks_locked


def test_clocks_without_the_program_or_that_fail(host):
    host.broken["jetson_clocks"] = "Error: Unknown GPU Type!"
    with pytest.raises(EdgesiteError, match="jetson_clocks --show: Error: Unknown GPU Type!"):
        host.clocks(True)
    host.there.clear()
    with pytest.raises(EdgesiteError, match="jetson_clocks is not installed on this host"):
        jetson_clocks.program()


def test_fan_profile_is_set_through_the_link_and_the_daemon_forgets(host):
    conf = host.folder / "nvfancontrol.conf"
    conf.rename(host.folder / "board.conf")
    conf.symlink_to("board.conf")
    (host.folder / "fan-status").write_text("FAN1:FAN_PROFILE:quiet\n")
    assert done(host.fan("cool", check=True)) == ["set fan profile cool and restart nvfancontrol"]
    outcome = host.fan("cool")
    assert conf.is_symlink() and "FAN_DEFAULT_PROFILE cool" in conf.read_text()
    fans = [{"fan": 1, "default": "cool", "profile": "cool"}]
    assert outcome.after == {"fans": fans, "running": True, "curves": []}
    assert outcome.extras == {"profiles": ["quiet", "cool"]}
    assert host.fan("cool").actions == []


def test_remembered_profile_counts_more_than_the_default(host):
    (host.folder / "fan-status").write_text("FAN1:FAN_PROFILE:cool\n")
    assert len(host.fan("quiet").actions) == 1
    assert (host.folder / "fan-status").read_text() == "FAN1:FAN_PROFILE:quiet\n"


def test_fan_daemon_that_does_not_start_is_told(host):
    before = (host.folder / "nvfancontrol.conf").read_text()
    (host.folder / "fan-status").write_text("FAN1:FAN_PROFILE:quiet\n")
    real = host._systemctl
    host._systemctl = lambda words, data: (
        command.Result(1, b"", "job failed") if words[0] == "start" else real(words, data)
    )
    with pytest.raises(ApplyError, match="systemctl start nvfancontrol.service: job failed.*fans may stand still"):
        host.fan("cool")
    assert (host.folder / "nvfancontrol.conf").read_text() == before


def test_own_curve_is_written_and_used(host):
    points = [{"temperature": at, "hysteresis": 0, "pwm": 255, "rpm": 0} for at in (0, 60)]
    own = fan_curves.checked([{"name": "cabinet", "points": points}], "curves")
    before = (host.folder / "nvfancontrol.conf").read_text()
    told = host.fan("cabinet", own, check=True)
    assert (host.folder / "nvfancontrol.conf").read_text() == before
    outcome = host.fan("cabinet", own)
    assert done(outcome) == done(told) and outcome.after == told.after
    assert outcome.after["curves"] == ["FAN_PROFILE cabinet {", "0\t0\t255\t0", "60\t0\t255\t0", "}"]
    assert (host.folder / "fan-status").read_text() == "FAN1:FAN_PROFILE:cabinet\n"
    assert host.fan("cabinet", own).actions == []
    assert host.fan("quiet", ()).extras == {"profiles": ["quiet", "cool"]}
    assert (host.folder / "nvfancontrol.conf").read_text() == before


def test_board_without_a_fan_is_told(host):
    (host.folder / "nvfancontrol.conf").unlink()
    with pytest.raises(EdgesiteError, match="drives no fan on this host"):
        host.fan("cool")
