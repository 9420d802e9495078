# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Profiles of a user's own in nvfancontrol's configuration: which speed the fans have at which temperature."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping, NamedTuple, Sequence, Tuple

from ..common import lines
from ..common.errors import EdgesiteError, Problems
from ..common.lines import Kind
from . import own_lines

_NAME = Kind(
    re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}"),
    "a name of letters, digits, dashes and _, of 32 characters at most",
    "Write it like edge_site",
)
_PROFILE = re.compile(r"^\s*FAN_PROFILE\s+([^\s{]+)", re.ASCII)
_FAN = re.compile(r"^\s*<\s*FAN\s+(\d+)\s*>", re.ASCII | re.IGNORECASE)
_MARGIN = re.compile(r"^\s*TMARGIN\s+ENABLED\b", re.ASCII | re.IGNORECASE)
# What the columns of the file may be
_RANGES = {"temperature": (0, 200), "hysteresis": (0, 100), "pwm": (0, 255), "rpm": (0, 30000)}


class Point(NamedTuple):
    """A line of a profile."""

    temperature: int
    hysteresis: int
    pwm: int
    rpm: int


class Curve(NamedTuple):
    """A profile."""

    name: str
    points: Tuple[Point, ...]


def checked(entries: Sequence[Mapping[str, Any]], option: str) -> Tuple[Curve, ...]:
    """The curves of an option. Raises EdgesiteError with all that no board could have."""
    problems = Problems()
    found: List[Curve] = []
    for place, entry in enumerate(entries):
        where = "{0}[{1}]".format(option, place)
        with problems:
            found.append(_curve(entry, where, [curve.name for curve in found]))
    problems.end()
    return tuple(found)


def _curve(entry: Mapping[str, Any], where: str, earlier: Sequence[str]) -> Curve:
    name = lines.checked(where + ".name", entry["name"], _NAME)
    if name in earlier:
        raise EdgesiteError("{0}.name is {1}, as an earlier one".format(where, name), "Give each curve its own name")
    points = tuple(Point(**{key: point[key] for key in _RANGES}) for point in entry["points"])
    for place, point in enumerate(points):
        _check_point(point, "{0}.points[{1}]".format(where, place))
    temperatures = [point.temperature for point in points]
    if len(points) < 2 or temperatures != sorted(set(temperatures)):
        raise EdgesiteError(
            "{0}.points has the temperatures {1}, which are not two or more that rise".format(
                where, ", ".join(map(str, temperatures)) or "of no point"
            ),
            "List the points from the lowest temperature to the highest",
        )
    return Curve(name, points)


def _check_point(point: Point, where: str) -> None:
    for key, (low, high) in _RANGES.items():
        value = getattr(point, key)
        if not low <= value <= high:
            raise EdgesiteError(
                "{0}.{1} is {2}; allowed are {3} to {4}".format(where, key, value, low, high),
                "Set {0} to a value in that range".format(key),
            )


def with_curves(text: str, curves: Sequence[Curve]) -> str:
    """The configuration with these profiles for each fan, and none of our own beside them. Raises EdgesiteError."""
    bare = own_lines.without(text).split("\n")
    _check_names(bare, curves)
    for fan, margin in _margins(bare).items():
        _check_hottest(curves, fan, margin)
    own = own_lines.block([row for curve in curves for row in _rows(curve)])
    found: List[str] = []
    fresh = True
    for line in bare:
        fresh = fresh or bool(_FAN.match(line))
        if fresh and _PROFILE.match(line):
            found += own
            fresh = False
        found.append(line)
    return "\n".join(found)


def _margins(bare: Sequence[str]) -> Dict[str, bool]:
    """Whether the temperatures of a fan's profiles are what is left to the limit, by the fan's number."""
    fan = "1"
    found: Dict[str, bool] = {}
    for line in bare:
        header = _FAN.match(line)
        fan = header.group(1) if header else fan
        found[fan] = found.get(fan, False) or bool(_MARGIN.match(line))
    return found


def _check_names(bare: Sequence[str], curves: Sequence[Curve]) -> None:
    profiles = [match.group(1) for match in map(_PROFILE.match, bare) if match]
    for curve in curves:
        if curve.name in profiles:
            raise EdgesiteError(
                "the fan curve {0} has the name of a profile of the board".format(curve.name),
                "Give it another name; the profiles of the board stay as they are",
            )


def _check_hottest(curves: Sequence[Curve], fan: str, margin: bool) -> None:
    for curve in curves:
        if curve.points[0 if margin else -1].pwm == 0:
            raise EdgesiteError(
                "with the fan curve {0}, fan {1} stands still when it is hottest, which is its {2} point".format(
                    curve.name, fan, "first" if margin else "last"
                ),
                "Give that point a pwm above 0; where TMARGIN is ENABLED in /etc/nvfancontrol.conf, as {0} here, "
                "temperatures are degrees below the limit".format("it is" if margin else "it is not"),
            )


def _rows(curve: Curve) -> List[str]:
    head = lines.fill("\tFAN_PROFILE {name} {{", name=curve.name)
    return [head, *("\t\t{0}\t{1}\t{2}\t{3}".format(*point) for point in curve.points), "\t}"]
