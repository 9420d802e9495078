# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import command, files
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson.host import board as jetson
from ansible_collections.edgesite.gpu.tests.unit.shapes import text_of

CONF = text_of("jetson", "nvpmodel_conf/orin-nano-super-maxn").encode()
COMPATIBLE = b"nvidia,p3768-0000+p3767-0005-super\0nvidia,p3767-0005\0nvidia,tegra234\0"


@pytest.fixture
def programs(monkeypatch):
    """What the host's programs print, by name; a dictionary that runs them when it is called."""

    class Programs(dict):
        def __call__(self, argv, data=None, timeout=0):
            return command.Result(0, self[argv[0]], "")

    there = Programs()
    monkeypatch.setattr(command, "find", lambda program: program if program in there else None)
    return there


def put(root, name, content):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


@pytest.fixture(params=["proc/device-tree", "sys/firmware/devicetree/base"])
def board(tmp_path, request):
    put(tmp_path, request.param + "/compatible", COMPATIBLE)
    put(tmp_path, request.param + "/model", b"NVIDIA Jetson Orin Nano Engineering Reference Developer Kit Super\0")
    return tmp_path


def test_jetson(board, programs):
    put(board, "etc/nv_tegra_release", text_of("jetson", "nv_tegra_release/jetpack-6").encode())
    put(board, "etc/nvpmodel.conf", CONF)
    put(board, "var/lib/nvpmodel/status", b"pmode:0002")
    found = jetson.read(programs, str(board))
    assert found.unread == []
    assert found.value["model"].startswith("NVIDIA Jetson Orin Nano")
    assert (found.value["module"], found.value["soc"], found.value["jetpack"]) == ("p3767-0005", "tegra234", "6.2.1")
    assert found.value["l4t"] == {
        "release": "R36",
        "revision": "4.7",
        "version": "36.4.7",
        "major": 36,
        "minor": 4,
        "patch": 7,
    }
    assert found.value["power_mode"] == {"id": 2, "name": "MAXN_SUPER"}
    assert [mode["id"] for mode in found.value["power_modes"]] == [0, 1, 2, 5]


FAN = "<FAN 1>\n\tFAN_PROFILE quiet {\n\t}\n\tFAN_PROFILE cool {\n\t}\n\tFAN_DEFAULT_PROFILE quiet\n>\n"


def test_profiles_of_fans(board, programs):
    assert jetson.read(programs, str(board)).value["fan_profiles"] is None
    put(board, "etc/nvfancontrol.conf", FAN.encode())
    found = jetson.read(programs, str(board))
    assert found.value["fan_profiles"] == ["quiet", "cool"]
    put(board, "etc/nvfancontrol.conf", b"<FAN 1>\n")
    found = jetson.read(programs, str(board))
    assert found.value["fan_profiles"] is None
    assert "jetson.fan_profiles" in [entry["what"] for entry in found.unread]


def test_no_jetson(tmp_path, programs):
    assert jetson.read(programs, str(tmp_path)).value is None
    put(tmp_path, "proc/device-tree/compatible", b"raspberrypi,5-model-b\0")
    found = jetson.read(programs, str(tmp_path))
    assert (found.value, found.unread) == (None, [])


def test_bare_jetson_says_what_is_missing(tmp_path, programs):
    put(tmp_path, "proc/device-tree/compatible", COMPATIBLE)
    found = jetson.read(programs, str(tmp_path))
    assert [found.value[name] for name in ("model", "l4t", "jetpack", "power_mode")] == [None] * 4
    assert [entry["what"] for entry in found.unread] == ["jetson.l4t"]


def test_modes_without_a_choice(board, programs):
    put(board, "etc/nvpmodel.conf", CONF)
    assert jetson.read(programs, str(board)).value["power_mode"] == {"id": 1, "name": "25W"}


def test_damaged_modes_are_told(board, programs):
    put(board, "etc/nvpmodel.conf", b"< POWER_MODEL ID=0 NAME=15W >\n")
    found = jetson.read(programs, str(board))
    assert found.value["power_modes"] == []
    assert [entry["what"] for entry in found.unread] == ["jetson.l4t", "jetson.power_modes"]
    assert "/etc/nvpmodel.conf, line 1: the section PM_CONFIG" in found.unread[1]["why"]


def test_l4t_of_the_package_and_mode_of_the_program(board, programs):
    programs["dpkg-query"] = b"36.5.0-20260115194252"
    programs["nvpmodel"] = text_of("jetson", "nvpmodel/query").encode()
    found = jetson.read(programs, str(board))
    assert found.unread == []
    assert found.value["jetpack"] == "6.2.2"
    assert found.value["power_mode"] == {"id": 0, "name": "15W"}


OFFERED = b"""\
nvidia-l4t-core:
  Installed: 36.9.0-20270101000000
  Candidate: 36.9.0-20270101000000
nvidia-jetpack:
  Installed: (none)
  Candidate: 6.9+b12
"""


@pytest.mark.parametrize(
    "revision, installed, offered, expected",
    [
        ("9.0", b"", OFFERED, "6.9"),
        ("9.0", b"", b"", None),
        # apt has a later one by now, and its package
        ("8.0", b"6.8+b3", OFFERED, "6.8"),
        ("8.0", b"", OFFERED, None),
        ("5.2", b"6.9+b12", OFFERED, "6.2.3"),
    ],
)
def test_jetpack_of_a_release_that_the_table_does_not_have(board, programs, revision, installed, offered, expected):
    put(board, "etc/nv_tegra_release", "# R36 (release), REVISION: {0}, GCID: 1".format(revision).encode())
    programs.update({"dpkg-query": installed, "apt-cache": offered})
    assert jetson.read(programs, str(board)).value["jetpack"] == expected


def test_mode_without_a_name(board, programs):
    put(board, "var/lib/nvpmodel/status", b"pmode:0002")
    assert jetson.read(programs, str(board)).value["power_mode"] == {"id": 2, "name": None}


def test_mode_that_is_only_prepared_is_not_the_one_in_force(board, programs):
    put(board, "etc/nvpmodel.conf", CONF)
    put(board, "var/lib/nvpmodel/status", b"pmode:0005")
    put(board, "run/edgesite-gpu/nvpmodel.json", b'{"prepared": 5, "running": 1}')
    assert jetson.read(programs, str(board)).value["power_mode"] == {"id": 1, "name": "25W"}
    put(board, "var/lib/nvpmodel/status", b"pmode:0002")
    assert jetson.read(programs, str(board)).value["power_mode"] == {"id": 2, "name": "MAXN_SUPER"}


def test_refused_files_are_told(board, programs, monkeypatch):
    programs["dpkg-query"] = b"36.5.0-20260115194252"
    really = files.read_bytes

    def read_bytes(path, limit=-1):
        if "nvpmodel" in path:
            raise PermissionError(13, "Permission denied")
        return really(path, limit)

    monkeypatch.setattr(files, "read_bytes", read_bytes)
    found = jetson.read(programs, str(board))
    assert [entry["what"] for entry in found.unread] == ["jetson.power_modes", "jetson.power_mode"]
    assert found.value["power_mode"] is None
