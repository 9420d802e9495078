# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts that a run is for."""

from __future__ import annotations

from typing import Any, List, Sequence

from ansible.errors import AnsibleError

from ...module_utils.common import lines
from ...module_utils.common.errors import EdgesiteError


def hosts(patterns: Sequence[str], hostvars: Any, limited: bool = True) -> List[str]:
    """Those that the patterns match and --limit leaves. Asks no variable of a host, which a host may have changed.

    limited: false for those that --limit takes away too.
    """
    try:
        matched = hostvars._inventory.get_hosts(list(patterns), ignore_limits=not limited, ignore_restrictions=True)
        found = [host.name for host in matched]
    except AnsibleError as error:
        raise EdgesiteError(
            "The hosts cannot be chosen: {0}".format(lines.in_one(str(error))),
            "Correct edgesite_hosts or --limit; 'ansible-inventory --graph' shows the groups and hosts",
        ) from error
    if not found:
        raise EdgesiteError(
            "The run has no hosts, so it would do nothing",
            "Check edgesite_hosts (default: the group edgesite), --limit and -i; "
            "'ansible-inventory --graph' shows the groups and hosts of the inventory",
        )
    return found
