# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bases of the collection's action plugins."""

from __future__ import annotations

import os
import tempfile
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence

from ansible.errors import AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils import outcome
from ..module_utils.basic import UNJUDGED, refusal
from ..module_utils.common import lines, writable
from ..module_utils.common.errors import EdgesiteError
from . import host_archive, inventory_guard

MISSING = "pynvml_missing"

# Runs the module with these arguments, besides the task's own; returns the module's answer.
RunModule = Callable[[Mapping[str, Any]], Dict[str, Any]]


class GuardedActionBase(ActionBase):
    """Does nothing where a host's facts stand in for variables, and turns errors into the task's failure."""

    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: Optional[str] = None, task_vars: Optional[Mapping[str, Any]] = None) -> Dict[str, Any]:
        result: Dict[str, Any] = super().run(tmp, task_vars)
        if task_vars is None:
            raise AssertionError("Ansible gives its variables to every task")
        try:
            writable.check(self._task.args)
            self.guard(task_vars)
            result.update(self.answer(task_vars))
        except EdgesiteError as error:
            result.update(error.details, failed=True, msg=str(error), problems=outcome.listed(error.parts or [error]))
        return result

    def guard(self, task_vars: Mapping[str, Any]) -> None:
        """Raises where facts of the task's host stand in for variables."""
        inventory_guard.check_variables(task_vars)

    def answer(self, task_vars: Mapping[str, Any]) -> Dict[str, Any]:
        """The task's result."""
        raise NotImplementedError

    def options(self, spec: Dict[str, Dict[str, Any]]) -> Dict[str, Any]:
        """The task's options, as this spec has them. Raises AnsibleError and EdgesiteError."""
        try:
            _validation, options = self.validate_argument_spec(spec)
        except UNJUDGED as error:
            raise refusal(self._task.action, spec, self._task.args) from error
        writable.check(options)
        return dict(options)

    def find(self, path: str) -> str:
        """A file that the inventory names; the path itself where there is none, which is said by who reads it."""
        try:
            return str(self._find_needle("files", path))
        except AnsibleError:
            return path


class ControllerActionBase(GuardedActionBase):
    """Checks the options against OPTIONS, and works on the controller alone. Nothing reaches the host."""

    _requires_connection = False
    OPTIONS: Dict[str, Dict[str, Any]] = {}

    def answer(self, task_vars: Mapping[str, Any]) -> Dict[str, Any]:
        return self.work(self.options(self.OPTIONS), task_vars)

    def work(self, options: Mapping[str, Any], task_vars: Mapping[str, Any]) -> Dict[str, Any]:
        """The task's result."""
        raise NotImplementedError


