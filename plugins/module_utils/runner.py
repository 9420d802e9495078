# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Ansible side of a module that changes a host."""

from __future__ import annotations

from typing import Any, Callable, Dict

from ansible.module_utils.basic import AnsibleModule

from .common.errors import EdgesiteError
from .common.host import job
from .converge import Domain, Note, converge, unheard
from .outcome import failure, result

WAIT_SECONDS = 20.0


def run(module: AnsibleModule, make_domain: Callable[[], Domain[Any, Any]]) -> None:
    """Converges the domain and ends the module."""
    end(module, result(lambda: converge(make_domain(), check=module.check_mode), module._verbosity))


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


def fail(module: AnsibleModule, error: EdgesiteError) -> None:
    """Ends the module with the error's message and what it knows besides."""
    module.fail_json(**failure(error, module._verbosity))
