# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes, for each task and host, how long it took and whether it went to the host, into $TASK_TIMES_FILE."""

from __future__ import annotations

import json
import os
import time

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: task_times
type: aggregate
short_description: Times of tasks by host
description: Writes them as JSON.
"""

# Actions that run on the controller alone.
CONTROLLER_ONLY = {
    "debug",
    "fail",
    "set_fact",
    "site_check",
    "site_plan",
    "include_role",
    "import_role",
    "validate_argument_spec",
    "assert",
    "meta",
    "identity_device",
    "tpm_credential",
    "tpm_certificate",
}


class CallbackModule(CallbackBase):
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "task_times"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self):
        super().__init__()
        self._started = {}
        self._rows = []

    def v2_runner_on_start(self, host, task):
        self._started[(host.get_name(), task._uuid)] = time.monotonic()

    def v2_runner_on_ok(self, result):
        self._take(result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._take(result)

    def _take(self, result):
        now = time.monotonic()
        host, task = result._host.get_name(), result._task
        action = task.action.rsplit(".", 1)[-1]
        self._rows.append(
            {
                "host": host,
                "role": task._role.get_name() if task._role else "",
                "task": task.get_name(),
                "action": action,
                "seconds": now - self._started[(host, task._uuid)],
                "reaches_host": action not in CONTROLLER_ONLY and host != "localhost",
                "changed": bool(result._result.get("changed")),
            }
        )

    def v2_playbook_on_stats(self, stats):
        with open(os.environ["TASK_TIMES_FILE"], "w", encoding="utf-8") as stream:
            json.dump(self._rows, stream)
