# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the option layouts of mig_layout wants of each card, checked as far as the card's profiles tell."""

from __future__ import annotations

from typing import Any, Collection, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from ..common import errors
from ..common.errors import EdgesiteError, Problems
from ..gpu import selectors
from ..gpu.selectors import resolve
from . import without
from .card import Card, Profile
from .fit import compute_arrangements
from .names import compute_slices, find, parse

MODES = ("enabled", "disabled")
_KEYS = ("gpus", "mig", "instances")
_INSTANCE_KEYS = ("profile", "count", "placement", "compute_instances")
_INSTANCES = (
    "Use a dictionary such as {'3g.20gb': 1, '1g.5gb': 4}, or a list of dictionaries with profile and, as "
    "needed, count, placement and compute_instances"
)

_PROFILE = "Use names such as 3g.20gb, 1g.5gb+me or 1c.3g.20gb; 'nvidia-smi mig -lgip' lists those of a card"
_COMPUTE = "Use a dictionary such as {'1c': 2}"
_ONCE = "A GPU has one layout: name the GPU in only one of the two"

# The selectors of a layout, none for all GPUs
Selected = Sequence[Mapping[str, Any]]


class Want(NamedTuple):
    """One GPU instance that is wanted. compute: slices of its compute instances, largest first.

    start: where, or None for anywhere.
    """

    profile: Profile
    compute: Tuple[int, ...]
    start: Optional[int] = None

    def label(self) -> str:
        where = "" if self.start is None else " at {0}".format(self.start)
        inner = "" if self.compute == (self.profile.slices,) else " with " + shown(self.compute)
        return self.profile.name + where + inner


class Wish(NamedTuple):
    """What is wanted of one card. wants: None leaves its instances alone. option: where it was said.

    later: the instances in the user's words, where they are not looked at yet.
    """

    option: str
    enabled: bool
    wants: Optional[Tuple[Want, ...]]
    later: str = ""


def shown(compute: Sequence[int]) -> str:
    """Compute instances for people."""
    return "+".join("{0}c".format(slices) for slices in compute) or "no compute instance"


def check(layouts: Any, name: str = "layouts") -> List[EdgesiteError]:
    """Every problem of the layouts that can be seen without a card. name: of the option."""
    if not isinstance(layouts, (list, tuple)):
        return [_no_list(name, layouts)]
    problems = Problems()
    named: Dict[str, Selected] = {}
    for position, layout in enumerate(layouts):
        with problems:
            _check("{0}[{1}]".format(name, position), layout, named)
    return problems.found


def wishes(
    layouts: Any, cards: Sequence[Card], name: str = "layouts", only_mode: Collection[int] = ()
) -> Tuple[List[EdgesiteError], Dict[int, Wish]]:
    """Every problem of the layouts, and by index what is wanted of each card that they name.

    name: of the option, or where layouts come from that nobody wrote as such (source.called). only_mode: indices of
    cards whose instances are not looked at.
    """
    if not isinstance(layouts, (list, tuple)):
        return [_no_list(name, layouts)], {}
    problems = Problems()
    found: Dict[int, Wish] = {}
    # Where there are no cards, the first layout says so for all.
    for position, layout in enumerate(layouts if cards else layouts[:1]):
        option = _at(name, position)
        with problems:
            for card in _named(option, layout, cards):
                with problems:
                    wish = _only(option, layout, card, found.get(card.gpu.index), card.gpu.index in only_mode)
                    found[card.gpu.index] = wish
    return problems.found, found


def per_card(
    layouts: Sequence[Dict[str, Any]], cards: Sequence[Card]
) -> Tuple[List[EdgesiteError], List[Dict[str, Any]]]:
    """The layouts with one card each, and the problems of selectors that name none.

    For the boot, where a card that is gone must not keep the others from their layouts.
    """
    problems: List[EdgesiteError] = []
    found: List[Dict[str, Any]] = []
    gpus = [card.gpu for card in cards]
    for position, layout in enumerate(layouts):
        selectors = layout.get("gpus")
        for selector in selectors if isinstance(selectors, list) else [selectors]:
            one = [selector] if isinstance(selectors, list) else selector
            try:
                named = resolve("layouts[{0}].gpus".format(position), one, gpus)
            except EdgesiteError as problem:
                problems.append(problem)
                continue
            found += [dict(layout, gpus=[{"uuid": gpu.uuid}]) for gpu in named]
    unique = {entry["gpus"][0]["uuid"]: entry for entry in found}
    return problems, list(unique.values())


