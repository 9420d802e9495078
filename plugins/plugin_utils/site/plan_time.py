# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a plan was made, and until when it may be applied."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Any

from ...module_utils.common.errors import EdgesiteError, shown

_DURATION = re.compile(r"([1-9][0-9]{0,5})([mhd])", re.ASCII)
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_LONGEST = timedelta(days=366)


def now() -> datetime:
    """The controller's clock, to the second."""
    return datetime.now(timezone.utc).replace(microsecond=0)


def text(moment: datetime) -> str:
    """As plans have it."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def read(written: str) -> datetime:
    """What text() wrote. Raises ValueError for anything else."""
    found = datetime.strptime(written, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    if text(found) != written:
        raise ValueError("it is not written as a plan has it")
    return found


def end(expires: Any, made: datetime) -> datetime:
    """Until when a plan may be applied that is made now, by edgesite_plan_expires."""
    found, seen = _end(str(expires).strip(), made), shown(expires)
    if found is None:
        raise EdgesiteError(
            "edgesite_plan_expires is {0}, but has to be a duration, or a date with its time zone".format(seen),
            "Write it like 90m, 24h, 7d or 2026-12-01T18:00:00Z",
        )
    if not made < found <= made + _LONGEST:
        raise EdgesiteError(
            "edgesite_plan_expires is {0}, but has to be in the future, and within a year".format(seen),
            "Write it like 24h or 7d; by this controller's clock it is {0}".format(text(made)),
        )
    return found


def _end(written: str, made: datetime) -> datetime | None:
    duration = _DURATION.fullmatch(written)
    if duration:
        return made + timedelta(**{_UNITS[duration[2]]: int(duration[1])})
    try:
        found = datetime.fromisoformat(written)
        # Without one it would be that of whoever runs this
        return found.astimezone(timezone.utc).replace(microsecond=0) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None
