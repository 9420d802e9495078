# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the domain of mig_layout adds to the plan of cards: units, the boot unit, cards that are lost."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.boot import unit as boot
from ansible_collections.edgesite.gpu.plugins.module_utils.common.clients import Client
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.common.quiesce import Units
from ansible_collections.edgesite.gpu.plugins.module_utils.converge import ApplyError, converge, converge_all
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.nvml_errors import NvmlError
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.drm import Drm
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.host import domain as mig_domain
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.host.domain import MigDomain, boot_unit
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.host.stages import stages
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.plan import Policy
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.mig.cases import card, instance

SETTINGS = "edgesite-gpu-settings.service"
ON, OFF = [{"gpus": "all"}], [{"gpus": "all", "mig": "disabled"}]
BUSY = Client(7, "Xorg")


class InProcess:
    """Stands in for NVML's process."""

    def ask(self, function, *arguments):
        return function("nvml", *arguments)


class Host:
    """Stands in for the backends; lost: errors by index."""

    def __init__(self, monkeypatch):
        self.cards, self.lost, self.units, self.settings = [], {}, Units((), ()), False
        self.drm = Drm(False)
        monkeypatch.setattr(mig_domain, "read_cards", lambda nvml: (self.cards, self.lost))
        monkeypatch.setattr(mig_domain.units, "observe", lambda run, names: self.units)
        monkeypatch.setattr(mig_domain.drm, "observe", lambda resets, unload: self.drm)
        monkeypatch.setattr(mig_domain.boot_backend, "is_enabled", lambda unit: self.settings)
        monkeypatch.setattr(
            mig_domain.boot_backend,
            "observe",
            lambda unit: unit._replace(files=dict.fromkeys(unit.files), enabled=False),
        )

    def check(self, layouts, policy=None, quiesced=("dcgm.service",), unit=boot.NONE, **more):
        domain = MigDomain(None, InProcess(), layouts, policy or Policy(), quiesced, unit, **more)
        return converge(domain, check=True)

    def kinds(self, *arguments, **more):
        return [action.get("unit") or action["kind"] for action in self.check(*arguments, **more).actions]


@pytest.fixture
def host(monkeypatch):
    return Host(monkeypatch)


def off(model="A100-40", **changes):
    return card(model, **{"enabled": False, "pending": False, **changes})


def test_units_that_run_stand_still_around_a_reset(host):
    host.cards, host.units = [off()], Units(("dcgm.service",), ())
    assert host.kinds(ON) == ["dcgm.service", "set_mode", "dcgm.service"]
    host.settings = True
    # A reset takes power limits with it, so that the unit that sets them is first out and last in.
    assert host.kinds(ON) == [SETTINGS, "dcgm.service", "set_mode", "dcgm.service", SETTINGS]


@pytest.mark.parametrize(
    ("known", "layouts"), [(off("H100-80"), ON), (card(), [{"gpus": "all", "instances": {"7g": 1}}]), (card(), ON)]
)
def test_no_unit_is_stopped_where_nothing_is_reset(host, known, layouts):
    host.cards, host.units, host.settings = [known], Units(("dcgm.service",), ()), True
    assert "dcgm.service" not in host.kinds(layouts) and SETTINGS not in host.kinds(layouts)


def test_instances_come_after_the_mode_of_their_card_alone(host):
    host.cards = [off("H100-80"), card("H100-80", index=1), off(index=2)]
    actions = host.check([{"gpus": "all", "instances": {"7g": 1}}]).actions
    told = [(action["kind"], action["uuid"], action["disruption"], action.get("after")) for action in actions[:8]]
    made = ("create_gpu_instance", "create_compute_instance")
    assert told == [
        ("set_mode", "GPU-0", "none", None),
        *((kind, "GPU-0", "none", "mode") for kind in made),
        *((kind, "GPU-1", "none", None) for kind in made),
        ("set_mode", "GPU-2", "reset", None),
        *((kind, "GPU-2", "none", "mode") for kind in made),
    ]


def test_unit_that_an_earlier_run_left_stopped_is_started_where_nothing_else_is_to_do(host):
    host.cards, host.units = [card()], Units((), ("exporter.service",))
    outcome = host.check(ON)
    assert [action["does"] for action in outcome.actions] == ["start exporter.service"]