def _at(name: str, position: int) -> str:
    return name if _is_origin(name) else "{0}[{1}]".format(name, position)


def _instances_of(option: str) -> str:
    return option + (" instances" if _is_origin(option) else ".instances")


def _is_origin(name: str) -> bool:
    """Whether a name tells where layouts come from, so that their numbers mean nothing to anybody."""
    return name.endswith(",")


def _no_list(name: str, layouts: Any) -> EdgesiteError:
    return EdgesiteError(
        "{0} is {1}, not a list".format(name, errors.shown(layouts)),
        "Write it like [{gpus: all, instances: {3g.20gb: 2}}]",
    )


def _only(option: str, layout: Dict[str, Any], card: Card, earlier: Optional[Wish], only_mode: bool) -> Wish:
    if earlier is not None:
        raise EdgesiteError(
            "{0} names GPU {1}, which {2} names too".format(option, card.gpu.label(), earlier.option), _ONCE
        )
    return _wish(option, layout, card, only_mode)


def _named(option: str, layout: Any, cards: Sequence[Card]) -> List[Card]:
    _check(option, layout, {})
    indices = {gpu.index for gpu in resolve(option + ".gpus", layout["gpus"], [card.gpu for card in cards])}
    return [card for card in cards if card.gpu.index in indices]


def _check(option: str, layout: Any, earlier: Dict[str, Selected]) -> None:
    """Raises where a layout cannot be meant for any card. earlier: what others name; this one joins them."""
    if not isinstance(layout, dict) or not set(layout) <= set(_KEYS) or "gpus" not in layout:
        raise EdgesiteError(
            "{0} is {1}, not a layout with gpus".format(option, errors.shown(layout)),
            "Write it like {gpus: all, instances: {3g.20gb: 2}}; its keys are gpus, mig and instances",
        )
    problems = Problems()
    with problems:
        _check_gpus(option, layout["gpus"], earlier)
    with problems:
        _check_mode(option, layout)
    with problems:
        if layout.get("instances") is not None:
            _check_instances(option + ".instances", layout["instances"])
    problems.end()


def _check_gpus(option: str, gpus: Any, earlier: Dict[str, Selected]) -> None:
    selected = [selector for _where, selector in selectors.check(option + ".gpus", gpus)]
    other = next((name for name, theirs in earlier.items() if selectors.overlap(theirs, selected)), None)
    earlier[option] = selected
    if other is not None:
        raise EdgesiteError("{0}.gpus names a GPU that {1}.gpus names too".format(option, other), _ONCE)


def _check_mode(option: str, layout: Mapping[str, Any]) -> None:
    if layout.get("mig", "enabled") not in MODES:
        raise EdgesiteError(
            "{0}.mig is {1}, but has to be enabled or disabled".format(option, errors.shown(layout["mig"])),
            "Write mig: enabled or mig: disabled",
        )
    if layout.get("mig") == "disabled" and layout.get("instances"):
        raise EdgesiteError(
            "{0} has instances, but mig is disabled".format(option), "Remove the instances, or set mig: enabled"
        )


def _check_instances(option: str, instances: Any) -> None:
    problems = Problems()
    if isinstance(instances, dict):
        for name, value in instances.items():
            where = "{0}[{1!r}]".format(option, name)
            with problems:
                _check_profile(where, name)
            with problems:
                _number(where, value)
    elif isinstance(instances, (list, tuple)):
        for position, entry in enumerate(instances):
            with problems:
                _check_entry("{0}[{1}]".format(option, position), entry)
    else:
        raise EdgesiteError(
            "{0} is {1}, neither a dictionary nor a list".format(option, errors.shown(instances)), _INSTANCES
        )
    problems.end()


