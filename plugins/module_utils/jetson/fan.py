# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fan profiles of a Jetson: what nvfancontrol's configuration offers, and what a profile takes."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from ..common import lines
from ..common.disruption import RESTART, by
from ..common.errors import EdgesiteError
from . import fan_curves
from .fan_curves import Curve

DAEMON = "nvfancontrol.service"

_FAN = re.compile(r"^\s*<\s*FAN\s+(\d+)\s*>", re.ASCII | re.IGNORECASE)
_PROFILE = re.compile(r"^\s*FAN_PROFILE\s+([^\s{]+)\s*\{?", re.ASCII)
_DEFAULT = re.compile(r"^(\s*FAN_DEFAULT_PROFILE\s+)([^\s#]+)", re.ASCII)
# FAN1:FAN_PROFILE:cool
_IN_FORCE = re.compile(r"\bFAN(\d+):\s*FAN_PROFILE:\s*(\S+)", re.ASCII)
_REPAIR = "Reinstall the package nvidia-l4t-nvfancontrol, or restore the file from the board's maker"


class Fan(NamedTuple):
    """A fan with the names of its profiles and the one that it starts with."""

    number: int
    profiles: Tuple[str, ...]
    default: str


class Wanted(NamedTuple):
    """profile: the one to be in force, empty to keep it. curves: all of the user's own, None to leave them alone.

    option: what users call the profile.
    """

    profile: str = ""
    curves: Optional[Tuple[Curve, ...]] = None
    option: str = "profile"

    def anything(self) -> bool:
        """Whether something is wanted."""
        return bool(self.profile) or self.curves is not None


class State(NamedTuple):
    """The configuration, the profile that each fan is in (None where the daemon does not tell), and whether it runs."""

    text: str
    fans: Tuple[Fan, ...]
    in_force: Optional[Dict[int, str]]
    active: bool


class SetProfile(NamedTuple):
    """Puts a configuration in place, and starts the daemon without what it remembers of the last one.

    profile: the one that becomes the default of all fans, empty to keep theirs. curves: what happens to the user's own.
    """

    profile: str
    text: str
    previous: str
    curves: str = ""


def wanted(
    profile: str,
    curves: Optional[Sequence[Mapping[str, Any]]],
    option: str = "profile",
    curves_option: str = "curves",
) -> Wanted:
    """What the options ask for. option, curves_option: what users call them. Raises EdgesiteError."""
    return Wanted(profile, None if curves is None else fan_curves.checked(curves, curves_option), option)


def parse_conf(text: str, path: str = "/etc/nvfancontrol.conf") -> Tuple[Fan, ...]:
    """The fans. Raises EdgesiteError that names file and line."""
    fans: List[Fan] = []
    profiles: List[str] = []
    default: Optional[str] = None
    number, first = 1, 1
    opened = False

    def close() -> None:
        if not profiles and default is None and not opened:
            return
        if not profiles:
            raise _wrong(path, first, "fan {0} has no FAN_PROFILE".format(number))
        if default is None:
            raise _wrong(path, first, "fan {0} has no FAN_DEFAULT_PROFILE".format(number))
        fans.append(Fan(number, tuple(profiles), default))

    for place, line in enumerate(lines.of_file(text), 1):
        bare = line.split("#", 1)[0]
        start, profile, named = _FAN.match(bare), _PROFILE.match(bare), _DEFAULT.match(bare)
        if start:
            close()
            profiles, default, number, first, opened = [], None, int(start.group(1)), place, True
        elif profile:
            profiles.append(profile.group(1))
        elif named:
            default = named.group(2)
    close()
    if not fans:
        raise _wrong(path, 1, "it has no FAN_PROFILE")
    return tuple(fans)


def _wrong(path: str, line: int, what: str) -> EdgesiteError:
    return EdgesiteError("{0}, line {1}: {2}".format(path, line, what), _REPAIR)


def parse_query(text: str) -> Optional[Dict[int, str]]:
    """What `nvfancontrol -q` prints, or keeps in its status file: the profile of each fan."""
    return {int(number): profile for number, profile in _IN_FORCE.findall(text)} or None


def common(fans: Tuple[Fan, ...]) -> List[str]:
    """The profiles that all fans have."""
    return [name for name in fans[0].profiles if all(name in fan.profiles for fan in fans)]


def plan(wants: Wanted, state: State) -> List[SetProfile]:
    """What brings all fans to a profile. Raises EdgesiteError: a profile that is not there would stop the daemon."""
    text = state.text if wants.curves is None else fan_curves.with_curves(state.text, wants.curves)
    profile = wants.profile or (_kept(state) if text != state.text else "")
    fans = parse_conf(text)
    _check_offered(wants, profile, fans)
    others = [] if state.in_force is None else [name for name in state.in_force.values() if name != profile]
    rests = not profile or (state.active and not others and all(fan.default == profile for fan in fans))
    if text == state.text and rests:
        return []
    curves = _words(wants.curves or ()) if text != state.text else ""
    return [SetProfile(profile, with_default(text, profile), state.text, curves)]


def _kept(state: State) -> str:
    """The profile that all fans are in; empty where they are in several."""
    names = {fan.default for fan in state.fans} if state.in_force is None else set(state.in_force.values())
    return names.pop() if len(names) == 1 and names <= set(common(state.fans)) else ""


def _check_offered(wants: Wanted, profile: str, fans: Tuple[Fan, ...]) -> None:
    offered = common(fans)
    if wants.profile and wants.profile not in offered:
        raise unknown(wants.option, wants.profile, offered)
    gone = [name for name in [profile] if name and name not in offered]
    gone += [fan.default for fan in fans if not profile and fan.default not in fan.profiles]
    if gone:
        raise EdgesiteError(
            "the fan curve {0} is in force, and no longer among those that are wanted".format(gone[0]),
            "Set the fan profile to one of {0}, or keep the curve".format(", ".join(offered) or "the board's"),
        )


def _words(curves: Sequence[Curve]) -> str:
    if not curves:
        return "remove own fan curves"
    return "write the fan curves {0}".format(", ".join(curve.name for curve in curves))


def unknown(option: str, profile: str, offered: Sequence[str]) -> EdgesiteError:
    """The error where the fans lack a profile. offered: those that all of them have. option: what users call it."""
    return EdgesiteError(
        "{0} is {1}, which the fans of this board do not have; their profiles are: {2}".format(
            option, profile, ", ".join(offered) or "none that all fans share"
        ),
        "Use one of these; the fans' daemon does not run with an unknown profile",
    )


def with_default(text: str, profile: str) -> str:
    """The configuration with this profile as the default of all fans; all else stays as it is."""
    if not profile:
        return text
    name = lines.single("profile", profile)
    return "\n".join(_DEFAULT.sub(lambda found: found.group(1) + name, line) for line in text.split("\n"))


def after(state: State, actions: List[SetProfile]) -> State:
    """The state once the actions are done."""
    for action in actions:
        fans = parse_conf(action.text)
        state = State(action.text, fans, {fan.number: fan.default for fan in fans}, True)
    return state


def booted(state: State) -> State:
    """What a reboot makes of it: the daemon runs, with the profile that it remembers."""
    return state._replace(active=True)


def describe(action: SetProfile) -> str:
    """The action for people."""
    profile = "set fan profile " + action.profile if action.profile else ""
    return " and ".join([", ".join(filter(None, [action.curves, profile])), "restart nvfancontrol"])


def disruption(_action: SetProfile) -> Dict[str, Any]:
    """What the action interrupts."""
    return by(RESTART, DAEMON)
