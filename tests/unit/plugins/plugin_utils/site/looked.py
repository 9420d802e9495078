# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What host_plan returns of a host with these facts, for layers whose rules need no more than facts have."""

from __future__ import annotations

from ansible_collections.edgesite.gpu.plugins.module_utils import outcome
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError, Problems
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu import settings
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson import fan, nvpmodel
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson.nvpmodel_conf import parse_conf
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.plan import Policy
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.plan import plan as mig_plan
from ansible_collections.edgesite.gpu.plugins.module_utils.outcome import given
from ansible_collections.edgesite.gpu.plugins.module_utils.site import host_look
from ansible_collections.edgesite.gpu.plugins.module_utils.site.layers import LAYERS, by_name
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site import as_written, judgement
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site.rest import NotKnown
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.mig.cases import from_facts

ALL = [layer.name for layer in LAYERS]


def at(facts, variables):
    """As preflight has it: of wrong variables what is left is asked."""
    scope = judgement.Scope(ALL, False, str, lambda _host: None)
    found = judgement.judge({"host": variables}, ["host"], scope)
    asked = {name: left for name, left in found.left["host"].items() if left.calls_for(by_name(name))}
    told = {name: _told(name, left.given(), facts) for name, left in asked.items()}
    entries = [host_look.entry(name, as_written.failure(name, result), "") for name, result in told.items()]
    return host_look.plan(entries, facts, found.called["host"])


def _told(name, values, facts):
    try:
        if name in _RULES:
            _RULES[name](values, facts)
    except NotKnown:
        # As the module is not asked, if what it needs cannot be had.
        return {}
    except EdgesiteError as error:
        return outcome.failure(error, 0)
    return {}


def _gpu(values, facts):
    settings.plan(
        [given(entry) for entry in values["gpu_settings"]], [settings.from_facts(gpu) for gpu in facts["gpus"]]
    )


def _mig(values, facts):
    cards = [from_facts(gpu) for gpu in facts["gpus"]]
    mig_plan([given(layout) for layout in values["mig_layouts"]], cards, Policy())


def _jetpack(values, facts):
    problems, jetson = Problems(), facts.get("jetson")
    if not jetson:
        raise EdgesiteError("this host is not a Jetson", "Set variables of the role jetpack for Jetsons only")
    with problems:
        modes = "".join("< POWER_MODEL ID={id} NAME={name} >\n".format(**mode) for mode in jetson["power_modes"])
        conf = parse_conf(modes + "< PM_CONFIG DEFAULT=0 >\n") if modes else None
        if values.get("jetpack_power_mode") and conf:
            nvpmodel.find(conf, values["jetpack_power_mode"], "power_mode")
    with problems:
        text = "<FAN 1>\n{0}FAN_DEFAULT_PROFILE quiet\n".format(
            "".join("FAN_PROFILE {0} {{\n}}\n".format(profile) for profile in jetson.get("fan_profiles", []))
        )
        if values.get("jetpack_fan_profile"):
            state = fan.State(text, fan.parse_conf(text), None, True)
            fan.plan(fan.Wanted(values["jetpack_fan_profile"], None, "fan_profile"), state)
    problems.end()


_RULES = {"gpu": _gpu, "mig": _mig, "jetpack": _jetpack}
