# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For how long a site's CA and its revocation list are valid, before anything of them is created."""

from __future__ import annotations

from typing import Any, Mapping

from ansible.module_utils.common.validation import check_type_int

from ...module_utils.common import limits, writable
from ...module_utils.common.errors import EdgesiteError, shown


def check(days: Mapping[str, Any]) -> None:
    """Raises where a number of days is none that a certificate can have. days: by the names of their variables."""
    if not isinstance(days, Mapping):
        raise EdgesiteError(
            "site_ca_problem takes days by the names of their variables, as a mapping",
            "Write site_ca_problem(site_ca_dir, {'site_ca_crl_days': site_ca_crl_days})",
        )
    writable.check(days)
    for option, value in days.items():
        limits.days(str(option), _number(option, value), least=0 if str(option).endswith("_renew_before") else 1)


def _number(option: Any, value: Any) -> int:
    """A variable of the command line is text."""
    try:
        number: int = check_type_int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise EdgesiteError(
            "{0} is {1}, but has to be a whole number of days".format(option, shown(value)),
            "Set a number of days, such as 30",
        ) from error
    return number
