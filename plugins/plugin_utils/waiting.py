# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions that wait for what their module has begun on the host, and show how far it is."""

from __future__ import annotations

import time
from typing import Any, Dict, Mapping

from ansible.errors import AnsibleConnectionFailure

from .actions import HostActionBase, RunModule

# How long a link may be broken before the task gives up; what was begun goes on.
LINK_SECONDS = 300.0
_PAUSE = 5.0


class WaitingActionBase(HostActionBase):
    """Runs the module again with the option job for as long as it returns one."""

    def run_with(self, run_module: RunModule) -> Dict[str, Any]:
        result = super().run_with(run_module)
        while result.get("busy"):
            # The host is another run's until that is done.
            self._waited(result, run_module)
            result = super().run_with(run_module)
        return self._waited(result, run_module)

    def _waited(self, result: Dict[str, Any], run_module: RunModule) -> Dict[str, Any]:
        shown = ""
        while "job" in result:
            shown = self._show(result, shown)
            result = self._asked(result["job"], run_module)
        return result

    def _asked(self, job: str, run_module: RunModule) -> Dict[str, Any]:
        """How far a job is, also where the link is broken for a while."""
        end = time.monotonic() + LINK_SECONDS
        while True:
            try:
                return run_module({"job": job})
            except AnsibleConnectionFailure as error:
                if time.monotonic() >= end:
                    raise
                self.say("the connection is lost ({0}); the work continues there".format(error))
                time.sleep(_PAUSE)
                self._connection.reset()
                # What was sent there may be gone.
                self._connection._shell.tmpdir = None

    def _show(self, result: Mapping[str, Any], shown: str) -> str:
        doing = str(result.get("doing", ""))
        if doing != shown:
            whose = "another run is in progress: " if result.get("busy") else ""
            self.say("{0}{1} ({2} s)".format(whose, doing, result.get("seconds", 0)))
        return doing
