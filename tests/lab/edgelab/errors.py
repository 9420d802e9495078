# SPDX-License-Identifier: GPL-3.0-or-later
"""The one exception for what a user can do something about."""

from __future__ import annotations


class LabError(Exception):
    """What is wrong, and what to do about it."""

    def __init__(self, problem: str, fix: str = "") -> None:
        super().__init__(f"{problem}\n  -> {fix}" if fix else problem)
        self.problem = problem
        self.fix = fix