def _check_entry(option: str, entry: Any) -> None:
    given = _given(option, entry)
    problems = Problems()
    with problems:
        _check_profile(option + ".profile", given["profile"])
    with problems:
        _check_places(option, given)
    with problems:
        if "compute_instances" in given:
            _compute_sizes(option + ".compute_instances", given["compute_instances"], _COMPUTE)
    problems.end()


def _check_places(option: str, given: Mapping[str, Any]) -> None:
    problems = Problems()
    with problems:
        if "placement" in given:
            _number(option + ".placement", given["placement"])
    with problems:
        count = _number(option + ".count", given.get("count", 1))
        if "placement" in given and count > 1:
            raise EdgesiteError(
                "{0} has a placement and count {1}".format(option, count),
                "Write a separate entry for each placement, without count",
            )
    problems.end()


def _check_profile(option: str, name: Any) -> None:
    if parse(str(name)) is None:
        raise EdgesiteError("{0}: {1} is not the name of a profile".format(option, errors.shown(name)), _PROFILE)


def _wish(option: str, layout: Dict[str, Any], card: Card, only_mode: bool) -> Wish:
    enabled = layout.get("mig", "enabled") == "enabled"
    if enabled and card.enabled is None:
        raise without.error(option, card)
    instances = layout.get("instances")
    if not enabled or instances is None:
        return Wish(option, enabled, None)
    if only_mode:
        return Wish(option, enabled, None, _in_words(instances))
    if not card.profiles:
        raise EdgesiteError(
            "{0}: the driver reports no MIG profiles for GPU {1}".format(_instances_of(option), card.gpu.label()),
            "Set driver_branch to a newer branch: the installed driver may not know the card's profiles",
        )
    return Wish(option, enabled, tuple(_wants(_instances_of(option), instances, card)))


def _in_words(instances: Any) -> str:
    """As 2x 3g.20gb, 1x 1g.5gb at 6; empty for none."""
    if isinstance(instances, dict):
        return ", ".join("{0}x {1}".format(number, name) for name, number in instances.items() if int(number))
    return ", ".join(_entry_in_words(entry) for entry in instances)


def _entry_in_words(entry: Any) -> str:
    given = entry if isinstance(entry, dict) else {"profile": entry}
    where = " at {0}".format(given["placement"]) if given.get("placement") is not None else ""
    return "{0}x {1}{2}".format(given.get("count") or 1, given["profile"], where)


def _wants(option: str, instances: Any, card: Card) -> List[Want]:
    if isinstance(instances, dict):
        return _of_counts(option, instances, card)
    wants: List[Want] = []
    problems = Problems()
    for position, entry in enumerate(instances):
        with problems:
            wants += _of_entry("{0}[{1}]".format(option, position), entry, card)
    problems.end()
    return wants


def _of_counts(option: str, counts: Dict[Any, Any], card: Card) -> List[Want]:
    """Instances by name and number. Those named by a part of a GPU instance (1c.3g.20gb) share GPU instances."""
    whole: List[Want] = []
    parts: Dict[Profile, List[int]] = {}
    problems = Problems()
    for name, value in counts.items():
        where = "{0}[{1!r}]".format(option, name)
        with problems:
            profile, inner = _part(where, str(name), card)
            number = _number(where, value)
            if inner == profile.slices:
                whole += [Want(profile, (inner,))] * number
            else:
                parts.setdefault(profile, []).extend([inner] * number)
    problems.end()
    return whole + [Want(profile, compute) for profile, inner in parts.items() for compute in _packed(profile, inner)]


def _part(where: str, name: str, card: Card) -> Tuple[Profile, int]:
    """The profile that a name means on a card, and the slices of its compute instance."""
    profile = find(where, name, card.profiles, card.gpu.label())
    parsed = parse(name)
    if parsed is None or parsed.compute is None:
        return profile, profile.slices
    return profile, _checked_compute(where, [parsed.compute], profile)[0]


def _packed(profile: Profile, inner: Sequence[int]) -> List[Tuple[int, ...]]:
    """The compute instances in as few GPU instances as first fit, largest first, needs."""
    packed: List[Tuple[int, ...]] = []
    for slices in sorted(inner, reverse=True):
        for place, held in enumerate(packed):
            if fits(profile, held + (slices,)):
                packed[place] = held + (slices,)
                break
        else:
            packed.append((slices,))
    return packed


