# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator's figures of a model beside the card's own. Differences are listed: what a card says beats ours.

And gpu_info beside the runner's own nvidia-smi, which have to agree.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

from ansible_collections.edgesite.gpu.plugins.module_utils.gpu import catalogue
from ansible_collections.edgesite.gpu.tests.integration.nvml import smi_compare

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
    "print(json.dumps(facts.read(NvmlProcess())['gpus']))"
)


def cards():
    kept = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "gpu_info.json"
    return json.loads(kept.read_text())["gpus"]


def simulated(key, folder):
    state = {"NVMLSIM_STATE": str(folder / "state")}
    subprocess.run([SIMULATOR / "nvmlsim", "init", "--gpu", key], env={**os.environ, **state}, check=True)
    return read({**state, "LD_LIBRARY_PATH": str(SIMULATOR / "build")})[0]


def read(environment):
    """What gpu_info tells of the GPUs."""
    variables = {**os.environ, **environment, "PYTHONPATH": str(ROOT / ".build" / "collections")}
    return json.loads(
        subprocess.run([sys.executable, "-c", READ], env=variables, capture_output=True, check=True).stdout
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


def test_gpu_info_is_as_nvidia_smi(capsys):
    """What moves meanwhile is between two readings, or left out with its reason: smi_compare.py and smi_fields.py."""
    report = subprocess.run(["nvidia-smi", "-q", "-x"], capture_output=True, check=True, timeout=120).stdout
    gpus = {gpu.findtext("uuid"): gpu for gpu in ElementTree.fromstring(report).findall("gpu")}
    after = {card["uuid"]: card for card in read({})}
    assert set(gpus) == set(after) == {card["uuid"] for card in cards()}
    found = {card["uuid"]: smi_compare.compared(card, gpus[card["uuid"]], after[card["uuid"]]) for card in cards()}
    with capsys.disabled():
        equal = sum(len(one.equal) for one in found.values())
        print(f"\n{equal} fields of {len(found)} cards are as nvidia-smi has them")
        for uuid, one in found.items():
            print(f"  {uuid}: not in this release of nvidia-smi, or in another form: {', '.join(one.unread) or 'none'}")
            print("".join(f"  {uuid}: different: {words}\n" for words in one.different))
    assert not any(one.different for one in found.values())
    assert all(len(one.equal) > len(smi_compare.FIELDS) // 2 for one in found.values())
