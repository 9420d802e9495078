# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules that run on the controller for a task that is a host's."""

from __future__ import annotations

import sys
from typing import Any, Dict, Mapping, Optional

from ansible import constants
from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

from ..module_utils.common.errors import EdgesiteError


class _Local(ActionBase):
    """Runs the task's module with its arguments."""

    def run(self, tmp: Optional[str] = None, task_vars: Optional[Mapping[str, Any]] = None) -> Dict[str, Any]:
        result: Dict[str, Any] = self._execute_module(task_vars=task_vars)
        self.cleanup(force=True)
        return result


def run_module(
    action: ActionBase, name: str, arguments: Mapping[str, Any], task_vars: Mapping[str, Any]
) -> Dict[str, Any]:
    """The result of a module that runs on the controller as the playbook's user, with the Python that runs Ansible."""
    task = action._task.copy()
    task.action, task.args, task.delegate_to, task.environment = name, dict(arguments), None, None
    play_context = action._play_context.copy()
    play_context.become, play_context.connection = False, "local"
    # Those of the inventory are the host's.
    play_context.executable, play_context.shell = constants.DEFAULT_EXECUTABLE, None
    local = _Local(
        task=task,
        connection=action._shared_loader_obj.connection_loader.get(
            "ansible.builtin.local", play_context, new_stdin=None
        ),
        play_context=play_context,
        loader=action._loader,
        templar=action._templar,
        shared_loader_obj=action._shared_loader_obj,
    )
    try:
        return local.run(task_vars={**task_vars, "ansible_python_interpreter": sys.executable})
    except AnsibleConnectionFailure as error:
        # which would be reported of the host
        raise EdgesiteError(
            "{0} cannot be run on the controller: {1}".format(name, error),
            "Check the controller's temporary folder (local_tmp, remote_tmp) and its free space",
        ) from error
