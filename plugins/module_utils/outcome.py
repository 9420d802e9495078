# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of a run as modules return it, for the Ansible side and for who looks at a whole host."""

from __future__ import annotations

import traceback
from typing import Any, Callable, Dict, Iterable, List, Optional, Sequence

from .common.errors import EdgesiteError
from .converge import ApplyError, Domain, Note, Outcome, converge_all, unheard

# Results for programs, and the attributes of errors that they are from
_STATUSES = {"nvml_status": "status", "tpm_status": "tpm_status"}


def run_all(
    make_domains: Callable[[], Iterable[Domain[Any, Any]]], check: bool, verbosity: int, note: Note = unheard
) -> Dict[str, Any]:
    """Converges the domains one after the other; the module's result. See result()."""
    return result(lambda: converge_all(make_domains(), check, note), verbosity)


def result(work: Callable[[], Outcome], verbosity: int = 0) -> Dict[str, Any]:
    """What a module returns of a run, also of one that fails."""
    try:
        outcome = work()
    except EdgesiteError as error:
        return failure(error, verbosity)
    return {
        "changed": bool(outcome.actions),
        "actions": outcome.actions,
        "before": outcome.before,
        "after": outcome.after,
        "diff": {"before": outcome.before, "after": outcome.after},
        **outcome.extras,
    }


def failure(error: EdgesiteError, verbosity: int) -> Dict[str, Any]:
    """What a module returns of an error. Call it where the error is being handled, for its traceback."""
    details: Dict[str, Any] = dict(error.details)
    if isinstance(error, ApplyError):
        details = {**details, "changed": not error.undone, "undone": error.undone, "actions": error.done}
    for result, attribute in _STATUSES.items():
        status = _status(error, attribute)
        if status:
            details[result] = status
    if verbosity >= 3:
        details["exception"] = traceback.format_exc()
    return {"failed": True, "msg": str(error), "problems": listed(error.parts or [error]), **details}


def listed(errors: Sequence[EdgesiteError]) -> List[Dict[str, str]]:
    """Errors for who shows each with its own fix."""
    return [{"problem": one.problem, "fix": one.fix} for one in errors]


def _status(error: Optional[BaseException], attribute: str) -> Optional[str]:
    """What the hardware's library said, where its error is the error or at the root of it."""
    while error is not None:
        status = getattr(error, attribute, None)
        if status:
            return str(status)
        error = error.__cause__
    return None


def given(options: Dict[str, Any]) -> Dict[str, Any]:
    """The options that were given: Ansible fills in None for the others."""
    return {
        key: given(value) if isinstance(value, dict) else value for key, value in options.items() if value is not None
    }
