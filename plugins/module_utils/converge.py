# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Observe, plan, apply, observe again: what every module that changes a host does.

Knows nothing of Ansible, so that boot units converge with the same code.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Dict, Generic, List, NamedTuple, Optional, TypeVar

from .core.errors import EdgesiteError, sentence

State = TypeVar("State")
Action = TypeVar("Action")


class Domain(ABC, Generic[State, Action]):
    """One domain of a host, bound to what the user wants of it."""

    @abstractmethod
    def observe(self) -> State:
        """One read of the real thing; no effects."""

    @abstractmethod
    def plan(self, state: State) -> List[Action]:
        """What brings the state to what is wanted; pure. Raises EdgesiteError where nothing can."""

    @abstractmethod
    def predict(self, state: State, actions: List[Action]) -> State:
        """The state after the actions; pure."""

    def ready(self, actions: List[Action]) -> None:
        """Raises EdgesiteError where these actions cannot be applied here; called before the first one."""

    @abstractmethod
    def apply(self, action: Action) -> None:
        """Does one action. Raises EdgesiteError when it fails."""

    @abstractmethod
    def undo(self, action: Action) -> None:
        """Takes one applied action back. Raises EdgesiteError when it fails."""

    @abstractmethod
    def describe(self, action: Action) -> Dict[str, Any]:
        """The action for the user."""

    @abstractmethod
    def render(self, state: State) -> Dict[str, Any]:
        """The state for the user, as shown in before, after and the diff."""

    def extras(self, state: State) -> Dict[str, Any]:
        """Further results that follow from a state, such as reboot_required."""
        return {}


class Outcome(NamedTuple):
    """What a run did (or, in check mode, would do)."""

    actions: List[Dict[str, Any]]
    before: Dict[str, Any]
    after: Dict[str, Any]
    extras: Dict[str, Any]


class ApplyError(EdgesiteError):
    """An action failed half-way. undone tells whether the host is as it was before."""

    def __init__(self, problem: str, fix: str, undone: bool, done: List[Dict[str, Any]]) -> None:
        super().__init__(problem, fix)
        self.undone = undone
        self.done = done


def converge(domain: Domain[State, Action], check: bool) -> Outcome:
    """Brings a domain to what is wanted, or with check says what that would take."""
    before = domain.observe()
    actions = domain.plan(before)
    if check or not actions:
        after = domain.predict(before, actions)
    else:
        domain.ready(actions)
        _apply_all(domain, actions)
        after = domain.observe()
        _verify(domain, after)
    return Outcome(
        actions=[domain.describe(action) for action in actions],
        before=domain.render(before),
        after=domain.render(after),
        extras=domain.extras(after),
    )


def _apply_all(domain: Domain[State, Action], actions: List[Action]) -> None:
    done: List[Action] = []
    for action in actions:
        try:
            domain.apply(action)
        except EdgesiteError as failure:
            raise _rolled_back(domain, action, done, failure) from failure
        done.append(action)


def _rolled_back(
    domain: Domain[State, Action], failed: Action, done: List[Action], failure: EdgesiteError
) -> ApplyError:
    left: List[Dict[str, Any]] = []
    why: Optional[EdgesiteError] = None
    for action in reversed(done):
        try:
            domain.undo(action)
        except EdgesiteError as error:
            left.append(domain.describe(action))
            why = why or error
    problem = "{0} {1}".format(_does(domain, failed), sentence("failed: " + failure.problem))
    if left:
        problem += " Taking back what was done before failed too ({0}); still done: {1}.".format(
            why.problem if why else "", "; ".join(str(entry["does"]) for entry in left)
        )
    elif done:
        problem += " What was done before it was taken back; the host is as it was."
    else:
        problem += " Nothing was changed."
    return ApplyError(problem, failure.fix, undone=not left, done=left)


def _does(domain: Domain[State, Action], action: Action) -> str:
    return "'{0}'".format(domain.describe(action)["does"])


def _verify(domain: Domain[State, Action], after: State) -> None:
    left = domain.plan(after)
    if left:
        raise ApplyError(
            "Every step reported success, but the host did not take: {0}".format(
                "; ".join(str(domain.describe(action)["does"]) for action in left)
            ),
            "Run again; if it stays so, another program on the host sets the same thing",
            undone=False,
            done=[],
        )
