# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan file that a run applies, as far as it is for the task's host."""

from __future__ import annotations

from typing import Any, Dict, NamedTuple, Optional, Sequence

from ...module_utils.common.errors import EdgesiteError
from ..actions import HostActionBase
from . import plan_proof, plan_run, plan_store, this_run

_FILE = "edgesite_plan_file"


class Planned(NamedTuple):
    """entry: of the host, as plan_file.entry has it; None where the plan is not for it. why: then, why not."""

    entry: Optional[Dict[str, Any]]
    why: str = ""
    failed: bool = False


def of(base: HostActionBase) -> Optional[Planned]:
    """None where the run has no plan. Raises EdgesiteError where the plan is not for this run."""
    path = _given(base, _FILE)
    if not path:
        return None
    proof = plan_proof.given(_given(base, "edgesite_plan_key"), _given(base, "edgesite_plan_sha256"))
    document = plan_store.read(path, proof)
    share = plan_run.verify(path, document, this_run.of(base.variables))
    host = base.variables["inventory_hostname"]
    if host in share.apply:
        return Planned(document["hosts"][host])
    if host in share.left_out:
        return Planned(None, "The plan leaves {0} out: {1}".format(host, share.left_out[host]), failed=True)
    return Planned(None, "{0} is not in the plan, and was left as it is".format(host))


def refused(base: HostActionBase, differs: Sequence[str]) -> EdgesiteError:
    """Why a host is left as it is, or where it stopped."""
    return EdgesiteError(
        "The plan does not fit: {0}".format("; ".join(differs)), plan_store.new_plan(_given(base, _FILE))
    )


def _given(base: HostActionBase, name: str) -> Any:
    return base.templar.template(base.variables.get(name, ""))
