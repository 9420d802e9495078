# SPDX-License-Identifier: GPL-3.0-or-later
"""NVIDIA's own nvidia-smi, as Debian has it, on the simulator."""

from __future__ import annotations

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
    "",
    "-q",
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
