# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A TPM does one thing at a time, and some do it slowly: who comes at a bad moment waits.

One that hangs is not asked twice: each tool would wait as long as the one before.
"""

from __future__ import annotations

import time
from typing import List, Mapping, Optional, Sequence

from ...common.host.command import SECONDS as PROGRAM_SECONDS
from ...common.host.command import Result, Run
from ...common.unanswered import Unanswered
from .. import errors

SECONDS = 20.0
_PAUSE = 0.1
_LONGEST_PAUSE = 1.0


def patient(run: Run, seconds: float = SECONDS) -> Run:
    """Runs TPM tools again, for so many seconds, while the TPM says it is busy or another program holds it."""
    silent: List[Unanswered] = []

    def run_patiently(
        argv: Sequence[str],
        data: Optional[bytes] = None,
        timeout: float = PROGRAM_SECONDS,
        environment: Optional[Mapping[str, str]] = None,
    ) -> Result:
        if silent:
            raise silent[0]
        end = time.monotonic() + seconds
        pause = _PAUSE
        while True:
            try:
                answer = run(argv, data, timeout, environment)
            except Unanswered as error:
                silent.append(error)
                raise
            error = None if answer.ok else errors.explain(answer.error)
            if error is None or not error.passes or time.monotonic() + pause > end:
                return answer
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    return run_patiently
