# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role driver's judgements, on the controller."""

from __future__ import annotations

import base64
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence

from ansible.errors import AnsibleFilterError

from ..module_utils.common.errors import EdgesiteError
from ..module_utils.driver import activate, apt, files, openpgp
from ..module_utils.driver import plan as driver_plan


def driver_files_asked(_source: Any) -> List[str]:
    """The files whose checksums the plan needs."""
    return files.paths()


def driver_plan_of(
    info: Mapping[str, Any], host: Mapping[str, Optional[str]], variables: Mapping[str, Any]
) -> Dict[str, Any]:
    """What the role does on a host."""
    return driver_plan.plan(info, host, variables)


def driver_choice(madison: str, plan: Mapping[str, Any]) -> Dict[str, Any]:
    """Versions to install, or the problem."""
    try:
        return {"arguments": apt.choose(madison, plan), "problem": ""}
    except EdgesiteError as error:
        return {"arguments": [], "problem": str(error)}


def driver_transaction(output: str, free: str, plan: Mapping[str, Any]) -> str:
    """The problem with what apt would do, or an empty string."""
    try:
        # apt complains of some disks too, but not of all
        apt.check_space(output, free, plan["dkms"])
        apt.check_transaction(output, plan["held"])
    except EdgesiteError as error:
        return str(error)
    return ""


def driver_key_problem(key: str, file: Mapping[str, Any]) -> str:
    """Why a key that the host got is not trusted, or an empty string. key: base64."""
    try:
        found = openpgp.fingerprints(base64.b64decode(key))
        files.check_fingerprint(file["url"], found, file["fingerprint"])
    except EdgesiteError as error:
        return str(error)
    return ""


def driver_complaints(output: str) -> str:
    """What apt complains about, as one text."""
    return " ".join(apt.error_lines(output))


def driver_failure(result: Mapping[str, Any]) -> str:
    """What failed, from the result of a task."""
    return apt.failure(result)


def driver_activation(
    info: Mapping[str, Any],
    services: Sequence[str],
    allow_reboot: bool = False,
    local: bool = False,
    reloaded: bool = False,
) -> Dict[str, Any]:
    """How the installed driver comes to run."""
    return activate.activation(info, services, allow_reboot, local, reloaded)


def driver_end(
    result: Mapping[str, Any], info: Mapping[str, Any], activation: Mapping[str, Any], done: Sequence[str]
) -> Dict[str, Any]:
    """What the result says once the driver was brought to run, or could not be."""
    return activate.end(result, info, activation, done)


def driver_foreseen(
    result: Mapping[str, Any], info: Mapping[str, Any], activation: Mapping[str, Any], installs: bool = False
) -> Dict[str, Any]:
    """What the result says in check mode."""
    return activate.foreseen(result, info, activation, installs)


def driver_outcome(info: Mapping[str, Any], before: Mapping[str, Any], begun: bool, repaired: bool = False) -> str:
    """What is left after an installation that failed."""
    return activate.outcome(info, before, begun, repaired)


def driver_key(path: str) -> str:
    """A file on the controller as base64."""
    try:
        with open(path, "rb") as file:
            return base64.b64encode(file.read()).decode("ascii")
    except OSError as error:
        raise AnsibleFilterError("driver_mirror.key {0} cannot be read: {1}".format(path, error.strerror)) from error


def driver_fetched(answer: Mapping[str, Any]) -> Dict[str, str]:
    """What came from an address as a file to write."""
    return {"path": answer["item"]["path"], "content": answer["content"]}


class FilterModule:
    """The filters of this file."""

    def filters(self) -> Dict[str, Callable[..., Any]]:
        """By name."""
        return {
            "driver_files": driver_files_asked,
            "driver_plan": driver_plan_of,
            "driver_choice": driver_choice,
            "driver_transaction": driver_transaction,
            "driver_key_problem": driver_key_problem,
            "driver_complaints": driver_complaints,
            "driver_failure": driver_failure,
            "driver_activation": driver_activation,
            "driver_end": driver_end,
            "driver_foreseen": driver_foreseen,
            "driver_outcome": driver_outcome,
            "driver_key": driver_key,
            "driver_fetched": driver_fetched,
        }
