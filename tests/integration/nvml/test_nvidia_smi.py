# SPDX-License-Identifier: GPL-3.0-or-later
"""NVIDIA's own nvidia-smi, as Debian has it, on the simulator."""

from __future__ import annotations

import re
from typing import NamedTuple

from ansible_collections.edgesite.gpu.plugins.module_utils.gpu import catalogue
from ansible_collections.edgesite.gpu.tests.integration.nvml.smi_fields import (
    FIELDS,
    LEFT_OUT,
    UNKNOWN,
    UNKNOWN_OF_BLACKWELL,
    flat,
)

DRIVER = "580.105.08"
MOST_CARDS = 16  # that a simulated node has
BLACKWELL = sum(model.architecture == "blackwell" for model in catalogue.MODELS)
ROUNDS_UP_SINCE = 545  # before, nvidia-smi rounded MiB down, as gpu_info does
PLAIN = re.compile(r"[0-9]g\.[0-9]+gb")  # a profile without +me, +gfx or -me
COMMANDS = (
    "-L",
    "-q",
    "-q -x",
    "--query-gpu=index,name,uuid,memory.used,power.draw,mig.mode.current --format=csv",
    "--query-compute-apps=pid,name,used_memory --format=csv",
    "--query-supported-clocks=gr,mem --format=csv",
    "--query-remapped-rows=gpu_uuid,remapped_rows.correctable --format=csv",
    "topo -m",
    "-i 0 -mig 1",
    "mig -i 0 -lgip",
    "mig -i 0 -lgipp",
    "mig -i 0 -cgi 9,14 -C",
    "mig -lgi",
    "mig -lci",
    "-L",
    "-q",
    "",
    "mig -i 0 -dci",
    "mig -i 0 -dgi",
    "-i 0 -mig 0",
    "-i 1 -pm 1",
    "-i 1 -pl 65",
    "-i 1 -lgc 600,900",
    "-i 1 -rgc",
    "-i 1 -e 0",
    "-i 1 -c EXCLUSIVE_PROCESS",
)


def test_every_command_ends_well(node):
    node.init("A100-40", "T4")
    node.client(1, "--memory", 1000, name="inference")
    for line in COMMANDS:
        done = node.smi(*line.split())
        assert done.returncode == 0, (line, done.stdout)
    t4 = node.gpu(1)
    assert (t4["persistence"], t4["power_limit_mw"], t4["ecc"]["pending"], t4["compute_mode"]) == (1, 65000, 0, 3)


# Cards say which socket they are in, or 0 or 1; no capture tells what decides it.
UNANSWERED = {"Module ID"}


def test_no_row_says_that_the_driver_lacks_a_function(node):
    """Real cards say 0 or N/A in what they do not have."""
    node.init("A100-40", "T4", "H100-80", "A6000", driver=DRIVER)
    rows = [row.split(" : ") for row in node.smi("-q").stdout.splitlines()]
    assert {row[0].strip() for row in rows if row[-1] == "Function Not Found"} == UNANSWERED


def test_the_table_has_mig_devices_and_processes_of_every_kind(node):
    node.init("A100-40", "T4")
    assert node.smi("-i", 0, "-mig", 1).returncode == 0 == node.smi("mig", "-i", 0, "-cgi", "9", "-C").returncode
    node.client(0, "--gi", 2, "--kind", "mps", name="trainer")
    node.client(1, "--kind", "graphics", name="desktop")
    node.client(1, name="inference")
    table = node.smi().stdout
    assert re.search(r"MIG devices:.*256MiB / 19968MiB +\| 42 ", table, re.S), table
    processes = re.findall(r"^\| +(\d) +(\S+) +(\S+) +\d+ +(\S+) +(\w+) +256MiB \|$", table, re.M)
    assert sorted(processes) == [
        ("0", "2", "0", "M+C", "trainer"),
        ("1", "N/A", "N/A", "C", "inference"),
        ("1", "N/A", "N/A", "G", "desktop"),
    ]


def release(node):
    return int(re.search(r" v([0-9]+)", node.smi("-h").stdout).group(1))


