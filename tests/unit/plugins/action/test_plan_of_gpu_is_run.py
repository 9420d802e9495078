# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""gpu_settings does what check mode says: what is set, what is set back, and the boot unit."""

from __future__ import annotations

import random

from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.gpu.host.settings_host import UUIDS, SettingsHost
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.plan_is_run import same

DRIFTS = 60
VALUES = {
    "persistence_mode": [True, False],
    "ecc": [True, False],
    "compute_mode": ["default", "exclusive_process", "prohibited"],
    "power_limit": ["250", "300", "default", "1"],
    "gpu_clocks": [{"min": 1110, "max": 1410}, {"locked": False}],
}
RAW = {
    "persistence_mode": [True, False],
    "ecc": [True, False],
    "compute_mode": ["default", "prohibited"],
    "power_limit": [250000, 350000],
    "gpu_clocks": [None, (1110, 1110)],
}


def wish(chance):
    """What an inventory may ask for; a power limit of 1 W no card takes."""
    selected = chance.choice(["all", [{"uuid": UUIDS[0]}], [{"index": 1}]])
    keys = chance.sample(sorted(VALUES), chance.randint(1, 3))
    return [{"gpus": selected, **{key: chance.choice(VALUES[key]) for key in keys}}] if chance.random() < 0.8 else []


def drift(chance, host):
    for _time in range(chance.randint(0, 3)):
        key = chance.choice(sorted(RAW))
        host.set(chance.choice(UUIDS), key, chance.choice(RAW[key]))
    if chance.random() < 0.2:
        host.reboot()
    host.enabled = host.enabled and chance.random() < 0.8


def task(host, wanted, persist):
    return lambda check: host.converge(wanted, check=check, persist=persist)


def test_check_mode_says_what_a_run_does(monkeypatch):
    acted = 0
    for number in range(DRIFTS):
        chance = random.Random(number)
        host = SettingsHost().patch(monkeypatch)
        host.converge(wish(chance))
        drift(chance, host)
        acted += bool(same(task(host, wish(chance), chance.random() < 0.8)))
    assert acted > DRIFTS // 2
