# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-ins of Jetsons' programs print what the real ones do, release by release."""

from __future__ import annotations

import importlib.util
import runpy
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson import clocks
from edgelab import paths

JETSON = paths.LAB / "jetson"


def load(name: str) -> ModuleType:
    """A file that hosts get, as a module of its name."""
    spec = importlib.util.spec_from_file_location(name, JETSON / "host" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Board:
    """The files of a Jetson below a folder, with some of its cores off."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.board = load("board")
        monkeypatch.setitem(sys.modules, "board", self.board)
        module = {
            "gpu": "17000000.gpu",
            "cluster": 2,
            "cpu_min": 100,
            "emc": (1, 9),
            "emc_idle": 5,
            "idle_states": ("WFI", "c7"),
            "cpus": 4,
            "cpu": [100, 200],
            "gpu_freqs": [300, 900],
        }
        power_on = load("power_on")
        for make in (power_on.cpus, power_on.gpu, power_on.memory):
            make(root, module)
        power_on.fan(root)
        sysfs = root / "sys/devices"
        for name, path in {
            "CPUS": sysfs / "system/cpu",
            "EMC": root / "sys/kernel/debug/bpmp/debug/clk/emc",
            "EMC_CAP": root / "sys/kernel/nvpmodel_clk_cap/emc",
            "DEVFREQ": root / "sys/class/devfreq",
            "RELEASE": root / "nv_tegra_release",
            "LAB": root,
        }.items():
            monkeypatch.setattr(self.board, name, path)
        (root / "emc_idle_rate").write_text("5")
        monkeypatch.setattr(self.board, "gpu", lambda: sysfs / "platform/17000000.gpu/devfreq_dev")
        monkeypatch.setattr(self.board, "tpc_mask", lambda: sysfs / "platform/gpu.0/tpc_pg_mask")
        monkeypatch.setattr(self.board, "soc", lambda: "tegra234")
        monkeypatch.setattr(self.board, "device_tree", lambda _name: ["M"])
        self.board.write(sysfs / "system/cpu/cpu3/online", 0)

    def release(self, line: str, thor: bool = False) -> None:
        """What it is flashed with, and whether it is a Thor."""
        (self.root / "nv_tegra_release").write_text(line)
        if thor:
            for name in ("gpu-gpc-0", "gpu-nvd-0"):
                for file, value in (("min_freq", 300), ("max_freq", 900), ("cur_freq", 300)):
                    path = self.root / "sys/class/devfreq" / name / file
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(str(value))
        self.board.settle()


@pytest.fixture(name="jetson")
def fixture_jetson(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Board:
    return Board(tmp_path, monkeypatch)


def clocks_show(jetson: Board, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> str:
    """What jetson_clocks --show prints."""

    def run(argv: list, **_options: object) -> subprocess.CompletedProcess:
        return subprocess.CompletedProcess(argv, 0, "active\n" if argv[0] == "systemctl" else "NV Power Mode: A\n0\n")

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(sys, "argv", ["jetson_clocks", "--show"])
    text = (JETSON / "programs/jetson_clocks.py").read_text()
    script = jetson.root / "jetson_clocks.py"
    script.write_text(text.replace('"/sys/', f'"{jetson.root}/sys/'))
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(script), run_name="__main__")
    assert not ended.value.code
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "thor", "first", "core", "gpus"),
    [
        ("# R35 (release), REVISION: 6.1", False, "Online CPUs: 0-2", "cpu0:  Online=1 Governor=", ["GPU"]),
        ("# R36 (release), REVISION: 5.0", False, "Online CPUs: 0-2", "cpu0:  Online=1 Governor=", ["GPU"]),
        ("# R39 (release), REVISION: 2.1", False, "Online CPUs: 0-2, Offline CPUs: 3", "cpu0:  Governor=", ["GPU"]),
        (
            "# R38 (release), REVISION: 4.0",
            True,
            "Online CPUs: 0-2, Offline CPUs: 3",
            "cpu0:  Governor=",
            ["gpu-gpc-0", "gpu-nvd-0"],
        ),
    ],
)
def test_jetson_clocks_shows_the_form_of_the_release(jetson, monkeypatch, capsys, line, thor, first, core, gpus):
    jetson.release(line, thor)
    shown = clocks_show(jetson, monkeypatch, capsys)
    assert shown.splitlines()[1] == first
    assert f"\n{core}" in shown
    read = clocks.parse_show(shown)
    assert sorted(read) == sorted(["cpu0", "cpu1", "cpu2", *gpus]) and not clocks.locked(read)