def test_boot_unit_is_written_after_the_cards_have_their_layout(host):
    host.cards = [off()]
    unit = boot_unit(ON, ["dcgm.service"], "/usr/bin/python3", persist=True)
    assert host.kinds(ON, unit=unit) == ["set_mode", "boot_unit", "boot_unit", "boot_unit"]
    (config,) = (text for path, text in unit.files.items() if path.endswith("mig.json"))
    assert '"gpus": "all"' in config and "dcgm.service" in config


@pytest.mark.parametrize(("layouts", "persist"), [([], True), (ON, False)])
def test_boot_unit_goes_where_nothing_is_to_be_kept(layouts, persist):
    unit = boot_unit(layouts, [], "/usr/bin/python3", persist)
    assert not unit.enabled and set(unit.files.values()) == {None}


@pytest.mark.parametrize(
    ("persist", "virtualization", "reboot"),
    [(True, "none", True), (False, "none", False), (False, "passthrough", True)],
)
def test_reboot_is_asked_for_where_it_brings_the_mode(host, persist, virtualization, reboot):
    host.cards = [off(virtualization=virtualization, clients=() if reboot and not persist else (BUSY,))]
    unit = boot_unit(ON, [], "/usr/bin/python3", persist)
    extras = host.check(ON, Policy(reset="never"), unit=unit).extras
    assert (extras["reset_required"], extras["reboot_required"]) == (["GPU-0"], reboot)
    assert [holder["pid"] for holder in extras["holders"]] == [client.pid for client in host.cards[0].clients]


@pytest.mark.parametrize("persist", [False, True])
def test_instances_of_a_guest_come_after_the_reboot_unless_the_boot_makes_them(host, persist):
    host.cards = [off(virtualization="passthrough")]
    wanted = [{"gpus": "all", "instances": {"7g": 1}}]
    unit = boot_unit(wanted, (), "/usr/bin/python3", persist)

    def make(kind):
        return kind(None, InProcess(), wanted, Policy(), (), unit)

    told = converge_all(stages(make, check=True), check=True).actions
    made = [(action["kind"], action.get("after")) for action in told if action["kind"] != "boot_unit"]
    after = [(kind, "reboot") for kind in ("create_gpu_instance", "create_compute_instance")]
    assert made == [("set_mode", None), *([] if persist else after)]


def test_lost_card_fails_layouts_for_all_cards_but_not_for_others(host):
    host.cards, host.lost = [off("H100-80")], {1: NvmlError(15, "GPU 1")}
    with pytest.raises(EdgesiteError, match="GPU 1: The GPU has fallen off the bus"):
        host.check(ON)
    assert host.kinds([{"gpus": [{"index": 0}]}]) == ["set_mode"]


def test_units_that_an_earlier_run_left_stopped_are_named_where_this_one_is_refused(host):
    host.cards, host.units = [off(clients=(BUSY,))], Units((), ("kubelet.service",))
    with pytest.raises(EdgesiteError) as refused:
        host.check(ON)
    assert "left these stopped: kubelet.service" in str(refused.value)


def test_what_watches_cards_starts_after_the_boot_unit(host):
    unit = boot_unit(ON, ["dcgm.service", "nvidia-persistenced.service"], "/usr/bin/python3", persist=True)
    text = unit.files["/etc/systemd/system/edgesite-gpu-mig.service"]
    (before,) = (line for line in text.splitlines() if line.startswith("Before="))
    (after,) = (line for line in text.splitlines() if line.startswith("After="))
    assert "kubelet.service" in before and "dcgm.service" in before
    assert "nvidia-persistenced.service" in after and "nvidia-persistenced.service" not in before


