# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers of seconds and days that users set. Clocks and libraries refuse others late, and in their own words."""

from __future__ import annotations

from .errors import EdgesiteError, shown

_DAY = 86400
_CENTURY = 36500


def timeout(option: str, seconds: int) -> int:
    """How long something may take; a program that has the lock need not be waited for at all."""
    return _within(option, seconds, 0 if option.endswith("lock_timeout") else 1, _DAY, "seconds")


def days(option: str, number: int, least: int = 1) -> int:
    """For how many days a certificate is valid, or, with 0 as the least, before its end something is done."""
    return _within(option, number, least, _CENTURY, "days")


def tolerance(option: str, seconds: int) -> int:
    """By how much two clocks may differ."""
    return _within(option, seconds, 0, _CENTURY * _DAY, "seconds")


def _within(option: str, number: int, least: int, most: int, unit: str) -> int:
    if least <= number <= most:
        return number
    raise EdgesiteError(
        "{0} is {1}, but has to be {2} to {3} {4}".format(option, shown(number), least, most, unit),
        "Set a number within these limits, or remove {0} to use the default".format(option),
    )
