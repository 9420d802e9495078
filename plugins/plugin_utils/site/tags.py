# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The layers that the tags of a run select."""

from __future__ import annotations

import contextlib
from typing import Any, Callable, Iterable, List, Mapping, Set

from ...module_utils.common.errors import EdgesiteError
from ...module_utils.site.layers import LAYERS
from .alike import nearest
from .specifications import PLAYBOOKS
from .variables import read

ALLOWED = "edgesite_tags_allowed"
_LAYERS = [layer.name for layer in LAYERS]
_OURS = ["facts", *_LAYERS, "report"]
_EVERYTHING = {"all", "tagged"}
_ANSIBLES = {*_EVERYTHING, "always", "never", "untagged"}


def layers(
    run: Mapping[str, Any],
    of_task: Iterable[str],
    given: Mapping[str, Mapping[str, Any]],
    guard: Callable[[str], None],
) -> List[str]:
    """Their names. run: variables with the run's tags, which no host can change.

    of_task: the tags of the checking task, which has those of playbooks that import ours too. given: the variables of
    hosts. guard: raises where a host's facts stand in for them.
    """
    wanted = set(run.get("ansible_run_tags") or ["all"])
    skipped = set(run.get("ansible_skip_tags") or [])
    known = {*_OURS, *_ANSIBLES, *of_task}
    unknown = wanted - known
    # Anybody may skip tags that a run does not have; one that is nearly ours would do what was to be left out.
    unknown |= {tag for tag in skipped - known if nearest(tag, _OURS)}
    if unknown:
        unknown -= _allowed(given, guard)
    if unknown:
        raise EdgesiteError(
            "No task of this collection has the tag {0}".format(", ".join(sorted(unknown))),
            "Correct --tags or --skip-tags: the tags are {0}; add tags of your own playbooks to {1}".format(
                ", ".join(_OURS), ALLOWED
            ),
        )
    everything = wanted & {*_EVERYTHING, *of_task} - {"always"}
    return [name for name in _LAYERS if (everything or name in wanted) and name not in skipped]


def _allowed(given: Mapping[str, Mapping[str, Any]], guard: Callable[[str], None]) -> Set[str]:
    """The tags that variables of any host allow."""
    found: Set[str] = set()
    for host in given:
        with contextlib.suppress(EdgesiteError):
            guard(host)
            found.update(read(given[host], {ALLOWED: PLAYBOOKS[ALLOWED]}).values.get(ALLOWED, ()))
    return found
