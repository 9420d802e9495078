# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import contextlib
import json
import sys
from types import SimpleNamespace

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.converge import Outcome
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.nvml_errors import NvmlError
from ansible_collections.edgesite.gpu.plugins.module_utils.site.host import boot_program
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.mig.cases import card

LIBRARY_NOT_FOUND = 12
DRIVER_NOT_LOADED = 9


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self):
        self.now = 1000.0

    def time(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def configuration(tmp_path):
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"settings": [{"gpus": "all", "ecc": True}]}))
    return path


@pytest.fixture
def verb(monkeypatch):
    """Stands in for the verb `settings`; given holds the configurations it got."""

    class Verb:
        given = []
        done = []
        problems = []
        errors = []

        def __call__(self, configuration):
            self.given.append(configuration)
            for error in self.errors:
                raise error
            return self.done, self.problems

    made = Verb()
    monkeypatch.setitem(boot_program.VERBS, "settings", made)
    return made


@pytest.mark.parametrize("arguments", [[], ["settings"], ["other", "x"], ["settings", "x", "y"]])
def test_usage(arguments):
    with pytest.raises(SystemExit) as ended:
        boot_program.main(arguments)
    assert ended.value.code == "usage: VERB CONFIG, VERB is one of: mig, settings"


def test_arguments_of_the_process_are_the_default(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["current"])
    with pytest.raises(SystemExit, match="usage"):
        boot_program.main()


def test_changes_are_printed(verb, configuration, capsys):
    verb.done = ["set ecc", "set power_limit"]
    boot_program.main(["settings", str(configuration)])
    assert verb.given == [{"settings": [{"gpus": "all", "ecc": True}]}]
    assert capsys.readouterr().out == "set ecc\nset power_limit\nedgesite.gpu settings: 2 changes\n"


def test_what_could_be_done_is_done_and_the_rest_fails_the_unit(verb, configuration, capsys):
    verb.done, verb.problems = ["set ecc"], ["GPU 1 is gone."]
    with pytest.raises(SystemExit) as caught:
        boot_program.main(["settings", str(configuration)])
    assert caught.value.code == "edgesite.gpu settings: GPU 1 is gone."
    assert "set ecc\n" in capsys.readouterr().out


def test_failure_goes_to_the_journal(verb, configuration):
    verb.errors = [EdgesiteError("GPU 0 is lost", "Reboot the host")]
    with pytest.raises(SystemExit) as ended:
        boot_program.main(["settings", str(configuration)])
    assert ended.value.code == "edgesite.gpu settings: GPU 0 is lost. Reboot the host."


@pytest.mark.parametrize("text", [None, "", "{", "[1]"])
def test_damaged_configuration(verb, tmp_path, text):
    path = tmp_path / "settings.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(SystemExit) as ended:
        boot_program.main(["settings", str(path)])
    assert "{0} is missing, empty or damaged".format(path) in ended.value.code
    assert "edgesite.gpu.site" in ended.value.code
    assert verb.given == []


class NvmlProcess:
    """NVML that answers so, attempt after attempt, and then the last answer for ever."""

    def __init__(self, answers):
        self.answers, self.attempts, self.closed = list(answers), 0, False

    def open(self):
        self.attempts += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer:
            raise NvmlError(answer)

    def close(self):
        self.closed = True


def nvml(monkeypatch, *answers):
    made = NvmlProcess(answers)
    monkeypatch.setattr(boot_program, "NvmlProcess", lambda: made)
    return made


def test_waits_for_the_driver(monkeypatch, clock):
    opened = nvml(monkeypatch, DRIVER_NOT_LOADED, DRIVER_NOT_LOADED, None)
    assert boot_program.open_nvml(clock.time, clock.sleep) is opened
    assert clock.now == 1002.0 and not opened.closed


def test_gives_up_waiting(monkeypatch, clock):
    never = nvml(monkeypatch, DRIVER_NOT_LOADED)
    with pytest.raises(NvmlError) as raised:
        boot_program.open_nvml(clock.time, clock.sleep)
    assert raised.value.status == "driver_not_loaded"
    assert clock.now == 1000.0 + boot_program.DRIVER_WAIT_SECONDS
    assert never.attempts == 61 and never.closed


def test_waits_for_nothing_else(monkeypatch, clock):
    nvml(monkeypatch, LIBRARY_NOT_FOUND, None)
    with pytest.raises(NvmlError, match="NVIDIA driver is not installed"):
        boot_program.open_nvml(clock.time, clock.sleep)
    assert clock.now == 1000.0


@pytest.mark.parametrize(("configuration", "allowed"), [({}, False), ({"unload_drm": True}, True)])
def test_module_is_unloaded_at_boot_where_the_run_might(monkeypatch, configuration, allowed):
    made = []

    def domain(*_given, unload_drm, at_boot):
        assert at_boot
        made.append(unload_drm)
        return SimpleNamespace(reasons={})

    monkeypatch.setattr(boot_program, "open_nvml", lambda *_time: contextlib.nullcontext(Cards()))
    monkeypatch.setattr(boot_program, "stages", lambda make, check: [make(domain)])
    monkeypatch.setattr(boot_program, "converge_all", lambda domains, check: Outcome(list(domains)[1:], {}, {}, {}))
    boot_program.VERBS["mig"]({"mig": [{"gpus": [{"index": 0}]}], **configuration})
    assert made == [allowed]


class Cards:
    """NVML with one card."""

    def ask(self, _function):
        return [card()], {}
