# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""That what check mode says is what a run does: the same actions in the same order, and afterwards none."""

from __future__ import annotations

from ansible_collections.edgesite.gpu.plugins.plugin_utils.rebooting import RebootingActionBase
from ansible_collections.edgesite.gpu.tests.unit.plugins.plugin_utils.host_task import HostTask


def listed(result):
    """What a plan lists of actions; what they come after is over once they can be done."""
    assert not result.get("failed"), result
    return [(one["does"], one["disruption"], list(one["of"])) for one in result["actions"]]


def same(run):
    """run(check): the result of the module on a host. How many actions were planned and done; 0 where it refuses."""
    foretold = run(True)
    if foretold.get("failed"):
        refused = run(False)
        # What was done before that is told, too.
        assert refused.get("failed") and refused["msg"].startswith(foretold["msg"].split(".")[0]), (foretold, refused)
        return 0
    told = listed(foretold)
    done = listed(run(False))
    assert told == done, {"told": told, "done": done}
    left = listed(run(True))
    assert left == [], left
    return len(done)


class Task(HostTask):
    """A task of a module on a host in memory. module(check): what it returns. boot: the host reboots."""

    def __init__(self, module, boot, check, base=RebootingActionBase, **options):
        super().__init__(base, [], check=check, **options)
        self.module, self.boot, self.check = module, boot, check
        self.action.prepare = lambda: None

    def _module(self, _more):
        return self.module(self.check)

    def _other(self, name, arguments):
        if name == "ansible.builtin.reboot":
            assert not self.check
            self.boot()
        return super()._other(name, arguments)
