# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of mistakes: in variables, on the controller, and of a host of another kind, or one that fails."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.edgesite.gpu.plugins.module_utils import outcome
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.site.layers import LAYERS
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site import judgement, looking
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site.host_layers import Layers

ALL = [layer.name for layer in LAYERS]


class Action:
    """That of a layer's module."""

    def __init__(self, args):
        self._task = SimpleNamespace(check_mode=False)
        self.args = args

    def look_options(self):
        if self.args.get("mirror"):
            raise EdgesiteError("the key cannot be read", "Set another one")
        return dict(self.args)

    def goes_by(self):
        return {}

    def judge_look(self, answer, _earlier):
        return answer


class Base:
    """The action of the task, on a host that answers this."""

    def __init__(self, answer=None, **variables):
        self.variables = {"inventory_hostname": "gpu-a", **variables}
        self.templar = Templar(DataLoader())
        self.answer = answer

    def action(self, _name, args):
        return Action(args)

    def run_module(self, _name, _options):
        return self.answer


def layers(base):
    """As host_layers has them."""
    scope = judgement.Scope(ALL, False, str, lambda _host: None)
    found = judgement.judge({"gpu-a": base.variables}, ["gpu-a"], scope)
    wrong = {one.layer: [EdgesiteError(one.problem, one.fix)] for one in found.problems}
    return Layers(found.called["gpu-a"], found.called["gpu-a"], wrong, found.left["gpu-a"])


def asked(rendered):
    return {one.layer: one.args for one in rendered if isinstance(one, looking.Asked)}


BAD, GOOD = {"gpus": "all", "power_limit": "lots"}, {"gpus": "all", "power_limit": "250"}


def test_a_layer_with_a_mistake_is_refused_or_asked_for_what_is_left():
    base = Base(gpu_settings=[BAD, GOOD], mig_layouts=[{"gpus": "all", "mig": "disabled"}])
    mine = layers(base)
    rendered = looking.render(base, mine)
    assert [type(one) for one in rendered] == [looking.Refused, looking.Asked]
    left = asked(looking.render_what_is_left(base, mine))
    (settings,) = left["gpu"]["settings"]
    assert settings["power_limit"] == "250" and left["mig"] == asked(rendered)["mig"]


def test_a_layer_of_which_nothing_is_left_is_not_asked():
    base = Base(gpu_settings=[BAD], jetpack_version=6.2, mig_layouts=[])
    assert list(asked(looking.render_what_is_left(base, layers(base)))) == ["mig"]


def test_what_the_controller_lacks_is_not_told_as_the_hosts():
    mirror = {"url": "http://hub", "key": "/nowhere.asc", "key_fingerprint": "0123 4567 89AB CDEF 0123" * 2}
    base = Base(driver_branch="580", driver_source="mirror", driver_mirror=mirror)
    assert looking.render_what_is_left(base, layers(base)) == []
    unseen = layers(base)._replace(wrong={})
    assert [type(one) for one in looking.render(base, unseen)] == [looking.Refused]


def look(answer, **variables):
    base = Base(answer, **variables)
    mine = layers(base)
    return looking.look(base, looking.render(base, mine), mine.called)


def test_problems_have_the_names_of_variables():
    told = outcome.failure(EdgesiteError("settings[0].ecc is set", "Name only GPUs that have it"), 0)
    seen = look({"facts": {}, "layers": {"gpu": told}}, gpu_settings=[GOOD])
    (_tools, entry) = seen.plan["layers"]
    assert entry["problems"] == [{"problem": "gpu_settings[0].ecc is set", "fix": "Name only GPUs that have it"}]


def test_a_layer_for_hosts_of_another_kind_says_so():
    told = outcome.failure(EdgesiteError("The NVIDIA driver is not installed", "Install it"), 0)
    seen = look({"facts": {"jetson": {"soc": "tegra234"}}, "layers": {"gpu": told}}, gpu_settings=[GOOD])
    assert seen.told["gpu"]["msg"].startswith("gpu_settings is set, and this host is a Jetson")


@pytest.mark.parametrize(("key", "fix"), [("module_stderr", "Check Python and sudo"), ("rc", "'-vvv' shows all")])
def test_a_module_that_does_not_run(key, fix):
    with pytest.raises(EdgesiteError, match="python3: not found. " + fix):
        look({"failed": True, "msg": "python3: not found", key: 127})


def test_what_is_asked_of_gpus_is_expected_once_there_is_a_driver():
    failed = outcome.failure(EdgesiteError("The NVIDIA driver is not installed", "Install it"), 0)
    install = {"actions": [{"does": "install the driver"}]}
    card = {"pci_bus_id": "0000:17:00.0", "vendor_id": "10de", "device_id": "1eb8"}
    answer = {"facts": {"accelerators": [card]}, "layers": {"driver": install, "gpu": failed, "mig": failed}}
    wanted = {"driver_branch": "580", "gpu_settings": [{"gpus": "all", "ecc": "no"}], "mig_config": "all-balanced"}
    found = {one["layer"]: one for one in look(answer, **wanted).plan["layers"]}
    assert [one["does"] for one in found["gpu"]["expected"]] == ["set ecc of GPU 0 Tesla T4 (0000:17:00.0) to False"]
    assert (found["gpu"]["state"], found["gpu"]["actions"]) == ("unknown", [])
    assert found["mig"]["expected"] == [] and "expected" not in found["driver"]
