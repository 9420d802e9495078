# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells of the fuzz at the end of the run: its seed in any case, and each plugin where many inputs were asked for."""

from __future__ import annotations

from ansible_collections.edgesite.gpu.tests.unit.fuzz import generator


def pytest_terminal_summary(terminalreporter):
    seed, *plugins = generator.told()
    terminalreporter.write_line(seed)
    if generator.CASES >= generator.MANY:
        terminalreporter.write_line("\n".join(plugins))
