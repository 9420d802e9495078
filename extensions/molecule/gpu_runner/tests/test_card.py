# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator's figures of a model beside the card's own. Differences are listed: what a card says beats ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from ansible_collections.edgesite.gpu.plugins.module_utils.gpu import catalogue

ROOT = Path(__file__).resolve().parents[4]
SIMULATOR = ROOT / "tests" / "lab" / "nvml"
# What a model has by its nature; all else is a card's, a moment's or a driver's own.
FIGURES = (
    "name",
    "architecture",
    "cuda_compute_capability",
    "pci_vendor_id",
    "pci_device_id",
    "memory_mib.total",
    "power_w.default_limit",
    "power_w.min_limit",
    "power_w.max_limit",
    "clocks_mhz.max_graphics",
    "clocks_mhz.max_sm",
    "clocks_mhz.max_memory",
    "clocks_mhz.min_graphics",
    "clocks_mhz.min_memory",
    "mig.resetless",
    "mig.max_devices",
)
READ = (
    "import json;"
    "from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host import facts;"
    "from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host.process import NvmlProcess;"
    "print(json.dumps(facts.read(NvmlProcess())['gpus'][0]))"
)


def cards():
    kept = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "gpu_info.json"
    return json.loads(kept.read_text())["gpus"]


def simulated(key, folder):
    state = {"NVMLSIM_STATE": str(folder / "state")}
    subprocess.run([SIMULATOR / "nvmlsim", "init", "--gpu", key], env={**os.environ, **state}, check=True)
    environment = {
        **os.environ,
        **state,
        "LD_LIBRARY_PATH": str(SIMULATOR / "build"),
        "PYTHONPATH": str(ROOT / ".build" / "collections"),
    }
    return json.loads(
        subprocess.run([sys.executable, "-c", READ], env=environment, capture_output=True, check=True).stdout
    )


def figure(card, path):
    for key in path.split("."):
        card = (card or {}).get(key)
    return card


def test_card_has_what_every_card_has():
    for card in cards():
        missing = [path for path in FIGURES[:6] if figure(card, path) is None]
        assert not missing, f"{card['name']}: {missing}"


def test_simulator_beside_the_card(tmp_path, capsys):
    subprocess.run(["make", "--silent", "-C", SIMULATOR], check=True)
    with capsys.disabled():
        for card in cards():
            model = catalogue.by_name(card["name"])
            if model is None:
                print(f"\n{card['name']}: not in the catalogue; please add it (module_utils/gpu/catalogue.py)")
                continue
            ours = simulated(model.key, tmp_path)
            different = [path for path in FIGURES if figure(card, path) != figure(ours, path)]
            assert figure(ours, "name") == figure(card, "name")
            print(f"\n{card['name']}: {len(different)} of {len(FIGURES)} figures differ from the catalogue's")
            for path in different:
                print(f"  {path}: card {figure(card, path)}, catalogue {figure(ours, path)}")
