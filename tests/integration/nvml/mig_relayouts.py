# SPDX-License-Identifier: GPL-3.0-or-later
"""The re-layouts that test_mig_crash.py interrupts: what is on the cards, and what is wanted of them."""

from __future__ import annotations

from collections import Counter
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.catalogue import MODELS, MigProfile

WITH_MIG = {model.key: model.mig for model in MODELS if model.mig}


class There(NamedTuple):
    """A GPU instance at the start. start: in units of a 1g. compute: (slices, start) of each; None: all of it in one.

    busy: which of the compute instances have a process.
    """

    profile: str
    start: int
    compute: Optional[Sequence[Tuple[int, int]]] = None
    busy: Sequence[int] = ()


class Want(NamedTuple):
    """A GPU instance that is wanted. compute: names and numbers; None: all of it in one. start: None is anywhere."""

    profile: str
    compute: Optional[Dict[str, int]] = None
    start: Optional[int] = None


class Card(NamedTuple):
    """there: None where MIG is off. wants: None to turn MIG off. named: whether a layout names the card."""

    there: Optional[Sequence[There]]
    wants: Optional[Sequence[Want]]
    named: bool = True


# 7 compute and 8 memory slices
_OF_SEVEN = {
    "first layout": [Card(None, [Want("4g", {"2c": 1, "1c": 2}), Want("3g")])],
    "busy instance kept": [
        # To destroy it would be the shortest way.
        Card(
            [There("1g", 1, busy=[0]), There("1g", 2), There("1g", 3), There("3g", 4)],
            [Want("3g"), Want("2g"), Want("1g"), Want("1g")],
        )
    ],
    "compute instances": [
        Card(
            [There("4g", 0, [(1, 0), (1, 1), (1, 2), (1, 3)], busy=[0]), There("3g", 4)],
            [Want("4g", {"1c": 2, "2c": 1}), Want("3g", {"2c": 1, "1c": 1})],
        )
    ],
    "mode off": [Card([There("4g", 0, [(2, 0), (2, 2)]), There("1g+me", 4)], None)],
    "two cards": [
        Card([There("3g", 0, busy=[0]), There("3g", 4)], [Want("3g"), Want("2g")]),
        Card(None, [Want("7g")]),
        Card([There("1g", 2), There("2g", 4)], None, named=False),
    ],
    "explicit placements": [
        Card(
            [There("2g", 0), There("1g", 6, busy=[0])],
            [Want("2g", {"1c": 2}, start=4), Want("1g", start=6), Want("4g", start=0)],
        )
    ],
}

# 4 slices
_OF_FOUR = {
    "first layout": [Card(None, [Want("2g", {"1c": 2}), Want("1g"), Want("1g")])],
    "busy instance kept": [
        Card([There("1g", 1, busy=[0]), There("1g", 2), There("1g", 3)], [Want("2g"), Want("1g"), Want("1g")])
    ],
    "compute instances": [
        Card([There("4g", 0, [(1, 0), (1, 1), (1, 2), (1, 3)], busy=[0])], [Want("4g", {"1c": 2, "2c": 1})])
    ],
    "mode off": [Card([There("2g", 0, [(1, 0), (1, 1)]), There("1g+me", 2)], None)],
    "two cards": [
        Card([There("2g", 0, busy=[0]), There("2g", 2)], [Want("2g"), Want("1g")]),
        Card(None, [Want("4g")]),
        Card([There("1g", 1), There("2g", 2)], None, named=False),
    ],
    "explicit placements": [
        Card(
            [There("1g", 0), There("1g", 3, busy=[0])],
            [Want("2g", start=0), Want("1g", start=2), Want("1g", start=3)],
        )
    ],
}


class Relayout(NamedTuple):
    """One of the above on a model."""

    model: str
    name: str
    cards: Sequence[Card]

    def profile(self, name: str) -> MigProfile:
        """The profile with the slices and attributes of the name; of several the one with the least memory."""
        return min(
            (profile for profile in WITH_MIG[self.model].profiles if _short(profile.name) == name),
            key=lambda profile: profile.memory_mib,
        )

    def place(self, start: int) -> int:
        """In memory slices."""
        return start * self.profile("1g").size

    def layouts(self) -> List[Dict]:
        """As the module's option."""
        found = []
        for index, card in enumerate(self.cards):
            if not card.named:
                continue
            layout = {"gpus": [{"index": index}], "mig": "disabled" if card.wants is None else "enabled"}
            if card.wants is not None:
                layout["instances"] = [self._entry(want) for want in card.wants]
            found.append(layout)
        return found

    def _entry(self, want: Want) -> Dict:
        entry = {"profile": want.profile, "compute_instances": want.compute}
        if want.start is not None:
            entry["placement"] = self.place(want.start)
        return {key: value for key, value in entry.items() if value is not None}

    def differences(self, modes: Sequence[Dict]) -> List[str]:
        """Which cards are not as wanted. modes: `mig` of each in `nvmlsim show --json`."""
        return [
            f"GPU {index} has {mig}"
            for index, (card, mig) in enumerate(zip(self.cards, modes))
            if card.named and not self._as_wanted(card.wants, mig)
        ]

    def _as_wanted(self, wants: Optional[Sequence[Want]], mig: Dict) -> bool:
        made = mig["gpu_instances"]
        if wants is None or not mig["current"] or not mig["pending"]:
            return wants is None and not (mig["current"] or mig["pending"] or made)
        wanted = Counter((self.profile(want.profile).id, *self._slices(want)) for want in wants)
        there = Counter((gi["profile_id"], *sorted(ci["size"] for ci in gi["compute_instances"])) for gi in made)
        places = {(gi["profile_id"], gi["start"]) for gi in made}
        fixed = {(self.profile(want.profile).id, self.place(want.start)) for want in wants if want.start is not None}
        return wanted == there and fixed <= places

    def _slices(self, want: Want) -> List[int]:
        if want.compute is None:
            return [self.profile(want.profile).slices]
        return sorted(int(name[:-1]) for name, number in want.compute.items() for _each in range(number))


def relayouts(model: str) -> List[Relayout]:
    of_model = _OF_SEVEN if WITH_MIG[model].slices == 7 else _OF_FOUR
    return [Relayout(model, name, cards) for name, cards in of_model.items()]


def _short(name: str) -> str:
    """1g+me of 1g.5gb+me."""
    slices, memory = name.split(".", 1)
    return slices + memory.lstrip("0123456789")[len("gb") :]
