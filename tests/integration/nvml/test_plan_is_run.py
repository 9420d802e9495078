# SPDX-License-Identifier: GPL-3.0-or-later
"""mig_layout and gpu_settings do what check mode says, from layouts and settings that nobody would have chosen."""

from __future__ import annotations

import json
import random
import subprocess
import sys

import pytest

from tests.integration.nvml.conftest import ROOT

MODELS = {
    "A100-40": ["1g.5gb", "2g.10gb", "3g.20gb", "4g.20gb", "7g.40gb"],
    "H100-80": ["1g.10gb", "1g.20gb", "2g.20gb", "3g.40gb", "1c.3g.40gb"],
}
DRIFTS = 20


def layouts(chance, profiles):
    """What may be wanted of a card; some of it no card can have."""
    if chance.random() < 0.2:
        return [{"gpus": "all", "mig": "disabled"}]
    names = chance.sample(profiles, chance.randint(0, 2))
    layout = {"gpus": "all", "instances": {name: chance.randint(1, 2) for name in names}}
    return [layout if chance.random() < 0.9 else {"gpus": "all", "mig": "enabled"}]


def runs(node, library, options, catalogued):
    env = {**node.env, "PYTHONPATH": str(ROOT / ".build" / "collections")}
    words = [str(library), json.dumps(options), json.dumps(catalogued)]
    command = [sys.executable, "-m", "ansible_collections.edgesite.gpu.tests.integration.nvml.mig_run", *words]
    out = subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def listed(result):
    return [(one["does"], one["disruption"], one["of"]) for one in result["actions"]]


@pytest.mark.parametrize("catalogued", [True, False])
@pytest.mark.parametrize("model", sorted(MODELS))
def test_layouts_come_as_check_mode_says(node, library, model, catalogued):
    node.init(model, driver="535.261.03")
    chance = random.Random(f"{model} {catalogued}")
    asked = [layouts(chance, MODELS[model]) for _number in range(DRIFTS)]
    options = [{"layouts": wanted, "_ansible_check_mode": check} for wanted in asked for check in (True, False, True)]
    found = runs(node, library, options, catalogued)
    acted = 0
    for number, wanted in enumerate(asked):
        told, done, left = found[3 * number : 3 * number + 3]
        if told.get("failed"):
            assert done.get("failed"), wanted
        elif not done.get("failed") or catalogued:
            # That a card turns out not to have an instance is known when its driver tells.
            assert listed(told) == listed(done) and not listed(left), (wanted, told, done)
            acted += bool(listed(done))
    assert acted >= DRIFTS // 5