def busy(node, models):
    """Clients of every kind, some of which warm their card."""
    for index, _model in enumerate(models):
        kind = ("compute", "mps", "graphics")[index % 3]
        node.client(index, "--memory", 1000 + index, "--util", 10 * (index % 3), "--kind", kind, name=f"client-{index}")


def set_up(node, models):
    """MIG where a card has it, other settings where not: all by nvidia-smi."""
    for index, model in enumerate(models):
        if model.mig is None:
            settings = (("-pm", 1), ("-pl", model.power.min_mw // 1000), ("-c", "EXCLUSIVE_PROCESS"))
            done = [node.smi("-i", index, *setting) for setting in (*settings, ("-e", int(not model.ecc_default)))]
        else:
            small = [profile for profile in model.mig.profiles if profile.slices < 3 and PLAIN.fullmatch(profile.name)]
            ids = ",".join(str(profile.id) for profile in small)
            done = [node.smi("-i", index, "-mig", 1), node.smi("mig", "-i", index, "-cgi", ids, "-C")]
        assert not any(one.returncode for one in done), (model.key, [one.stdout for one in done])
    for gpu in node.show()["gpus"]:
        for instance in gpu["mig"]["gpu_instances"][1:]:
            node.client(gpu["index"], "--gi", instance["id"], name="on-instance")


class Told(NamedTuple):
    """A field of a card, as gpu_info told it before and after nvidia-smi showed it."""

    model: str
    field: str
    before: object
    shown: object
    after: object

    def agrees(self, rounded_up):
        """What moves meanwhile, such as the temperature, moves one way."""
        if not isinstance(self.shown, float) or self.before is None:
            return self.before == self.shown == self.after
        above = int(rounded_up and self.field.startswith("memory_mib"))
        low, high = sorted((self.before, self.after))
        return round(low, 2) <= self.shown <= round(high, 2) + above

    def is_newer_than_nvidia_smi(self):
        return self.field in UNKNOWN_OF_BLACKWELL and self.shown == UNKNOWN


def told(model, before, gpu, after):
    """Of each field that both have. A card without MIG has no instances."""
    for field, read in FIELDS.items():
        nothing = [] if "[]" in field else None
        yield Told(model.key, field, before.get(field, nothing), read(gpu), after.get(field, nothing))


def test_every_field_that_both_have_is_equal_on_every_model(node, closing_words):
    compared, fields = [], set()
    for first in range(0, len(catalogue.MODELS), MOST_CARDS):
        models = catalogue.MODELS[first : first + MOST_CARDS]
        for prepare in (busy, set_up):
            node.init(*[model.key for model in models], driver=DRIVER)
            prepare(node, models)
            before, report, after = node.gpu_info(), node.smi_report(), node.gpu_info()
            node.sim("kill-process", "--all")
            assert report.findtext("driver_version") == before["driver"]["version"]
            assert report.findtext("cuda_version") == before["driver"]["cuda_version"]
            gpus = (map(flat, before["gpus"]), report.findall("gpu"), map(flat, after["gpus"]))
            for model, ours, gpu, later in zip(models, *gpus):
                fields |= set(ours)
                compared += told(model, ours, gpu, later)
    compared = [one for one in compared if not one.is_newer_than_nvidia_smi()]
    rounded_up = release(node) >= ROUNDS_UP_SINCE
    assert [one for one in compared if not one.agrees(rounded_up)] == []
    # of a card without MIG or fabric, or in MIG mode, these are null as a whole
    assert fields - {"mig", "fabric", "utilization_percent"} == set(FIELDS) | set(LEFT_OUT)
    assert {one.field for one in compared if one.shown not in (None, [])} == set(FIELDS)
    assert len(compared) >= 2 * (len(catalogue.MODELS) * len(FIELDS) - BLACKWELL * len(UNKNOWN_OF_BLACKWELL))
    closing_words.append(
        f"nvidia-smi {release(node)}: {len(compared)} fields of {len(catalogue.MODELS)} models in two states are as "
        f"gpu_info has them; {len(LEFT_OUT)} are left out, with the reason in smi_fields.py"
    )
