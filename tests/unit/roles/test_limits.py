# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No task of a role runs a foreign program for ever; our own modules have limits for each program that they run."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.edgesite.gpu.tests.unit.places import ROOT

FOREIGN = {
    "ansible.builtin." + name
    for name in ("apt", "command", "dnf", "package", "reboot", "shell", "systemd_service", "uri")
}


def tasks(entries):
    for entry in entries:
        yield entry
        for part in ("block", "rescue", "always"):
            yield from tasks(entry.get(part, []))


@pytest.mark.parametrize("path", sorted(ROOT.glob("roles/*/tasks/*.yml")), ids=lambda path: "/".join(path.parts[-3:]))
def test_every_foreign_program_has_a_limit(path):
    found = list(tasks(yaml.safe_load(path.read_text())))
    assert [task["name"] for task in found if FOREIGN.intersection(task) and "timeout" not in task] == []


def test_whatever_else_hangs_on_a_host_ends_too():
    plays = yaml.safe_load((ROOT / "playbooks/preflight.yml").read_text())
    assert [play["timeout"] > 0 for play in plays if play.get("become")] == [True]
