# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The domains of a run of mig_layout, one after the other: some of it is known only once a mode is changed."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any, Callable, Dict, Iterator, List, Sequence

from ...common.disruption import MODE
from ...converge import Domain
from .. import actions as mig_actions
from .domain import MigDomain, State

# MigDomain, or what makes one
Kind = Callable[..., MigDomain]


class _Later(MigDomain):
    """The second stage: instances of cards whose profiles were unknown before MIG was on.

    Check mode has to tell of them before, so that a run tells of them in the same words: the user's.
    """

    def __init__(self, expected: Sequence[mig_actions.MakeLater], *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.expected = expected

    def told(self, described: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
        return mig_actions.gathered(described, self.expected)


class _Booted(MigDomain):
    """Check mode: what comes after the reboot that brings the mode of a guest's card. found: the state before it."""

    after_reboot = True

    def __init__(self, found: State, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.found = found

    def observe(self) -> State:
        return self.found

    def booted(self, state: State) -> State:
        return replace(state, cards=tuple(map(mig_actions.booted, state.cards)))


class _Expected(Domain[None, mig_actions.MakeLater]):
    """What check mode tells of the second stage. Whether the instances fit is known when it comes to that."""

    def __init__(self, expected: Sequence[mig_actions.MakeLater]) -> None:
        self.expected = expected

    def observe(self) -> None:
        return None

    def plan(self, state: None) -> List[mig_actions.MakeLater]:
        return list(self.expected)

    def predict(self, state: None, actions: List[mig_actions.MakeLater]) -> None:
        return None

    def apply(self, action: mig_actions.MakeLater) -> None:
        raise AssertionError("check mode applies nothing")

    undo = apply

    def describe(self, action: mig_actions.MakeLater) -> Dict[str, Any]:
        return mig_actions.later(action)

    def follows(self, action: mig_actions.MakeLater, earlier: Sequence[mig_actions.MakeLater]) -> str:
        return MODE

    def render(self, state: None) -> Dict[str, Any]:
        return {}


def stages(make: Callable[[Kind], MigDomain], check: bool) -> Iterator[Domain[Any, Any]]:
    """A domain, and one more for the instances of cards whose profiles are known only once MIG is on."""
    first = make(MigDomain)
    yield first
    if check and first.foreseen is not None:
        yield make(functools.partial(_Booted, first.foreseen))
    if first.only_mode and check:
        yield _Expected(first.expects())
    elif first.only_mode:
        yield make(functools.partial(_Later, first.expects()))
