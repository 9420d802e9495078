# SPDX-License-Identifier: GPL-3.0-or-later
"""Interrupts a re-layout at each of its calls, in each way, and looks at what is left and at how the next run ends."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple

from ansible_collections.edgesite.gpu.tests.integration.nvml.mig_node import CrashNode, Look, named
from ansible_collections.edgesite.gpu.tests.integration.nvml.mig_relayouts import WITH_MIG, Relayout

# What each call may say: nvml.h documents some, and a driver in trouble has the others.
_ANY = ("NO_PERMISSION", "NOT_SUPPORTED", "TIMEOUT", "GPU_IS_LOST", "UNKNOWN")
_ERRORS = {
    "nvmlDeviceSetMigMode": (*_ANY, "IN_USE", "RESET_REQUIRED"),
    "nvmlDeviceCreateGpuInstanceWithPlacement": (*_ANY, "INSUFFICIENT_RESOURCES"),
    "nvmlGpuInstanceCreateComputeInstance": (*_ANY, "INSUFFICIENT_RESOURCES"),
    "nvmlGpuInstanceCreateComputeInstanceWithPlacement": (*_ANY, "INSUFFICIENT_RESOURCES"),
    "nvmlGpuInstanceDestroy": (*_ANY, "IN_USE"),
    "nvmlComputeInstanceDestroy": (*_ANY, "IN_USE"),
}


class Outcome(NamedTuple):
    """What a sweep found: its points by kind, what was wrong, and busy instances: over all points, and those lost."""

    points: Counter
    wrong: List[str]
    busy: Counter


class Wrong(Exception):
    """Something is not as it has to be."""


def check(condition: Any, message: str, *values: Any) -> None:
    if not condition:
        raise Wrong(message.format(*values))


class Call(NamedTuple):
    """The nth call of the re-layout that changes state, and what the module says it does."""

    nth: int
    function: str
    does: str


def sweep(kind: str, relayout: Relayout) -> Outcome:
    """All points of a kind."""
    # In memory, as the simulator reads and writes its state at every call.
    with tempfile.TemporaryDirectory(prefix="mig-crash.", dir="/dev/shm") as folder:
        node = CrashNode(relayout, Path(folder))
        try:
            points = Points(node)
            for call in points.undisturbed():
                KINDS[kind](points, call)
            return Outcome(points.counts, points.wrong, points.busy)
        finally:
            node.close()


class Points:
    """The points of one re-layout. Each starts from the same state."""

    def __init__(self, node: CrashNode) -> None:
        self.node = node
        self.counts: Counter = Counter()
        self.wrong: List[str] = []
        self.busy: Counter = Counter()

    def point(self, name: str, where: str, body: Callable[[], None]) -> None:
        self.counts[name] += 1
        self.busy["all"] += len(self.node.before.busy)
        self.node.reset()
        try:
            body()
        except Wrong as wrong:
            relayout = self.node.relayout
            self.wrong.append(f"{relayout.model}, {relayout.name}, {name}, {where}: {wrong}")

    def undisturbed(self) -> List[Call]:
        """The calls of a run that nothing disturbs: one for each action that the module tells of."""
        self.node.reset()
        run = self.node.run()
        check(run.ok and run.result["changed"], "a run that nothing disturbs: {}", run.output)
        functions = self.node.calls()
        actions = [action["does"] for action in run.result["actions"]]
        check(len(functions) == len(actions), "{} calls for these actions: {}", len(functions), actions)
        return [Call(nth, *both) for nth, both in enumerate(zip(functions, actions), 1)]

    def untouched(self) -> Look:
        """The busy instances are those of the start, with their processes; so are cards that no layout names."""
        now, before = self.node.look(), self.node.before
        self.busy["lost"] += len(before.busy - now.busy)
        check(now.busy == before.busy, "what is busy was {}, and is {}", before.busy, now.busy)
        for card, mig, was in zip(self.node.relayout.cards, now.mig, before.mig):
            check(card.named or mig == was, "a card that no layout names: {}", mig)
        return now

    def ends_as_wanted(self) -> None:
        """The next run, which nothing disturbs."""
        self.node.forget()
        run = self.node.run()
        check(run.ok, "the next run failed: {}", run.output)
        wrong = self.node.relayout.differences(self.untouched().mig)
        check(not wrong, "after the next run: {}", wrong)

    def failed(self, call: Call, error: str) -> Dict[str, Any]:
        """Runs the module, which fails at the call, and says so as a user can read it."""
        run = self.node.run()
        check(run.result.get("failed") and "Traceback" not in run.output, "{}", run.output)
        message, status = run.result["msg"], error.lower()
        check(call.does in message and f"{status})" in message, "the message: {}", message)
        check(run.result.get("nvml_status") == status, "nvml_status: {}", run.result)
        return run.result

    def as_before(self, result: Dict[str, Any]) -> None:
        """Everything was taken back, and the result says so."""
        now = self.untouched()
        check(now.things == self.node.before.things, "not as before: {}", now.mig)
        check(result["undone"] and not result["changed"], "the result: {}", result)

    def told(self, result: Dict[str, Any]) -> None:
        """What is left is what the result says is left."""
        now = self.untouched().things ^ self.node.before.things
        check(now == {named(action) for action in result["actions"]} or not now, "left: {}; {}", now, result)
        check(bool(now) != result["undone"] and bool(now) == result["changed"], "left: {}; {}", now, result)
        untold = [action["does"] for action in result["actions"] if now and action["does"] not in result["msg"]]
        check(not untold, "the message does not tell of {}: {}", untold, result["msg"])

    # What each kind does at a call.

    def kills(self, call: Call) -> None:
        """The module is killed before the call or after it."""
        for when in ("before", "after"):
            self.point("killed " + when, f"call {call.nth}", lambda when=when: self._killed(when, call.nth))

    def _killed(self, when: str, nth: int) -> None:
        self.node.fail("--kill", "--" + when, "--nth", nth)
        check(self.node.is_killed(), "not killed")
        self.untouched()
        self.ends_as_wanted()
        self.node.forget()
        run = self.node.run()
        check(run.ok and not run.result["changed"] and not self.node.calls(), "the third run: {}", run.output)

    def errors(self, call: Call) -> None:
        """The call fails, in each way."""
        for error in _ERRORS[call.function]:
            self.point("error", f"call {call.nth} {error}", lambda error=error: self._error(call, error, "--before"))
        self.point("error after the effect", f"call {call.nth}", lambda: self._error(call, "TIMEOUT", "--after"))
        model = WITH_MIG[self.node.relayout.model]
        if call.function == "nvmlDeviceSetMigMode" and model.mode_change_needs_reset:
            self.point("reset refused", f"call {call.nth}", lambda: self._pinned(call))

    def _error(self, call: Call, error: str, when: str) -> None:
        self.node.fail("--error", error, when, "--nth", call.nth)
        self.as_before(self.failed(call, error))
        self.ends_as_wanted()

    def _pinned(self, call: Call) -> None:
        """The call succeeds, and says that the mode waits since somebody holds the card open."""
        with contextlib.ExitStack() as held:
            files = [
                held.enter_context(open(self.node.folder / f"nvidia{index}", "w"))
                for index, _card in enumerate(self.node.relayout.cards)
            ]
            holder = subprocess.Popen(["sleep", "infinity"], pass_fds=[file.fileno() for file in files])
            try:
                self.as_before(self.failed(call, "IN_USE"))
            finally:
                holder.kill()
                holder.wait()
        self.ends_as_wanted()

    def rollbacks(self, call: Call) -> None:
        """The call fails, and then what takes back those before it: all of it, or one call of it."""
        errors = _ERRORS[call.function]
        error = errors[call.nth % len(errors)]
        self.point("no rollback", f"call {call.nth} {error}", lambda: self._no_rollback(call, error))
        # The rollback has one call for each that was done. Which of them fails differs between the models.
        done = call.nth - 1
        if done:
            later = call.nth + 1 + (call.nth + list(WITH_MIG).index(self.node.relayout.model)) % done
            where = f"call {call.nth} {error}, then call {later}"
            self.point("error in rollback", where, lambda: self._half_rollback(call, error, later))
            self.point("killed in rollback", where, lambda: self._killed_rollback(call, error, later))

    def _no_rollback(self, call: Call, error: str) -> None:
        self.node.fail("--error", error, "--from", call.nth)
        self.told(self.failed(call, error))
        self.ends_as_wanted()

    def _half_rollback(self, call: Call, error: str, later: int) -> None:
        self.node.fail("--error", error, "--nth", call.nth)
        self.node.fail("--error", "UNKNOWN", "--nth", later)
        self.told(self.failed(call, error))
        self.ends_as_wanted()

    def _killed_rollback(self, call: Call, error: str, later: int) -> None:
        self.node.fail("--error", error, "--nth", call.nth)
        self._killed("before", later)


KINDS = {"kills": Points.kills, "errors": Points.errors, "rollbacks": Points.rollbacks}
