# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Ansible side of a module that changes a host."""

from __future__ import annotations

import traceback
from typing import Any, Callable, Dict, Optional

from ansible.module_utils.basic import AnsibleModule

from .common.errors import EdgesiteError
from .converge import ApplyError, Domain, converge

# Results for programs, and the attributes of errors that they are from
_STATUSES = {"nvml_status": "status", "tpm_status": "tpm_status"}


def run(module: AnsibleModule, make_domain: Callable[[], Domain[Any, Any]]) -> None:
    """Converges the domain and ends the module."""
    try:
        outcome = converge(make_domain(), check=module.check_mode)
    except EdgesiteError as error:
        fail(module, error)
    else:
        module.exit_json(
            changed=bool(outcome.actions),
            actions=outcome.actions,
            before=outcome.before,
            after=outcome.after,
            diff={"before": outcome.before, "after": outcome.after},
            **outcome.extras,
        )


def fail(module: AnsibleModule, error: EdgesiteError) -> None:
    """Ends the module with the error's message and what it knows besides."""
    details: Dict[str, Any] = dict(error.details)
    if isinstance(error, ApplyError):
        details = {**details, "changed": not error.undone, "undone": error.undone, "actions": error.done}
    for result, attribute in _STATUSES.items():
        status = _status(error, attribute)
        if status:
            details[result] = status
    if module._verbosity >= 3:
        details["exception"] = traceback.format_exc()
    module.fail_json(msg=str(error), **details)


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
