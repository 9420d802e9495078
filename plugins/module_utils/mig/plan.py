# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What brings the cards of a host to the layouts wanted of them. Cards that no layout names are not touched."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Callable, Collection, Dict, List, Mapping, NamedTuple, Sequence

from ..common.errors import EdgesiteError, combined
from ..gpu import alike
from ..gpu.selectors import GpuId
from . import planner
from .actions import Action, EndClient, SetMode
from .card import Card
from .explain import holders, infeasible, named_clients
from .layouts import Wish, wishes

RESETS = ("never", "if_idle")
# The virtualization of a guest's whole card, whose mode comes with a reboot
GUEST = "passthrough"


class Policy(NamedTuple):
    """How far a run may go. disruption: never, idle or force. reset: never or if_idle."""

    disruption: str = "idle"
    reset: str = "if_idle"


class Plan(NamedTuple):
    """What comes of layouts on the cards of a host. wanted: by index, what is wanted of each card that they name."""

    wanted: Dict[int, Wish]
    problems: List[EdgesiteError]
    actions: List[Action]


def unknown(cards: Sequence[Card]) -> List[int]:
    """Indices of cards whose profiles nobody knows before MIG is on."""
    return [card.gpu.index for card in cards if card.enabled is False and not card.profiles]


def plan(
    layouts: Any,
    cards: Sequence[Card],
    policy: Policy,
    only_mode: Collection[int] = (),
    prevented: Callable[[Plan], List[EdgesiteError]] = lambda _found: [],
    option: str = "layouts",
) -> Plan:
    """What brings the cards to the layouts. Raises EdgesiteError with every problem in it.

    only_mode: indices of cards whose instances are planned later. prevented: what else of the host prevents it. option:
    what users call the layouts.
    """
    found = judge(layouts, cards, policy, option, only_mode)
    problems = found.problems + _nameless(found.actions) + prevented(found)
    if problems:
        raise combined(problems)
    return found


def _nameless(actions: Sequence[Action]) -> List[EdgesiteError]:
    """Processes that cannot be ended: the driver calls those of other PID namespaces 0, by which kill means our own."""
    return [
        EdgesiteError(
            "GPU {0} is in use by a process whose pid the driver does not tell here".format(action.gpu.label()),
            "Stop it where it runs, such as in its container, or run on the host itself: inside of a container, "
            "processes of others have no pid",
            {"holders": holders(action.gpu, [action.client])},
        )
        for action in actions
        if isinstance(action, EndClient) and action.client.pid < 1
    ]


def judge(
    layouts: Any,
    cards: Sequence[Card],
    policy: Policy,
    option: str = "layouts",
    only_mode: Collection[int] = (),
) -> Plan:
    """Every problem of the layouts on these cards, and the actions for the others. option: what users call them."""
    problems, wanted = wishes(layouts, cards, option, only_mode)
    actions: List[Action] = []
    for card in named(wanted, cards):
        try:
            actions += _of_card(card, wanted[card.gpu.index], policy)
        except EdgesiteError as problem:
            problems.append(problem)
    return Plan(wanted, alike.once(problems, [card.gpu for card in cards]), actions)


def waiting(wanted: Mapping[int, Wish], cards: Sequence[Card], policy: Policy) -> List[Card]:
    """The cards whose mode comes only with a reset or reboot that this run may not do."""
    return [card for card in named(wanted, cards) if _changes(card, wanted[card.gpu.index]) and _waits(card, policy)]


def at_boot(wanted: Mapping[int, Wish], cards: Sequence[Card], policy: Policy) -> List[GpuId]:
    """Those of the waiting cards that the boot unit resets; those of a guest come with their mode."""
    return [card.gpu for card in waiting(wanted, cards, policy) if card.virtualization != GUEST]


def named(wanted: Mapping[int, Wish], cards: Sequence[Card]) -> List[Card]:
    """The cards that something is wanted of."""
    return [card for card in cards if card.gpu.index in wanted]


def resetting(actions: Sequence[Action]) -> List[GpuId]:
    """The cards that the actions reset."""
    return [action.gpu for action in actions if isinstance(action, SetMode) and action.resets]


def _changes(card: Card, wish: Wish) -> bool:
    return card.enabled is not None and card.enabled != wish.enabled


def _waits(card: Card, policy: Policy) -> bool:
    """Whether a change of the card's mode cannot be done while the host runs."""
    return not card.resetless and (card.virtualization == GUEST or policy.reset == "never")


def _of_card(card: Card, wish: Wish, policy: Policy) -> List[Action]:
    actions = _mode_change(card, wish, policy) if _changes(card, wish) else _relayout(card, wish, policy)
    if card.virtualization == "vgpu_guest" and (actions or _changes(card, wish)):
        raise EdgesiteError(
            "{0} asks for another MIG layout on GPU {1}, which is a vGPU: a guest cannot change it".format(
                wish.option, card.gpu.label()
            ),
            "Set the layout on the host of this guest",
        )
    return actions


def _relayout(card: Card, wish: Wish, policy: Policy) -> List[Action]:
    """A card whose mode is right: a pending change of it is taken back, and its instances are brought to the wanted."""
    actions: List[Action] = []
    if card.pending is not None and card.pending != card.enabled:
        # The mode itself stays, so nothing is reset.
        actions.append(SetMode(card.gpu, wish.enabled, previous=card.pending, waits=True))
    return actions + _instances(card, wish, policy)


def _instances(card: Card, wish: Wish, policy: Policy) -> List[Action]:
    if wish.wants is None:
        return []
    reached = planner.target(card, wish.wants, policy.disruption)
    if reached is None:
        raise infeasible(card, wish, policy.disruption)
    return planner.steps(card, wish.wants, reached, policy.disruption)


def _mode_change(card: Card, wish: Wish, policy: Policy) -> List[Action]:
    # Planned also where it has to wait, so that a layout that cannot be had is told now and not at the next boot.
    come = _instances(replace(card, instances=(), clients=()), wish, policy)
    if not _waits(card, policy):
        change = SetMode(card.gpu, wish.enabled, previous=not wish.enabled, resets=not card.resetless)
        return [*_cleared(card, wish, policy), change, *come]
    if card.virtualization == GUEST and card.pending != wish.enabled:
        return _cleared(card, wish, policy) + [SetMode(card.gpu, wish.enabled, not wish.enabled, waits=True)]
    return []


def _cleared(card: Card, wish: Wish, policy: Policy) -> List[Action]:
    """What takes everything off the card, which a change of its mode needs."""
    to = "{0} asks to turn MIG {1} on GPU {2}".format(wish.option, "on" if wish.enabled else "off", card.gpu.label())
    if card.clients and policy.disruption != "force":
        raise EdgesiteError(
            "{0}, which is in use by {1}".format(to, named_clients(card.clients)),
            "Wait for them or stop them, or set disruption: force for this run",
            {"holders": holders(card.gpu, card.clients)},
        )
    if card.instances and policy.disruption == "never":
        raise EdgesiteError(
            "{0}, which would destroy these instances: {1}".format(
                to, ", ".join(instance.label() for instance in card.instances)
            ),
            "Set disruption: idle",
        )
    # A process with several contexts is there more than once.
    ended: List[Action] = [EndClient(card.gpu, client) for client in {one.pid: one for one in card.clients}.values()]
    return ended + [action for instance in card.instances for action in planner.destroy(card, instance)]
