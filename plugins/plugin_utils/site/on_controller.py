# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with what variables name on the controller: files, folders, keys and passphrases."""

from __future__ import annotations

import functools
import os
from typing import Any, Callable, Dict, List, Optional, Sequence

from ...module_utils.common.errors import EdgesiteError, combined
from ...module_utils.mig import parted
from ...module_utils.storage import volume
from .. import controller_file, parted_file
from . import ca_on_controller, plan_proof, plan_store, plan_time
from .meaning import Values, with_key

# The path that a task would find a file by, from the path in a variable
Find = Callable[[str], str]
Checks = Sequence[Callable[[], Any]]

_OWNER = "Set another path, or give the folder to the user who runs the playbook: 'chown USER {0}' on the controller"


def problems(layer: str, values: Values, find: Find) -> List[EdgesiteError]:
    """All that is wrong there."""
    checks = _LAYERS.get(layer)
    return _wrong(checks(values, find) if checks else [])


def _wrong(checks: Checks) -> List[EdgesiteError]:
    found: List[EdgesiteError] = []
    for check in checks:
        try:
            check()
        except EdgesiteError as error:
            found += error.parts or [error]
    return found


def report(path: Optional[str]) -> List[EdgesiteError]:
    """What is wrong with the place of the report, where one is wanted."""
    return _wrong([lambda: _folder_of("edgesite_report_file", path)] if path else [])


def _folder_of(name: str, path: str) -> None:
    """Raises where the folder of a file is not there, or cannot be written to."""
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise EdgesiteError(
            "{0} is {1}, in a folder that does not exist".format(name, path),
            "Set another path, or run 'mkdir -p {0}' on the controller".format(folder),
        )
    if not os.access(folder, os.W_OK):
        raise EdgesiteError(
            "{0} is {1}, in a folder that cannot be written to".format(name, path), _OWNER.format(folder)
        )


def plan(values: Values, given: Sequence[str]) -> List[EdgesiteError]:
    """What is wrong with the variables for keeping and applying plans. given: the names of all that are set."""
    checks: List[Callable[[], Any]] = []
    if values.get("edgesite_plan_out"):
        checks.append(lambda: _plan_out(values["edgesite_plan_out"]))
    if "edgesite_plan_expires" in values:
        checks.append(lambda: plan_time.end(values["edgesite_plan_expires"], plan_time.now()))
    checks += [functools.partial(_not_empty, name) for name in _PLANNED if values.get(name) == ""]
    # What is wrong with their form is said already.
    if set(_PROOF) & set(given) <= set(values):
        checks.append(lambda: _proof(values))
    return _wrong(checks)


_FILE, _SHA256 = "edgesite_plan_file", "edgesite_plan_sha256"
# Empty where a pipeline's own variable is: it means to apply a plan, and would do without.
_PLANNED = (_FILE, _SHA256)
_PROOF = ("edgesite_plan_key", _SHA256)
_NAME_IT = "Set {0} to what the plan run printed, or remove it to run without a plan"


def _plan_out(path: str) -> None:
    _folder_of("edgesite_plan_out", path)
    plan_store.check_writable(path)


def _not_empty(name: str) -> None:
    raise EdgesiteError(
        "{0} is empty, so a run would not go by the plan that was approved".format(name), _NAME_IT.format(name)
    )


def _proof(values: Values) -> None:
    proof = [values.get(name) for name in _PROOF]
    if values.get(_FILE) or any(proof):
        plan_proof.given(*proof)
    if values.get(_SHA256) and _FILE not in values:
        raise EdgesiteError(
            "edgesite_plan_sha256 is set without edgesite_plan_file, so a run would do what nobody has approved",
            _NAME_IT.format(_FILE),
        )


def _driver(values: Values, _find: Find) -> Checks:
    mirror = values["driver_mirror"]
    return [lambda: with_key(mirror, values["driver_source"])] if mirror else []


def _mig(values: Values, find: Find) -> Checks:
    path = values["mig_from_file"]

    def check() -> None:
        try:
            parted.check(parted_file.document(find(path), "mig_from_file"), values["mig_config"] or None)
        except EdgesiteError as error:
            if error.problem.startswith("mig_from_file"):
                raise
            raise combined([_in_file(path, one) for one in error.parts or [error]]) from error

    return [check] if path else []


def _in_file(path: str, error: EdgesiteError) -> EdgesiteError:
    return EdgesiteError("mig_from_file {0}: {1}".format(path, error.problem), error.fix)


def _storage(values: Values, find: Find) -> Checks:
    return [
        lambda: _unless_empty(values["storage_recovery_certificate"], lambda path: _recovery_certificate(find(path))),
        lambda: _unless_empty(values["storage_escrow_dir"], lambda path: _folder("storage_escrow_dir", path)),
    ]


def _unless_empty(path: str, check: Callable[[str], None]) -> None:
    """That a path is empty is said of the host."""
    if path.strip():
        check(path)


def _recovery_certificate(path: str) -> None:
    try:
        volume.fingerprint(controller_file.text(path))
    except (OSError, UnicodeDecodeError) as error:
        raise EdgesiteError(
            "storage_recovery_certificate {0} cannot be read: {1}".format(
                path, getattr(error, "strerror", None) or "it is not text"
            ),
            "Set it to the path of a certificate in PEM on the controller; docs/storage.md says how to make one",
        ) from error
    except EdgesiteError as error:
        raise EdgesiteError("storage_" + error.problem, error.fix) from error


def _folder(name: str, path: str) -> None:
    """Raises where a folder cannot be written to, or made."""
    place = os.path.abspath(path)
    while not os.path.lexists(place):
        place = os.path.dirname(place)
    if not os.path.isdir(place) or not os.access(place, os.W_OK | os.X_OK):
        raise EdgesiteError(
            "{0} is {1}, and {2} is not a folder that the playbook's user can write to".format(name, path, place),
            _OWNER.format(place) if os.path.isdir(place) else "Set another path, or move {0} away".format(place),
        )


def _identity(values: Values, _find: Find) -> Checks:
    return ca_on_controller.checks(values)


_LAYERS: Dict[str, Callable[[Values, Find], Checks]] = {
    "driver": _driver,
    "mig": _mig,
    "storage": _storage,
    "identity": _identity,
}
