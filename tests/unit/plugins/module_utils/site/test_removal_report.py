# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The summary of a removal."""

from __future__ import annotations

from ansible_collections.edgesite.gpu.plugins.module_utils.site import removal_report

RESULT = {
    "actions": [{"does": "stop a.service"}],
    "kept": [{"what": "/etc/a", "why": "a key", "by_hand": "rm /etc/a\nand more"}],
    "in_force": [{"what": "power_limit of all GPUs", "value": "300 W", "until": "a reboot", "by_hand": "nvidia-smi"}],
}


def test_a_host_is_told_with_all_that_stays():
    assert removal_report.of_host("a", RESULT, False) == [
        "a: 1 step",
        "  stays: /etc/a (a key); by hand: rm /etc/a and more",
        "  in force: power_limit of all GPUs, 300 W, until a reboot; by hand: nvidia-smi",
    ]
    assert removal_report.of_host("a", RESULT, True)[0] == "a: 1 step would be done; nothing was changed"


def test_other_hosts_are_told_too():
    assert removal_report.of_host("a", None, False) == ["a: not reached"]
    assert removal_report.of_host("a", {"failed": True, "msg": "no\nway"}, False) == ["a: failed: no way"]
    idle = {**RESULT, "actions": [], "kept": [], "in_force": []}
    assert removal_report.of_host("a", idle, False) == ["a: nothing was there to remove"]
    assert "'ansible a -m edgesite.gpu.gpu_info'" in removal_report.garbled("a")[0]
