# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Observe, plan, apply, observe again: what every module that changes a host does.

Knows nothing of Ansible, so that boot units converge with the same code.
"""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from typing import Any, Callable, ContextManager, Dict, Generic, Iterable, List, NamedTuple, Optional, Sequence, TypeVar

from .common import disruption
from .common.errors import EdgesiteError, combined, printable, sentence

State = TypeVar("State")
Action = TypeVar("Action")

# Is told what is being done, for whoever waits
Note = Callable[[str], None]

# The extra result that tells of a reboot which the host waits for
WAITS = "reboot_required"
# Of an action: how many reboots it comes after; and the extra result with how many there are in all. None for one.
BOOT, BOOTS = "boot", "boots"

_REPORT = "This is a bug in edgesite.gpu: please report it with this text"


def described_by(rules: Any, action: Any) -> Dict[str, Any]:
    """An action for the user. rules: what has describe(action) and disruption(action)."""
    return {"does": rules.describe(action), **rules.disruption(action)}


class Domain(ABC, Generic[State, Action]):
    """One domain of a host, bound to what the user wants of it."""

    # Whether its actions wait for a reboot that a domain before it leaves to be done
    after_reboot = False
    # Whether those after it can be judged where it cannot be had
    apart = False

    def alone(self) -> ContextManager[None]:
        """Keeps others from changing the same things meanwhile; held from before the first look to after the last."""
        return contextlib.nullcontext()

    @abstractmethod
    def observe(self) -> State:
        """One read of the real thing; no effects."""

    @abstractmethod
    def plan(self, state: State) -> List[Action]:
        """What brings the state to what is wanted; pure. Raises EdgesiteError where nothing can."""

    @abstractmethod
    def predict(self, state: State, actions: List[Action]) -> State:
        """The state after the actions; pure."""

    def booted(self, state: State) -> State:
        """What a reboot makes of the state, as far as that is known; no effects."""
        return state

    def ready(self, actions: List[Action]) -> None:
        """Raises EdgesiteError where these actions cannot be applied here; called before the first one."""

    @abstractmethod
    def apply(self, action: Action) -> None:
        """Does one action. Raises EdgesiteError when it fails."""

    @abstractmethod
    def undo(self, action: Action) -> None:
        """Takes one action back, whole or half done. Raises EdgesiteError when it fails."""

    def final(self, action: Action) -> bool:
        """Whether an action leaves something behind that no observation shows and nothing takes back."""
        return False

    @abstractmethod
    def describe(self, action: Action) -> Dict[str, Any]:
        """The action for the user: what it does, and what it interrupts, as common/disruption.py says it."""

    def told(self, described: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
        """What a run tells of its described actions, which check mode has to be able to tell before."""
        return described

    def follows(self, action: Action, earlier: Sequence[Action]) -> str:
        """What of the earlier actions of a plan this one comes after, as common/disruption.py calls it."""
        return ""

    @abstractmethod
    def render(self, state: State) -> Dict[str, Any]:
        """The state for the user, as shown in before, after and the diff."""

    def left(self, before: State, begun: Sequence[Action]) -> Optional[str]:
        """After a failure and the undoing: what is left of it, where the general words would not do; else None."""
        return None

    def extras(self, before: State, after: State) -> Dict[str, Any]:
        """Further results that follow from the states, such as reboot_required."""
        return {}


class PlannedDomain(Domain[State, Action]):
    """A domain that hands planning on to pure code.

    rules: what has plan(wanted, state), after(state, actions), describe(action) and disruption(action).
    """

    rules: Any
    wanted: Any

    def plan(self, state: State) -> List[Action]:
        made: List[Action] = self.rules.plan(self.wanted, state)
        return made

    def predict(self, state: State, actions: List[Action]) -> State:
        after: State = self.rules.after(state, actions)
        return after

    def describe(self, action: Action) -> Dict[str, Any]:
        return described_by(self.rules, action)


class Outcome(NamedTuple):
    """What a run did (or, in check mode, would do)."""

    actions: List[Dict[str, Any]]
    before: Dict[str, Any]
    after: Dict[str, Any]
    extras: Dict[str, Any]


class ApplyError(EdgesiteError):
    """A run failed after its first effect. undone tells whether the host is as it was before; done is what is left."""

    def __init__(
        self,
        problem: str,
        fix: str,
        undone: bool,
        done: List[Dict[str, Any]],
        details: Optional[Dict[str, List[Any]]] = None,
    ) -> None:
        super().__init__(problem, fix, details)
        self.undone = undone
        self.done = done


def unheard(_doing: str) -> None:
    """The note of a run that nobody waits for."""


def converge(
    domain: Domain[State, Action],
    check: bool,
    note: Note = unheard,
    earlier: Sequence[Dict[str, Any]] = (),
    booted: bool = False,
) -> Outcome:
    """Brings a domain to what is wanted, or with check says what that would take.

    earlier: what was done in other domains before, which a failure of this one leaves as it is. booted: with check, a
    reboot comes before it.
    """
    with contextlib.nullcontext() if check else domain.alone():
        before = domain.observe()
        found = domain.booted(before) if booted else before
        actions = domain.plan(found)
        if check or not actions:
            after = domain.predict(found, actions)
        else:
            domain.ready(actions)
            _apply_all(domain, before, actions, note, earlier)
            after = _verified(domain, actions)
    return Outcome(
        actions=domain.told(_described(domain, actions)),
        before=domain.render(before),
        after=domain.render(after),
        extras=domain.extras(before, after),
    )


def converge_all(domains: Iterable[Domain[Any, Any]], check: bool, note: Note = unheard) -> Outcome:
    """Brings one domain after the other to what is wanted, each planned when those before it are done.

    before is of the first that tells of a thing, after and extras are of the last. In check mode, what is wrong with
    domains that stand apart is told together.
    """
    told = Outcome([], {}, {}, {})
    boots, waiting = 0, False
    wrong: List[EdgesiteError] = []
    for domain in domains:
        behind = domain.after_reboot and (waiting or boots > 0)
        try:
            one = converge(domain, check, note, () if check else told.actions, booted=check and behind)
        except EdgesiteError as error:
            if check and domain.apart:
                wrong += error.parts or [error]
                continue
            if check or not told.actions:
                raise
            raise _kept(told.actions, error) from error
        if behind and waiting and one.actions:
            boots, waiting = boots + 1, False
        waiting = waiting or bool(one.extras.get(WAITS))
        told = Outcome(
            told.actions + (_after_reboot(one.actions, boots) if behind else one.actions),
            {**one.before, **told.before},
            {**told.after, **one.after},
            _merged(told.extras, one.extras),
        )
    if wrong:
        raise combined(list({str(error): error for error in wrong}.values()))
    if boots + waiting > 1:
        told.extras[BOOTS] = boots + waiting
    return told


def _after_reboot(actions: List[Dict[str, Any]], boot: int) -> List[Dict[str, Any]]:
    more = {BOOT: boot} if boot > 1 else {}
    return [{**action, **disruption.after(disruption.REBOOT), **more} for action in actions]


def _merged(told: Dict[str, Any], one: Dict[str, Any]) -> Dict[str, Any]:
    """What one domain waits for another one does not end."""
    waits = [extras[WAITS] for extras in (told, one) if WAITS in extras]
    return {**told, **one, **({WAITS: any(waits)} if waits else {})}


def _kept(earlier: List[Dict[str, Any]], error: EdgesiteError) -> EdgesiteError:
    """The failure of a domain, where others were brought to what is wanted before it."""
    return ApplyError(
        "{0} Done before that, and kept: {1}".format(
            sentence(error.problem), "; ".join(str(action["does"]) for action in earlier)
        ),
        error.fix,
        undone=False,
        done=[*earlier, *getattr(error, "done", [])],
        details=error.details,
    )


def _apply_all(
    domain: Domain[State, Action],
    before: State,
    actions: List[Action],
    note: Note,
    earlier: Sequence[Dict[str, Any]],
) -> None:
    begun: List[Action] = []
    for action in actions:
        begun.append(action)
        note(_does(domain, action))
        try:
            domain.apply(action)
        except Exception as failure:
            note("undo what was done")
            raise _rolled_back(domain, before, begun, failure, bool(earlier)) from failure


def _rolled_back(
    domain: Domain[State, Action], before: State, begun: List[Action], failure: Exception, others: bool
) -> ApplyError:
    """Takes back what was begun, the failed action too, since it may have got half-way."""
    not_undone: List[Action] = []
    complaints: List[str] = []
    for action in reversed(begun):
        try:
            domain.undo(action)
        except Exception as error:
            not_undone.append(action)
            if action is not begun[-1]:
                complaints.append(_problem(error))
    problem = "'{0}' failed: {1}".format(_does(domain, begun[-1]), sentence(_problem(failure)))
    as_before = _is(domain, before)
    own_words = None if as_before is None else domain.left(before, begun)
    undone = bool(as_before) and not any(domain.final(action) for action in begun)
    left = [action for action in not_undone if action is not begun[-1]] or begun
    if own_words is not None:
        problem += " " + own_words
    elif as_before is None:
        left = not_undone or begun
        problem += (
            " The state of the host can no longer be read, so this may still be done, wholly or partly: {0}.".format(
                "; ".join(_does(domain, action) for action in left)
            )
        )
    elif undone and others:
        problem += " What was done for it was undone." if len(begun) > 1 else ""
    elif undone and len(begun) > 1:
        problem += " What was done before it was undone; the host is as it was."
    elif undone:
        problem += " Nothing was changed."
    else:
        problem += " Undoing what was done failed too ({0}); still done: {1}.".format(
            "; ".join(complaints) or "the host is not in its earlier state",
            "; ".join(_does(domain, action) for action in left),
        )
    return ApplyError(
        problem,
        getattr(failure, "fix", _REPORT),
        undone,
        _described(domain, left),
        getattr(failure, "details", None),
    )


def _is(domain: Domain[State, Action], state: State) -> Optional[bool]:
    """Whether the host is in that state; None where it can no longer be read."""
    try:
        return bool(domain.observe() == state)
    except Exception:
        return None


def _verified(domain: Domain[State, Action], actions: List[Action]) -> State:
    """The state after the actions, which has to be the wanted one."""
    try:
        after = domain.observe()
        left = domain.plan(after)
    except EdgesiteError as error:
        raise ApplyError(
            "Every step reported success, but then: " + error.problem,
            error.fix,
            undone=False,
            done=_described(domain, actions),
        ) from error
    if left:
        raise ApplyError(
            "Every step reported success, but this did not take effect: {0}".format(
                "; ".join(_does(domain, action) for action in left)
            ),
            "Run again; if this persists, another program on the host sets the same thing",
            undone=False,
            done=_described(domain, actions),
        )
    return after


def _problem(error: Exception) -> str:
    return error.problem if isinstance(error, EdgesiteError) else "{0}: {1}".format(type(error).__name__, error)


def _does(domain: Domain[State, Action], action: Action) -> str:
    return str(_description(domain, action)["does"])


def _described(domain: Domain[State, Action], actions: List[Action]) -> List[Dict[str, Any]]:
    return [
        {**_description(domain, action), **disruption.after(domain.follows(action, actions[:place]))}
        for place, action in enumerate(actions)
    ]


def _description(domain: Domain[State, Action], action: Action) -> Dict[str, Any]:
    told = domain.describe(action)
    does, of = printable(str(told["does"])), [printable(what) for what in told["of"]]
    return {**told, "does": does, "of": of}
