# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The layers that the tags of a run select."""

from __future__ import annotations

from typing import Any, Iterable, List, Mapping

from ...module_utils.common.errors import EdgesiteError
from ...module_utils.site.layers import LAYERS
from .alike import nearest

ALLOWED = "edgesite_tags_allowed"
_LAYERS = [layer.name for layer in LAYERS]
_OURS = ["facts", *_LAYERS, "report"]
_EVERYTHING = {"all", "tagged"}
_ANSIBLES = {*_EVERYTHING, "always", "never", "untagged"}


def layers(variables: Mapping[str, Any], of_task: Iterable[str]) -> List[str]:
    """Their names. of_task: the tags of the checking task, which has those of playbooks that import ours too."""
    wanted = set(variables.get("ansible_run_tags") or ["all"])
    skipped = set(variables.get("ansible_skip_tags") or [])
    known = {*_OURS, *_ANSIBLES, *of_task, *(variables.get(ALLOWED) or [])}
    unknown = wanted - known
    # Anybody may skip tags that a run does not have; one that is nearly ours would do what was to be left out.
    unknown |= {tag for tag in skipped - known if nearest(tag, _OURS)}
    if unknown:
        raise EdgesiteError(
            "No task of this collection has the tag {0}".format(", ".join(sorted(unknown))),
            "Correct --tags or --skip-tags: the tags are {0}; add tags of your own playbooks to {1}".format(
                ", ".join(_OURS), ALLOWED
            ),
        )
    everything = wanted & {*_EVERYTHING, *of_task} - {"always"}
    return [name for name in _LAYERS if (everything or name in wanted) and name not in skipped]
