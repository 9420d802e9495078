# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cards whose MIG layout was made once and is no longer wanted. It stays, as programs may have its instances."""

from __future__ import annotations

from collections import Counter
from typing import Any, Collection, Dict, List, NamedTuple, Optional, Sequence

from ..common.disruption import NONE, by
from ..gpu.changed import Entry, Noted
from ..gpu.selectors import GpuId
from ..gpu.unwanted import Left
from .actions import Action
from .card import Card

# What is noted of a card: its mode
KEY = "mig"
_CANNOT_BE_READ = (
    "the GPU cannot be read",
    "repair the GPU or its driver ('nvidia-smi' on the host shows what is wrong), then run again",
)


class Forget(NamedTuple):
    """Drops the note of a card that has its earlier mode, and no instances."""

    gpu: GpuId
    noted: Entry


def noting(cards: Sequence[Card], after: Sequence[Card], actions: Sequence[Action], noted: Noted) -> Dict[str, Entry]:
    """By UUID, what is to be noted before the actions: cards that are not as before once all of them are done."""
    touched = {action.gpu for action in actions}
    before = {card.gpu: card.enabled for card in cards}
    entries = [(card, _known(card, noted) or Entry(before[card.gpu], (card.enabled,))) for card in after]
    return {card.gpu.uuid: entry for card, entry in entries if card.gpu in touched and not _as_before(card, entry)}


def _known(card: Card, noted: Noted) -> Optional[Entry]:
    return noted.get(card.gpu.uuid, {}).get(KEY)


def _as_before(card: Card, entry: Entry) -> bool:
    return card.enabled == entry.before and card.pending in (None, entry.before) and not card.instances


def forgotten(after: Sequence[Card], noted: Noted) -> List[Forget]:
    """The notes that tell nothing more. after: the cards once all else is done."""
    entries = [(card, _known(card, noted)) for card in after]
    return [Forget(card.gpu, entry) for card, entry in entries if entry is not None and _as_before(card, entry)]


def left(wanted: Collection[int], cards: Sequence[Card], noted: Noted, unread: bool) -> List[Left]:
    """What is left of layouts that nothing wants. unread: there are cards that cannot be read; others are gone."""
    entries = {uuid: of_gpu[KEY] for uuid, of_gpu in sorted(noted.items()) if KEY in of_gpu}
    there = {card.gpu.uuid: card for card in cards}
    of_cards = [_left(card, entries[uuid]) for uuid, card in there.items() if _is_left(card, wanted, entries)]
    missing = [_missing(uuid, entry) for uuid, entry in entries.items() if uuid not in there]
    return of_cards + (missing if unread else [])


def _is_left(card: Card, wanted: Collection[int], entries: Dict[str, Entry]) -> bool:
    return card.gpu.uuid in entries and card.gpu.index not in wanted


def _missing(uuid: str, entry: Entry) -> Left:
    return Left(uuid, KEY, "unknown", _word(entry.before), *_CANNOT_BE_READ)


def _left(card: Card, entry: Entry) -> Left:
    return Left(card.gpu.uuid, KEY, _layout(card), _word(entry.before), *_reason(card, entry))


def _layout(card: Card) -> str:
    counts = Counter(held.profile.name for held in card.instances)
    instances = ", ".join("{0} {1}".format(count, name) for name, count in counts.items())
    return _word(card.enabled) + (" with " + instances if instances else "")


def _reason(card: Card, entry: Entry) -> Any:
    by_hand = "set {0} for this GPU in mig_layouts, run again, and take it out afterwards"
    if not card.enabled:
        return ("turning MIG on needs an idle GPU", by_hand.format("mig: enabled"))
    why = "programs may have its instances" if card.instances else "turning MIG off needs an idle GPU"
    return (why, by_hand.format("instances: {}" if entry.before else "mig: disabled"))


def _word(enabled: Any) -> str:
    return "enabled" if enabled else "disabled"


def describe(action: Forget) -> Dict[str, Any]:
    """The action for people."""
    does = "forget the earlier MIG mode of GPU {0}, which is back".format(action.gpu.label())
    return {"does": does, "kind": "forget", "uuid": action.gpu.uuid, **by(NONE)}
