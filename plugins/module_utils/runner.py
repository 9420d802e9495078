# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Ansible side of a module that changes a host."""

from __future__ import annotations

import traceback
from typing import Any, Callable, Dict, Iterable, Optional

from ansible.module_utils.basic import AnsibleModule

from .common.errors import EdgesiteError
from .common.host import job
from .converge import ApplyError, Domain, Note, Outcome, converge, converge_all, unheard

# Results for programs, and the attributes of errors that they are from
WAIT_SECONDS = 20.0
_STATUSES = {"nvml_status": "status", "tpm_status": "tpm_status"}


def run(module: AnsibleModule, make_domain: Callable[[], Domain[Any, Any]]) -> None:
    """Converges the domain and ends the module."""
    end(module, result(lambda: converge(make_domain(), check=module.check_mode), module._verbosity))


def run_all(
    make_domains: Callable[[], Iterable[Domain[Any, Any]]], check: bool, verbosity: int, note: Note = unheard
) -> Dict[str, Any]:
    """Converges the domains one after the other; the module's result. See result()."""
    return result(lambda: converge_all(make_domains(), check, note), verbosity)


def run_apart(module: AnsibleModule, name: str, work: Callable[[Note], Dict[str, Any]]) -> None:
    """Has work(note) done by a process that outlives the module, one of the name at a time; ends with its result.

    Where that takes longer than a moment the module ends before it, with job, to be run again with that option
    (plugin_utils/waiting.py). busy: the job is another run's. In check mode nothing is changed, and nothing outlives.
    """
    if module.check_mode:
        end(module, work(unheard))
    busy = False
    try:
        try:
            begun = module.params["job"] or job.begin(name, work)
        except job.Busy as other:
            begun, busy = other.progress.id, True
        progress = job.wait(name, begun, WAIT_SECONDS)
    except EdgesiteError as error:
        fail(module, error)
    else:
        if progress.result is not None and not busy:
            end(module, progress.result)
        module.exit_json(changed=False, job=begun, busy=busy, doing=progress.doing, seconds=int(progress.seconds))


def end(module: AnsibleModule, answer: Dict[str, Any]) -> None:
    """Ends the module with a result."""
    if answer.get("failed"):
        module.fail_json(**answer)
    else:
        module.exit_json(**answer)


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


def fail(module: AnsibleModule, error: EdgesiteError) -> None:
    """Ends the module with the error's message and what it knows besides."""
    module.fail_json(**failure(error, module._verbosity))


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
    return {"failed": True, "msg": str(error), **details}


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
