# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one exception that a user is meant to read."""

from __future__ import annotations


class EdgesiteError(Exception):
    """Something a user can act on.

    problem: names the option, its value and what is allowed.
    fix: says what to do about it.
    """

    def __init__(self, problem: str, fix: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.fix = fix

    def __str__(self) -> str:
        return sentence(self.problem) + (" " + sentence(self.fix) if self.fix else "")


def sentence(text: str) -> str:
    """The text, closed by a full stop where it has no closing mark."""
    return text if text.endswith((".", "!", "?")) else text + "."
