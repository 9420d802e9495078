# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task whose module answers what a test says, on a host that nobody reaches."""

from __future__ import annotations

from types import SimpleNamespace


class HostTask:
    """answers: what the module says, run after run. others: what other actions say, by name."""

    def __init__(self, base, answers, others=None, check=False, transport="ssh", **options):
        self.answers = list(answers)
        self.others = others or {}
        self.ran = []
        self.action = base.__new__(base)
        self.action._task = SimpleNamespace(check_mode=check, args=options)
        self.action._connection = SimpleNamespace(transport=transport, _shell=SimpleNamespace(tmpdir="/tmp/old"))
        self.action._task_vars = {"inventory_hostname": "gpu-1"}
        self.action.run_action = self._other

    def result(self):
        """What the task ends with."""
        return self.action.run_with(self._module)

    def _module(self, _more):
        self.ran.append("module")
        return self.answers.pop(0)

    def _other(self, name, arguments):
        self.ran.append((name, arguments))
        return self.others.get(name, {"changed": True})
