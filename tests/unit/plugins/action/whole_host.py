# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task that looks at a whole host that nobody reaches: what host_plan and the layers' actions say, a test says."""

from __future__ import annotations

import importlib
from types import SimpleNamespace

from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.edgesite.gpu.plugins.plugin_utils.actions import HostActionBase

ACTIONS = "ansible_collections.edgesite.gpu.plugins.action."
# Each layer's variable, with the least that it may be asked for
ASKED = {
    "driver": {"driver_branch": "550"},
    "jetpack": {"jetpack_version": "6.2.1"},
    "gpu": {"gpu_settings": []},
    "mig": {"mig_layouts": []},
    "storage": {"storage_volumes": []},
    "tls": {"tls_services": []},
}


def asked(*layers):
    return {name: value for layer in layers for name, value in ASKED[layer].items()}


def does(*what, **more):
    """What a module says that has something to do."""
    actions = [{"does": one, "disruption": "none", "of": []} for one in what]
    return {"changed": bool(what), "actions": actions, "before": {}, "after": {}, "diff": {}, **more}


IN_ORDER = does()
FAILS = {"failed": True, "changed": False, "msg": "It is broken. Mend it."}


class Task(SimpleNamespace):
    """Ansible's task."""

    def copy(self):
        return Task(**vars(self))


class WholeHost:
    """look: what each layer says in the look; in order where nothing is said. runs: what their modules say when run,
    by name, or raise. looks: whole answers in place of look, one after the other.
    """

    def __init__(self, name, variables, look=None, runs=None, looks=None, check=False, tags=(), **options):
        self.look, self.runs, self.looks = look or {}, runs or {}, list(looks or [])
        self.asked, self.ran, self.said = [], [], []
        self.variables = {
            "inventory_hostname": "gpu-1",
            "hostvars": SimpleNamespace(_variable_manager=SimpleNamespace(_fact_cache={})),
            "ansible_run_tags": list(tags) or ["all"],
            **variables,
        }
        self.action = self._made(name, options, check)
        self.action.action = lambda other, args: self._made(other.rpartition(".")[2], args, check)

    def _made(self, name, args, check):
        kind = importlib.import_module(ACTIONS + name).ActionModule
        action = kind.__new__(kind)
        action._task = Task(check_mode=check, args=dict(args), tags=["always"], action="edgesite.gpu." + name)
        action._connection = SimpleNamespace(transport="ssh", _shell=SimpleNamespace(tmpdir="/tmp/old"))
        action._task_vars = self.variables
        action._templar = Templar(loader=DataLoader(), variables=self.variables)
        action._find_needle = lambda _folder, needle: needle
        action.run_module, action.run_action = self._module, self._other
        action.say = self.said.append
        action.send = lambda data: "/tmp/host-tools.zip"
        assert isinstance(action, HostActionBase)
        return action

    def result(self):
        return self.action.answer(self.variables)

    def _module(self, name, options):
        assert name == "edgesite.gpu.host_plan"
        self.asked.append(options)
        answer = self.looks.pop(0) if self.looks else self._answer(options)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def _answer(self, options):
        names = [*(["tools"] if options["tools_wanted"] else []), *options["layers"]]
        return {"facts": {}, "layers": {name: self.look.get(name, IN_ORDER) for name in names}}

    def _other(self, name, _arguments):
        name = name.rpartition(".")[2]
        self.ran.append(name)
        said = self.runs.get(name, does("something"))
        said = said() if callable(said) else said
        if isinstance(said, BaseException):
            raise said
        return said
