# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role driver's judgements, on the controller."""

from __future__ import annotations

import base64

from ansible.errors import AnsibleFilterError

from ..module_utils.common.errors import EdgesiteError
from ..module_utils.driver import activate, apt, files, openpgp
from ..module_utils.driver import plan as driver_plan


def driver_files_asked(_source):
    """The files whose checksums the plan needs."""
    return files.paths()


def driver_plan_of(info, host, variables):
    """What the role does on a host."""
    return driver_plan.plan(info, host, variables)


def driver_choice(madison, plan):
    """Versions to install, or the problem."""
    return _judged("arguments", apt.choose, madison, plan)


def driver_transaction(output, free, plan):
    """The problem with what apt would do, or an empty string."""
    try:
        # apt complains of some disks too, but not of all
        apt.check_space(output, free, plan["dkms"])
        apt.check_transaction(output, plan["held"])
    except EdgesiteError as error:
        return str(error)
    return ""


def driver_key_problem(key, file):
    """Why a key that the host got is not trusted, or an empty string. key: base64."""
    try:
        found = openpgp.fingerprints(base64.b64decode(key))
        files.check_fingerprint(file["url"], found, file["fingerprint"])
    except EdgesiteError as error:
        return str(error)
    return ""


def driver_complaints(output):
    """What apt complains about, as one text."""
    return " ".join(apt.error_lines(output))


def driver_failure(result):
    """What failed, from the result of a task."""
    return apt.failure(result)


def driver_activation(info, services, allow_reboot=False, local=False, reloaded=False):
    """How the installed driver comes to run."""
    return activate.activation(info, services, allow_reboot, local, reloaded)


def driver_end(result, info, activation, done):
    """What the result says once the driver was brought to run, or could not be."""
    return activate.end(result, info, activation, done)


def driver_foreseen(result, info, activation, installs=False):
    """What the result says in check mode."""
    return activate.foreseen(result, info, activation, installs)


def driver_outcome(info, before, begun, repaired=False):
    """What is left after an installation that failed."""
    return activate.outcome(info, before, begun, repaired)


def driver_key(path):
    """A file on the controller as base64."""
    try:
        with open(path, "rb") as file:
            return base64.b64encode(file.read()).decode("ascii")
    except OSError as error:
        raise AnsibleFilterError("driver_mirror.key {0} cannot be read: {1}".format(path, error.strerror)) from error


def driver_fetched(answer):
    """What came from an address as a file to write."""
    return {"path": answer["item"]["path"], "content": answer["content"]}


def _judged(name, function, *arguments):
    try:
        return {name: function(*arguments), "problem": ""}
    except EdgesiteError as error:
        return {name: [], "problem": str(error)}


class FilterModule:
    """The filters of this file."""

    def filters(self):
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
