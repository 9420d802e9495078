# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tasks of the role driver promise of an installation that fails, and of locks that others have."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.edgesite.gpu.tests.unit.places import ROOT

ROLE = ROOT / "roles" / "driver"


def load(name):
    return yaml.safe_load((ROLE / name).read_text(encoding="utf-8"))


def block(manager):
    return load("tasks/{0}.yml".format(manager))[0]["block"]


def place(tasks, fact):
    """Where a fact is set to something else than false."""
    facts = [task.get("ansible.builtin.set_fact", {}).get(fact, False) for task in tasks]
    return next(number for number, value in enumerate(facts) if value is not False)


def argv(task):
    return str(task.get("ansible.builtin.command", {}).get("argv", ""))


@pytest.mark.parametrize("manager", ["apt", "dnf"])
def test_nothing_was_changed_is_said_only_before_packages_change(manager):
    tasks = block(manager)
    module = "ansible.builtin." + manager
    changing = [number for number, task in enumerate(tasks) if module in task and not task[module].get("download_only")]
    assert changing and min(changing) > place(tasks, "driver_begun")
    # what is set back after a failure without a change of packages is noted before it is done
    holds = [number for number, task in enumerate(tasks) if "unhold" in argv(task) or "versionlock" in argv(task)]
    assert holds and min(holds) > place(tasks, "driver_let_go")
    assert not any("switch-to" in argv(task) for task in tasks)


def test_a_repair_of_packages_is_a_change():
    tasks = block("apt")
    repair = next(number for number, task in enumerate(tasks) if "--fix-broken" in str(task.get("loop")))
    assert place(tasks, "driver_repaired") == repair + 1
    assert tasks[repair]["when"] == tasks[repair + 1]["when"]


def test_a_failure_sets_everything_back_for_both_managers():
    tasks = load("tasks/failed.yml")
    assert "driver_also_kept" in tasks[0]["ansible.builtin.shell"]["cmd"]
    assert all("manager == 'apt'" not in str(task.get("when")) for task in tasks)
    kept = load("tasks/dnf.yml")[0]["vars"]["driver_also_kept"]
    assert "/etc/dnf/modules.d/nvidia-driver.module" in kept


def test_every_lock_of_apt_is_waited_for():
    locking = [task for task in block("apt") if "driver_apt_get" in argv(task) and "loop" not in task]
    assert len(locking) == 5
    for task in locking:
        assert "driver_lock_words" in task["until"] and "driver_lock_attempts" in task["retries"], task["name"]
