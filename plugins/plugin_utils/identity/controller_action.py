# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Base of the action plugins that work on the controller alone."""

from __future__ import annotations

from ansible.plugins.action import ActionBase

from ...module_utils.core.errors import EdgesiteError
from . import crypto


class ControllerActionBase(ActionBase):
    """Checks the options against OPTIONS, and turns errors into the task's failure. Nothing reaches the host."""

    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False
    OPTIONS: dict = {}

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(self.OPTIONS)
        try:
            if crypto.MISSING:
                raise EdgesiteError(
                    "The controller's Python lacks the library cryptography: {0}".format(crypto.MISSING),
                    "Install it for the Python that runs ansible: pip install 'cryptography>=42'",
                )
            result.update(self.work(options, task_vars or {}))
        except EdgesiteError as error:
            result.update(error.details, failed=True, msg=str(error))
        return result

    def work(self, options, task_vars):
        """The task's result."""
        raise NotImplementedError