def test_ended_process_is_not_as_it_was(host, monkeypatch, tmp_path):
    monkeypatch.setattr(mig_domain.changed, "MIG", str(tmp_path / "changed.json"))
    host.cards = [off("H100-80", clients=(BUSY,))]
    calls = []

    def fails_after_the_first(nvml, action):
        calls.append(action)
        if len(calls) > 1:
            raise EdgesiteError("it is stuck", "Pull harder")

    monkeypatch.setattr(mig_domain.apply, "apply", fails_after_the_first)
    monkeypatch.setattr(mig_domain.ready, "check", lambda what, unit: None)
    monkeypatch.setattr(mig_domain.lock, "held", contextlib.nullcontext)
    with pytest.raises(ApplyError) as failed:
        converge(MigDomain(None, InProcess(), ON, Policy("force")), check=False)
    assert not failed.value.undone
    assert "still done: terminate Xorg (pid 7)" in failed.value.problem


def test_kept_created_and_destroyed_are_told_by_place(host):
    host.cards = [card("A100-40", instance("3g.20gb", 4), instance("1g.5gb", 0)), card(index=1)]
    extras = host.check([{"gpus": [{"index": 0}], "instances": {"3g.20gb": 2}}]).extras
    found = {
        key: [(one["gpu"], one["profile"], one["placement"]["start"]) for one in extras[key]]
        for key in ("kept", "created", "destroyed")
    }
    assert found == {
        "kept": [("GPU-0", "3g.20gb", 4)],
        "created": [("GPU-0", "3g.20gb", 0)],
        "destroyed": [("GPU-0", "1g.5gb", 0)],
    }


def test_only_cards_that_layouts_name_are_shown(host):
    host.cards = [card(), card(index=1)]
    assert list(host.check([{"gpus": [{"index": 1}]}]).before["gpus"]) == ["GPU-1"]


HELD = Drm(True, parameters=("modeset=Y",), driver="550.163.01")


def test_module_is_unloaded_between_the_units_and_the_reset(host):
    host.cards, host.units, host.drm = [off()], Units(("dcgm.service",), ()), HELD
    kinds = ["dcgm.service", "unload_module", "set_mode", "load_module", "dcgm.service"]
    assert host.kinds(ON, unload_drm=True) == kinds
    with pytest.raises(EdgesiteError, match="which the kernel module nvidia_drm holds open. Set mig_unload_drm: true"):
        host.check(ON)
    host.drm = replace(HELD, clients=(Client(7, "Xorg", unit="dcgm.service"),))
    assert host.kinds(ON, unload_drm=True) == kinds


def test_module_is_told_of_beside_what_is_wrong_with_other_cards(host):
    host.cards, host.drm = [off(), off(index=1, clients=(BUSY,))], HELD
    with pytest.raises(EdgesiteError) as refused:
        host.check(ON)
    assert "GPU-1" in refused.value.parts[0].problem and "nvidia_drm" in refused.value.parts[1].problem


def test_module_that_an_earlier_run_left_unloaded(host):
    host.cards, host.drm = [card()], Drm(False, left=True)
    assert host.kinds(ON) == ["load_module"]
    host.cards = [off(clients=(BUSY,))]
    with pytest.raises(EdgesiteError, match="left nvidia_drm unloaded: load it with 'modprobe nvidia_drm'"):
        host.check(ON)


def test_boot_unit_knows_that_the_module_may_be_unloaded_and_comes_before_a_display():
    unit = boot_unit(ON, [], "/usr/bin/python3", persist=True, unload_drm=True)
    config, text = (unit.files[path] for path in sorted(unit.files))
    assert '"unload_drm": true' in config and "display-manager.service" in text
    without = boot_unit(ON, [], "/usr/bin/python3", persist=True)
    assert not any("drm" in text or "display" in text for text in without.files.values())


@pytest.mark.parametrize(
    ("virtualization", "persist", "told"), [("none", True, True), ("none", False, False), ("passthrough", True, False)]
)
def test_module_that_would_be_in_the_way_at_boot_is_told_of_now(host, virtualization, persist, told):
    host.cards, host.drm = [off(virtualization=virtualization)], replace(HELD, clients=(BUSY,))
    unit = boot_unit(ON, [], "/usr/bin/python3", persist)
    allowed = host.check(ON, Policy(reset="never"), unit=unit, unload_drm=True)
    assert allowed.extras["reset_required"] == ["GPU-0"]
    with pytest.raises(EdgesiteError, match="nvidia_drm holds open") if told else contextlib.nullcontext():
        host.check(ON, Policy(reset="never"), unit=unit)
