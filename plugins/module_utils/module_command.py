# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a module runs programs: by AnsibleModule.run_command, which knows neither a time limit nor an empty input."""

from __future__ import annotations

import signal
import time
from typing import Optional, Sequence

from ansible.module_utils.basic import AnsibleModule

from .backends.command import Result, Run, not_started, unanswered

# run_command would leave a program the module's own input, which may be a terminal
_WITHOUT_INPUT = ("/bin/sh", "-c", 'exec "$@" </dev/null', "sh")
# How timeout(1) ends after it ended the program: by SIGTERM, or by SIGKILL, which it sends itself as well
_ENDED = (124, 128 + signal.SIGKILL, -signal.SIGKILL)
# timeout(1), or the shell before it, could not start the program; both say why on standard error
_NOT_STARTED = (125, 126, 127)


def command_runner(module: AnsibleModule) -> Run:
    """Runs programs for this module, also in several threads at once."""

    def run(argv: Sequence[str], data: Optional[bytes] = None, timeout: float = 10.0) -> Result:
        limited = ["timeout", "--kill-after=2", "{0:g}".format(timeout), *argv]
        began = time.monotonic()
        try:
            rc, stdout, stderr = module.run_command(
                limited if data else [*_WITHOUT_INPUT, *limited],
                data=data,
                binary_data=True,
                encoding=None,
                environ_update={"LC_ALL": "C", "LANGUAGE": "C"},
                expand_user_and_vars=False,
                # else it would end the module, from whatever thread
                handle_exceptions=False,
            )
        except OSError as error:
            return not_started(argv, error)
        # a program may end so by itself, but then it does so earlier
        if rc in _ENDED and time.monotonic() - began >= timeout:
            return unanswered(argv, timeout)
        return Result(None if rc in _NOT_STARTED else rc, stdout, stderr.decode("utf-8", "replace"))

    return run
