# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a plan may be applied by this run, and to which of its hosts."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Dict, List, Mapping, NamedTuple, Sequence, Tuple

from ...module_utils.common.errors import EdgesiteError, shown
from ...module_utils.site import plan_file
from . import plan_time
from .plan_store import new_plan

# Of the names in a message
_MOST_NAMES = 5


class Run(NamedTuple):
    """collection: its version. inventory: all of its hosts. hosts: those of the run."""

    collection: str
    now: datetime
    inventory: Sequence[str]
    hosts: Sequence[str]
    tags: Sequence[str]


class Share(NamedTuple):
    """apply: hosts of this run that the plan is for. left_out: by host, why the plan leaves it out."""

    apply: Tuple[str, ...]
    left_out: Mapping[str, str]


def head(run: Run, limit: Sequence[str], expires: Any) -> Dict[str, Any]:
    """What a plan says of the run that makes it. expires: edgesite_plan_expires."""
    return {
        "collection": run.collection,
        "made": plan_time.text(run.now),
        "expires": plan_time.text(plan_time.end(expires, run.now)),
        "inventory": plan_file.inventory(run.inventory),
        "limit": list(limit),
        "tags": _tags(run),
    }


def verify(path: str, document: Mapping[str, Any], run: Run) -> Share:
    """The hosts to apply the plan to. Raises EdgesiteError where it is not for this run."""
    _check_version(path, document, run)
    _check_times(path, document, run)
    _check_inventory(path, document, run)
    _check_tags(path, document, run)
    return _share(path, document["hosts"], run)


def _check_version(path: str, document: Mapping[str, Any], run: Run) -> None:
    made = document["collection"]
    if made != run.collection:
        raise EdgesiteError(
            "The plan {0} was made by edgesite.gpu {1}, and this controller has {2}, to which its actions may mean "
            "something else".format(path, made, run.collection),
            "{0}. Or install that version: ansible-galaxy collection install --force edgesite.gpu:=={1}".format(
                new_plan(path), made
            ),
        )


def _check_times(path: str, document: Mapping[str, Any], run: Run) -> None:
    made, expires = (_time(path, document, name) for name in ("made", "expires"))
    if run.now < made:
        raise EdgesiteError(
            "The plan {0} was made at {1}, but by this controller's clock it is {2}".format(
                path, document["made"], plan_time.text(run.now)
            ),
            "Set the clock (chrony, systemd-timesyncd) of this controller, or of the one that made the plan",
        )
    if run.now >= expires:
        raise EdgesiteError(
            "The plan {0} has expired: it was to be applied before {1}".format(path, document["expires"]),
            "{0}; -e edgesite_plan_expires=7d gives it more time".format(new_plan(path)),
        )


def _time(path: str, document: Mapping[str, Any], name: str) -> datetime:
    try:
        return plan_time.read(document[name])
    except ValueError as error:
        raise EdgesiteError(
            "The plan {0} was changed: {1} is {2}, which is no time".format(path, name, shown(document[name])),
            new_plan(path),
        ) from error


def _check_inventory(path: str, document: Mapping[str, Any], run: Run) -> None:
    if document["inventory"] == plan_file.inventory(run.inventory):
        return
    foreign = [host for host in document["hosts"] if host not in set(run.inventory)]
    raise EdgesiteError(
        "The plan {0} was made for another inventory, or hosts of this one have come or gone since{1}".format(
            path, ": it has no {0}".format(_named(foreign)) if foreign else ""
        ),
        "Give the inventory of the plan run. {0}".format(new_plan(path)),
    )


def _check_tags(path: str, document: Mapping[str, Any], run: Run) -> None:
    planned, tags = document["tags"], _tags(run)
    if planned != tags:
        raise EdgesiteError(
            "The plan {0} was made {1}, and this run is {2}".format(path, _with_tags(planned), _with_tags(tags)),
            "Run with the same tags: {0}".format("--tags " + ",".join(planned) if planned else "without --tags"),
        )


def _tags(run: Run) -> List[str]:
    """Without that which Ansible itself adds where --tags is not given."""
    return sorted(set(run.tags) - {"all"})


def _with_tags(tags: Sequence[str]) -> str:
    return "with --tags {0}".format(",".join(tags)) if tags else "without --tags"


def _share(path: str, planned: Mapping[str, Any], run: Run) -> Share:
    here = [host for host in run.hosts if host in planned]
    if not here:
        raise EdgesiteError(
            "The plan {0} is for none of this run's hosts: it has {1}".format(path, _named(planned) or "no hosts"),
            "Give the --limit with which the plan was made. {0}".format(new_plan(path)),
        )
    return Share(
        tuple(host for host in here if planned[host]["apply"]),
        {host: planned[host]["why"] for host in here if not planned[host]["apply"]},
    )


def _named(hosts: Any) -> str:
    """Some of them; a plan may have thousands."""
    found = sorted(hosts)
    more = len(found) - _MOST_NAMES
    return ", ".join(found[:_MOST_NAMES]) + (" and {0} more".format(more) if more > 0 else "")
