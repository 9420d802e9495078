# SPDX-License-Identifier: GPL-3.0-or-later
"""MIG instances made by mig_layout as nvidia-smi reads them, and the other way round."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from ansible_collections.edgesite.gpu.tests.integration.nvml.conftest import ROOT

DRIVER = "580.105.08"
# model: what mig_layout is asked for, and the commands of nvidia-smi for the same
LAYOUTS = {
    "A100-40": (
        [{"profile": "4g.20gb", "placement": 0, "compute_instances": {"1c": 2, "2c": 1}}, "2g.10gb", "1g.5gb+me"],
        ("mig -cgi 5:0", "mig -gi 1 -cci 0,0,1", "mig -cgi 2g.10gb,1g.5gb+me -C"),
    ),
    "A30": ({"2g.12gb": 1, "1g.6gb": 2}, ("mig -cgi 5,14,14 -C",)),
    "H100-80": ({"3g.40gb": 1, "1g.20gb": 2}, ("mig -cgi 9,15,15", "mig -cci")),
    # of the profiles of this card nvidia-smi 535 knows those without graphics only
    "RTXPRO6000": ({"2g.48gb": 1, "1g.24gb": 1, "1g.24gb+me": 1}, ("mig -cgi 5,14,21 -C",)),
}
WANTED = [{"gpus": [{"index": index}], "instances": wanted} for index, (wanted, _) in enumerate(LAYOUTS.values())]

READ_LAYOUTS = """
from ansible.module_utils import basic
from ansible_collections.edgesite.gpu.plugins.modules import mig_layout_info
basic.AnsibleModule._log_invocation = lambda _module: None
basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE = b'{"ANSIBLE_MODULE_ARGS": {}}', "legacy"
mig_layout_info.main()
"""

GPU_INSTANCE = re.compile(r"\| +(\d+) +(MIG \S+) +(\d+) +(\d+) +(\d+):(\d+) +\|")
COMPUTE_INSTANCE = re.compile(r"\| +(\d+) +(\d+) +(MIG \S+) +(\d+) +(\d+) +(\d+):(\d+) +\|")
DEVICE = re.compile(r"UUID: (MIG-\S+)\)")


def listed(node):
    """GPU instances, compute instances and UUIDs of devices, as nvidia-smi lists them."""
    tables = ((("mig", "-lgi"), GPU_INSTANCE), (("mig", "-lci"), COMPUTE_INSTANCE), (("-L",), DEVICE))
    return [sorted(row.findall(node.smi(*words).stdout)) for words, row in tables]


def told(node):
    """The same, as gpu_info tells it."""
    gpu_instances, compute_instances, devices = [], [], []
    for gpu in node.gpu_info()["gpus"]:
        for outer in gpu["mig"]["gpu_instances"]:
            gpu_instances.append((gpu["index"], *entry(outer)))
            for inner in outer["compute_instances"]:
                compute_instances.append((gpu["index"], outer["id"], *entry(inner)))
                devices.append(inner["uuid"])
    rows = [sorted(tuple(map(str, row)) for row in table) for table in (gpu_instances, compute_instances)]
    return [*rows, sorted(devices)]


def entry(instance):
    place = instance["placement"]
    return instance["profile"], instance["profile_id"], instance["id"], place["start"], place["size"]


def layouts(node):
    """What mig_layout_info tells."""
    env = {**node.env, "PYTHONPATH": str(ROOT / ".build" / "collections")}
    done = subprocess.run([sys.executable, "-c", READ_LAYOUTS], env=env, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)["layouts"]


def make(node):
    """All instances, by nvidia-smi."""
    for index, (_wanted, commands) in enumerate(LAYOUTS.values()):
        for command in ("-mig 1", *commands):
            done = node.smi(*command.split(), "-i", index)
            assert done.returncode == 0, (command, done.stdout)


@pytest.fixture
def cards(node):
    node.init(*LAYOUTS, driver=DRIVER)
    return node


def test_what_mig_layout_makes_is_what_nvidia_smi_lists(cards, laid_out):
    assert laid_out(layouts=WANTED)["changed"]
    gpu_instances, compute_instances, devices = listed(cards)
    assert (len(gpu_instances), len(compute_instances), len(devices)) == (12, 14, 14)
    assert [gpu_instances, compute_instances, devices] == told(cards)


def test_what_nvidia_smi_makes_is_what_gpu_info_tells_and_mig_layout_keeps(cards, laid_out):
    make(cards)
    assert listed(cards) == told(cards)
    assert len(listed(cards)[0]) == 12
    result = laid_out(layouts=WANTED)
    assert not result.get("failed") and not result["changed"], result


def test_what_mig_layout_info_tells_of_them_is_enough_to_make_them_again(cards, laid_out):
    make(cards)
    made, pinned = listed(cards), layouts(cards)
    cards.init(*LAYOUTS, driver=DRIVER)
    assert laid_out(layouts=pinned)["changed"]
    gpu_instances, compute_instances, _devices = listed(cards)
    assert gpu_instances == made[0]
    # a layout has no places for compute instances
    assert sorted(row[:4] for row in compute_instances) == sorted(row[:4] for row in made[1])


def test_what_nvidia_smi_destroys_is_gone(cards, laid_out):
    laid_out(layouts=WANTED)
    for words in (("mig", "-dci"), ("mig", "-dgi"), ("-mig", 0)):
        done = cards.smi(*words)
        assert done.returncode == 0, (words, done.stdout)
    assert {gpu["mig"]["current"] for gpu in cards.gpu_info()["gpus"]} == {False}
    assert laid_out(layouts=WANTED, check=True)["changed"]


def test_nvidia_smi_does_not_destroy_what_is_in_use(cards, laid_out):
    laid_out(layouts=WANTED)
    cards.client(1, "--gi", cards.gpu(1)["mig"]["gpu_instances"][0]["id"])
    done = cards.smi("mig", "-i", 1, "-dci")
    assert done.returncode != 0 and "In use by another client" in done.stdout