def fits(profile: Profile, compute: Tuple[int, ...]) -> bool:
    """Whether a GPU instance can have these compute instances at a time."""
    return any(True for _arrangement in compute_arrangements(profile.slices, compute))


def _of_entry(option: str, entry: Any, card: Card) -> List[Want]:
    given = _given(option, entry)
    profile, slices = _part(option + ".profile", str(given["profile"]), card)
    compute: Tuple[int, ...] = (slices,)
    if "compute_instances" in given:
        compute = _compute(option + ".compute_instances", given["compute_instances"], profile)
    start = given.get("placement")
    if start is not None:
        start = _number(option + ".placement", start)
        if start not in profile.starts:
            raise EdgesiteError(
                "{0}.placement is {1}, where no {2} can start on GPU {3}".format(
                    option, start, profile.name, card.gpu.label()
                ),
                "Use one of: " + ", ".join(str(known) for known in profile.starts),
            )
    return [Want(profile, compute, start)] * _number(option + ".count", given.get("count", 1))


def _given(option: str, entry: Any) -> Dict[str, Any]:
    """What an entry of a list of instances says."""
    if isinstance(entry, str):
        entry = {"profile": entry}
    given = {key: value for key, value in entry.items() if value is not None} if isinstance(entry, dict) else {}
    if "profile" not in given:
        raise EdgesiteError("{0} is {1}, without a profile".format(option, errors.shown(entry)), _INSTANCES)
    unknown = [str(key) for key in given if key not in _INSTANCE_KEYS]
    if unknown:
        raise EdgesiteError(
            "{0} has {1}, which is no key of an instance".format(option, ", ".join(sorted(unknown))), _INSTANCES
        )
    return given


def _compute(option: str, wanted: Any, profile: Profile) -> Tuple[int, ...]:
    inner = _compute_sizes(option, wanted, "Use a dictionary such as {{'1c': {0}}}".format(profile.slices))
    return _checked_compute(option, inner, profile)


def _compute_sizes(option: str, wanted: Any, fix: str) -> List[int]:
    """The slices of each compute instance, largest first."""
    if not isinstance(wanted, dict) or not wanted:
        raise EdgesiteError("{0} is {1}, but has to say how many of which".format(option, errors.shown(wanted)), fix)
    inner: List[int] = []
    problems = Problems()
    for name, value in wanted.items():
        where = "{0}[{1!r}]".format(option, name)
        with problems:
            slices = compute_slices(str(name))
            if slices is None:
                raise EdgesiteError("{0} is not a compute instance".format(where), fix)
            inner += [slices] * _number(where, value)
    problems.end()
    if not inner:
        raise EdgesiteError("{0} is empty: a GPU instance without compute instances is of no use".format(option), fix)
    return sorted(inner, reverse=True)


def _checked_compute(option: str, compute: Sequence[int], profile: Profile) -> Tuple[int, ...]:
    found = tuple(compute)
    if not fits(profile, found):
        possible = [size for size in range(profile.slices, 0, -1) if fits(profile, (size,))]
        raise EdgesiteError(
            "{0}: a {1} has no room for {2}".format(option, profile.name, shown(found)),
            "Use compute instances that fit its {0} slices: {1}".format(
                profile.slices, ", ".join("{0}c".format(size) for size in possible)
            ),
        )
    return found


def _number(option: str, value: Any) -> int:
    """A number from 0. Text of digits counts, since templates make text."""
    text = str(value)
    whole = isinstance(value, (int, str)) and not isinstance(value, bool) and text.isascii() and text.isdigit()
    # No card has more instances than this; a larger number would only be slow to refuse, and Python does not make a
    # number of thousands of digits.
    if whole and len(text) <= 9 and int(text) <= 99:
        return int(text)
    raise EdgesiteError(
        "{0} is {1}, not a whole number from 0 to 99".format(option, errors.shown(value)),
        "Write a whole number, such as 1",
    )
