# SPDX-License-Identifier: GPL-3.0-or-later
"""digest.py LINES < OUTPUT: what failed, of the output of a stage of tests, in at most so many lines.

Often nothing but the end of a run can be read afterwards, so that must say why it is red.
"""

from __future__ import annotations

import re
import sys
from typing import Iterable

_WIDTH = 300
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_STAGE = re.compile(r"\[[a-z][\w-]*\] ")
_SERIES = re.compile(r"\[2\.\d+\] ")
_FRAME = re.compile(r"[\s│]+")
_NOISE = re.compile(
    r"""
      \s*\.\.\.\ .*:\ \d+\ s$       # of a heartbeat
    | .*Warning:\  | .*\.\.\.ignoring
    | .*'extensions/molecule/default/molecule.yml'
    | .*All\ assertions\ passed
    """,
    re.VERBOSE,
)
_SCENARIO = re.compile(r"==== molecule (\w+)$")
_FAILED_SCENARIO = re.compile(r"FAILED  molecule (\w+)")
_TASK = re.compile(r"(TASK|RUNNING HANDLER) \[")
_OF_A_TASK = re.compile(r"fatal: \[|failed: \[|\[ERROR\]: ")
_VERDICT = re.compile(
    r"""
      ====\ molecule
    | (FAILED|ERROR)\ .*(::|\.py)  # pytest's summary
    | ERROR:\ | FATAL:\            # ansible-test
    | fatal:\ \[ | failed:\ \[ | \[ERROR\]:\ | ERROR!\  | CRITICAL
    | [\w./-]+:\d+:(\d+:)?\ \S*(?:error|\w+\[|[A-Z]+\d+)  # mypy, ansible-lint, ruff
    | In\ .*\ line\ \d+:           # shellcheck
    | \w+\ FAILED
    """,
    re.VERBOSE,
)
_DETAIL = re.compile(
    r"""
      E\ {2,}                      # what pytest says of an assertion
    | [\w./-]+\.\w+:\d+:           # where a test failed
    | (\w+\.)*\w+(Error|Exception):\  # the end of a traceback
    | SC\d+ | Would\ reformat
    | msg:\ | lab:\               # what a failed task says, and the emulated site below it
    """,
    re.VERBOSE,
)


def digest(lines: Iterable[str], limit: int) -> list[str]:
    """The lines that say what failed, or the last ones where none does; details only as far as there is room."""
    said = _of_failed_scenarios([line for line in map(_plain, lines) if line and not _NOISE.match(line)], limit)
    verdicts, details = _failures(said)
    kept = set(_ends(verdicts, limit))
    kept.update(_ends(details, limit - len(kept)))
    return [said[number] for number in sorted(kept)] or said[-limit:]


def _plain(line: str) -> str:
    line = _COLOUR.sub("", line.rstrip())
    line = _STAGE.sub("", line, count=1) if _STAGE.match(line) else line
    series = _SERIES.match(line)
    start = series.group() if series else ""
    rest = line[len(start) :]
    return (start + _FRAME.sub("", rest, count=1) if _FRAME.match(rest) else line)[:_WIDTH]


def _of_failed_scenarios(said: list[str], limit: int) -> list[str]:
    """Of Molecule's output, what failed scenarios said last; all other output as it is."""
    failed = {found.group(1) for found in map(_FAILED_SCENARIO.match, said) if found}
    if not failed:
        return said
    parts: dict[str, list[str]] = {}
    scenario = ""
    for line in said:
        begins = _SCENARIO.match(line)
        if begins:
            scenario = begins.group(1)
        parts.setdefault(scenario, []).append(line)
    each = max(limit // len(failed) - 1, 1)
    return [line for name in parts if name in failed for line in _last_failures(parts[name], each)]


def _last_failures(part: list[str], limit: int) -> list[str]:
    # where a scenario failed is at its end; before that it provokes failures
    verdicts, details = _failures(part)
    numbers = sorted({*verdicts, *details})[-limit:]
    return [part[0], *(part[number] for number in numbers if number)] if numbers else part[-limit:]


def _failures(said: list[str]) -> tuple[list[int], list[int]]:
    """The numbers of the lines that name a failure, the failed task's included, and of those that explain one."""
    verdicts, details = [], []
    task, seen = None, set()
    for number, line in enumerate(said):
        words = _SERIES.sub("", line, count=1)
        if _TASK.match(words):
            task = number
        elif words in seen:
            continue
        elif _VERDICT.match(words):
            if task is not None and _OF_A_TASK.match(words):
                verdicts.append(task)
                task = None
            verdicts.append(number)
            seen.add(words)
        elif _DETAIL.match(words):
            details.append(number)
            seen.add(words)
    return verdicts, details


def _ends(numbers: list[int], limit: int) -> list[int]:
    """All, or the first and the last."""
    if len(numbers) <= limit:
        return numbers
    return [*numbers[: limit - limit // 2], *numbers[len(numbers) - limit // 2 :]] if limit > 0 else []


if __name__ == "__main__":
    print("\n".join(digest(sys.stdin, int(sys.argv[1]))))
