# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bases of the collection's action plugins."""

from __future__ import annotations

import os
import tempfile

from ansible.plugins.action import ActionBase

from . import host_archive

MISSING = "pynvml_missing"


class SendingActionBase(ActionBase):
    """Runs the module of the same name, and can send it a file first."""

    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        result.update(self.run_with(lambda more: self._run_module(task_vars, more)))
        return result

    def run_with(self, run_module):
        """The task's result; run_module(arguments) runs the module with these added to the task's own."""
        raise NotImplementedError

    def _run_module(self, task_vars, more):
        arguments = {**self._task.args, **more}
        return self._execute_module(module_name=self._task.action, module_args=arguments, task_vars=task_vars)

    def send(self, data):
        """Puts the data into a file in the task's temporary folder on the host; returns its path there."""
        shell = self._connection._shell
        if not shell.tmpdir:
            self._make_tmp_path()
        remote = shell.join_path(shell.tmpdir, "host-tools.zip")
        with tempfile.TemporaryDirectory() as folder:
            local = os.path.join(folder, "host-tools.zip")
            with open(local, "wb") as stream:
                stream.write(data)
            self._transfer_file(local, remote)
        self._fixup_perms2((shell.tmpdir, remote), execute=False)
        return remote


class NvmlActionBase(SendingActionBase):
    """Runs the module; where the host has no pynvml, runs it again with the controller's copy beside it.

    A prepared host costs one round trip. A host that was never prepared needs nothing installed, so that check mode
    and preflight work on it too.
    """

    def run_with(self, run_module):
        result = run_module({})
        if not _lacks_pynvml(result) or self._task.args.get("pynvml_path"):
            return result
        pynvml = host_archive.pynvml()
        # Without one on the controller either, the module's own answer says what to do.
        return run_module({"pynvml_path": self.send(host_archive.archive(pynvml))}) if pynvml else result


def _lacks_pynvml(result):
    statuses = [result.get("nvml_status")] + [entry.get("status") for entry in result.get("unread", [])]
    return MISSING in statuses
