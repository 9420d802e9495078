# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the looks of a plan come from: the task of the playbook plan, or that of site in check mode."""

from __future__ import annotations

from ansible_collections.edgesite.gpu.plugins.module_utils.site import host_look

PLAN = {"layers": [], "facts": {}, "left": [], "observed": "", "desired": ""}


def test_a_run_in_check_mode_has_the_look_beside_what_failed():
    (look,) = host_look.of_run("a", {"failed": False, "msg": "gpu: range", "layers": {"gpu": {}}, "plan": PLAN})
    assert look == {**PLAN, "host": "a", "status": "read"} == host_look.of_run("a", PLAN)[0]


def test_a_host_that_the_run_leaves_out_is_not_in_the_plan():
    assert host_look.of_run("a", {"skipped": True, "msg": "the plan leaves a out"}) == []


def test_a_host_without_a_look_is_not_read():
    assert [look["status"] for look in host_look.of_run("a", {"msg": "edgesite_tpm_tcti is wrong"})] == ["failed"]
    assert [look["status"] for look in host_look.of_run("a", None)] == ["failed"]
