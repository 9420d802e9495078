# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Layouts that cards offer by themselves, under the names that `nvidia-mig-parted generate-config` (0.14) gives them.

all-disabled, all-enabled (without instances), all-balanced, and for each profile, all instances of it that a card can
have: all-1g.5gb, all-1g.5gb.me. Cards that have no such layout are left alone.
"""

from __future__ import annotations

import re
from typing import Any, Dict, List, Optional, Sequence

from ..common.errors import EdgesiteError, shown
from . import without
from .card import Card, Profile
from .names import Name, parse

# Instances of a balanced layout by slices, by the slices of the card
_BALANCED = {7: {1: 2, 2: 1, 3: 1}, 4: {1: 2, 2: 1}}
_DISABLED, _ENABLED, _ALL_BALANCED = "all-disabled", "all-enabled", "all-balanced"
_FIX = "Set it to all-balanced, all-enabled, all-disabled or all-PROFILE, such as all-1g.10gb, or name a file too"


def check(name: str, option: str) -> None:
    """Raises EdgesiteError where no card can have such a layout."""
    if name not in (_DISABLED, _ENABLED, _ALL_BALANCED) and _profile(name) is None:
        raise EdgesiteError("{0} is {1}, which is no layout that cards offer".format(option, shown(name)), _FIX)


def layouts(name: str, cards: Sequence[Card], option: str) -> List[Dict[str, Any]]:
    """The layouts of that name, as mig_layout's option takes them. Raises EdgesiteError where no card has one."""
    check(name, option)
    capable = [card for card in cards if card.enabled is not None]
    if name != _DISABLED:
        _check_known(name, capable, option)
    found = [{"gpus": [{"uuid": card.gpu.uuid}], **layout} for card in capable for layout in _of_card(name, card)]
    if name != _DISABLED:
        _check_told(cards, option)
    if not found and (capable or name != _DISABLED):
        raise EdgesiteError(
            "{0} is {1}, which no GPU of this host offers; it has {2}".format(
                option, name, ", ".join(card.gpu.label() for card in cards) or "none"
            ),
            _FIX,
        )
    return found


def _check_known(name: str, cards: Sequence[Card], option: str) -> None:
    unknown = [card.gpu.label() for card in cards if not card.profiles]
    if unknown and name != _ENABLED:
        raise EdgesiteError(
            "{0} is {1}, but the driver reports the profiles of GPU {2} only in MIG mode".format(
                option, name, ", ".join(unknown)
            ),
            "Run once with all-enabled",
        )


def _check_told(cards: Sequence[Card], option: str) -> None:
    """Raises EdgesiteError for a card that would be left out for what its driver does not tell of."""
    for card in cards:
        if without.hidden(card):
            raise without.error(option, card)


def _of_card(name: str, card: Card) -> List[Dict[str, Any]]:
    """One layout, or none."""
    if name == _DISABLED:
        return [{"mig": "disabled"}]
    instances: Optional[Dict[str, int]] = {}
    if name != _ENABLED:
        instances = _balanced(card.profiles) if name == _ALL_BALANCED else _all_of(name, card)
    return [] if instances is None else [{"mig": "enabled", "instances": instances}]


def _balanced(profiles: Sequence[Profile]) -> Optional[Dict[str, int]]:
    plain = [profile for profile in profiles if not _attributes(profile)]
    wanted = _BALANCED.get(max((profile.slices for profile in plain), default=0))
    if wanted is None:
        return None
    # Of several with the same slices, the one with the least memory
    by_slices = {profile.slices: profile for profile in sorted(plain, key=lambda one: -one.memory_mib)}
    if not set(wanted) <= set(by_slices):
        return None
    return {by_slices[slices].name: count for slices, count in wanted.items()}


def _attributes(profile: Profile) -> bool:
    name = parse(profile.name)
    return name is None or bool(name.attributes)


def _all_of(name: str, card: Card) -> Optional[Dict[str, int]]:
    """The name is the card's own: a 1g.5gb of an A100 is not the 1g.6gb of an A30 beside it."""
    found = (profile for profile in card.profiles if parse(profile.name) == _profile(name))
    return next(({profile.name: profile.max_count} for profile in found), None)


def _profile(name: str) -> Optional[Name]:
    """1g.5gb+me of all-1g.5gb.me and of all-1g.5gb+me; None where it names no profile."""
    match = re.match(r"all-([1-9]g\.[0-9]+gb)(?:[.+]([a-z].*)|(-.*))?\Z", name)
    if match is None:
        return None
    base, added, removed = match.groups()
    return parse(base + ("+" + added if added else removed or ""))