class HostActionBase(GuardedActionBase):
    """Runs the module of the same name, and can send it a file first, or have another action do something for it.

    inner: it does something for another action, which tells of it.
    """

    inner = False

    def answer(self, task_vars: Mapping[str, Any]) -> Dict[str, Any]:
        self._task_vars = task_vars
        result = self.run_with(self._run_module)
        if self._task.check_mode and not result.get("failed") and not self.inner:
            # Ansible itself shows results only to who asks for more words.
            for does in _foreseen(result):
                self.say("would {0}".format(does))
        return result

    def say(self, text: str) -> None:
        """Shows a line of this host's in the run, and no more than that, whatever the host has put there."""
        Display().display("  {0}: {1}".format(self._task_vars["inventory_hostname"], lines.in_one(text)))

    def run_with(self, run_module: RunModule) -> Dict[str, Any]:
        """The task's result."""
        self.prepare()
        return run_module({})

    def prepare(self) -> None:
        """Puts what only the controller has into the task's options. May be called again."""

    def look_options(self) -> Dict[str, Any]:
        """The options with which a look at the whole host (host_plan) asks for what the module says in check mode."""
        self.prepare()
        return dict(self._task.args)

    def goes_by(self) -> Dict[str, Any]:
        """What else is desired: the content of files that only the controller goes by."""
        return {}

    def foresee(self, result: Dict[str, Any]) -> Dict[str, Any]:
        """What check mode says, where the module says this."""
        return result

    def judge_look(self, answer: Dict[str, Any], _earlier: Mapping[str, Any]) -> Dict[str, Any]:
        """What check mode says, by the host's answer to look_options. earlier: what layers before it said."""
        return self.foresee(answer)

    def flag(self, option: str, default: bool) -> bool:
        """An option of the task that the action goes by. The module has them too, and has checked them."""
        given = self._task.args.get(option)
        return default if given is None else bool(boolean(given, strict=False))

    def run_action(self, name: str, arguments: Mapping[str, Any]) -> Dict[str, Any]:
        """The result of another action on this host, in the place of a task of its own."""
        result: Dict[str, Any] = self.action(name, arguments).run(task_vars=dict(self._task_vars))
        return result

    def action(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """Another action on this host, with the options of a task of its own."""
        task = self._task.copy()
        task.action, task.args = name, dict(arguments)
        action = self._shared_loader_obj.action_loader.get(
            name,
            task=task,
            connection=self._connection,
            play_context=self._play_context,
            loader=self._loader,
            templar=self._templar,
            shared_loader_obj=self._shared_loader_obj,
        )
        if isinstance(action, HostActionBase):
            action.inner = True
            action._task_vars = self._task_vars
        return action

    @property
    def variables(self) -> Mapping[str, Any]:
        """All that a task of this host has."""
        return self._task_vars

    @property
    def templar(self) -> Any:
        """What evaluates them."""
        return self._templar

    @property
    def tags(self) -> Sequence[str]:
        """Those of the task."""
        return list(self._task.tags)

    def _run_module(self, more: Mapping[str, Any]) -> Dict[str, Any]:
        return self.run_module(self._task.action, {**self._task.args, **more})

    def run_module(self, name: str, arguments: Mapping[str, Any]) -> Dict[str, Any]:
        """What a module says on the host."""
        task_vars = self._task_vars
        result: Dict[str, Any] = self._execute_module(
            module_name=name, module_args=dict(arguments), task_vars=task_vars
        )
        inventory_guard.check_result(result, task_vars["inventory_hostname"])
        return result

    def send(self, data: bytes) -> str:
        """Puts the data into a file in the task's temporary folder on the host; returns its path there."""
        shell = self._connection._shell
        if not shell.tmpdir:
            self._make_tmp_path()
        remote: str = shell.join_path(shell.tmpdir, "host-tools.zip")
        with tempfile.TemporaryDirectory() as folder:
            local = os.path.join(folder, "host-tools.zip")
            with open(local, "wb") as stream:
                stream.write(data)
            self._transfer_file(local, remote)
        self._fixup_perms2((shell.tmpdir, remote), execute=False)
        return remote


def _foreseen(result: Mapping[str, Any]) -> List[str]:
    """What a module says that it would do; none of what has another form."""
    listed = result.get("actions")
    each = listed if isinstance(listed, list) else []
    return [str(one["does"]) for one in each if isinstance(one, Mapping) and "does" in one]


class NvmlActionBase(HostActionBase):
    """Runs the module; where the host has no pynvml, runs it again with the controller's copy beside it.

    A prepared host costs one round trip. A host that was never prepared needs nothing installed, so that check mode
    and preflight work on it too.
    """

    def run_with(self, run_module: RunModule) -> Dict[str, Any]:
        result = super().run_with(run_module)
        if not lacks_pynvml(result) or self._task.args.get("pynvml_path"):
            return result
        pynvml = host_archive.pynvml()
        if not pynvml:
            return self.without_pynvml(result, run_module)
        return run_module({"pynvml_path": self.send(host_archive.archive(pynvml))})

    def without_pynvml(self, result: Dict[str, Any], _run_module: RunModule) -> Dict[str, Any]:
        """What is done where the controller has none either: the module's own answer says what to do."""
        return result


def lacks_pynvml(result: Mapping[str, Any]) -> bool:
    """Whether the host has no pynvml, or one that does not fit its driver."""
    statuses = [result.get("nvml_status")] + [entry.get("status") for entry in result.get("unread", [])]
    return MISSING in statuses
