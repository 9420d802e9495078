# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import apt, command
from ansible_collections.edgesite.gpu.plugins.module_utils.common.reading import Reading
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson import jetpack as jetpack_rules
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson.host import board, jetpack

BOARD = {
    "l4t": {"version": "36.4.7"},
    "jetpack": "6.2.1",
    "model": "M",
    "module": "p3701-0000",
    "soc": "tegra234",
    "power_mode": {"id": 2, "name": "30W"},
    "power_modes": [],
}
SLOTS = b"Current version: 36.4.7\nCurrent bootloader slot: A\n"


@pytest.fixture(name="host")
def fixture_host(monkeypatch, tmp_path):
    """What the host's programs print, by name."""
    prints = {
        "dpkg-query": b"nvidia-l4t-core\t36.4.7-1\thold\tinstalled\nnvidia-l4t-cuda\t36.4.7-1\tinstall\tunpacked\n",
        "nvbootctrl": SLOTS,
        "systemctl": "UserspaceTimestampMonotonic={0}\n".format(int((time.monotonic() - 100) * 1e6)).encode(),
    }
    monkeypatch.setattr(command, "find", lambda program: program if program in prints else None)
    monkeypatch.setattr(board, "read", lambda run: Reading(dict(BOARD)))
    monkeypatch.setattr(board, "board", lambda: "p3737-0000+p3701-0000")
    for name in ("HOLDS", "CDI", "INFO", "BOOT_CONTROL", "NO_FIRMWARE"):
        monkeypatch.setattr(jetpack, name, str(tmp_path / name.lower()))
    monkeypatch.setattr(apt, "LOCKS", (str(tmp_path / "lock"), str(tmp_path / "absent")))
    monkeypatch.setattr(jetpack_rules, "SOURCES", str(tmp_path / "sources.list"))
    (tmp_path / "lock").touch()
    (tmp_path / "info").mkdir()
    prints["folder"] = tmp_path
    return prints


def read(host):
    return jetpack.read(lambda argv, data=None, timeout=0.0: command.Result(0, host[argv[0]], ""))


def unpacked(host, name, seconds_ago):
    path = host["folder"] / "info" / (name + ".list")
    path.touch()
    os.utime(path, (time.time() - seconds_ago,) * 2)


def test_jetson(host):
    (host["folder"] / "holds").write_text("nvidia-l4t-core\n")
    (host["folder"] / "sources.list").write_text("# deb http://x/jetson/common r36.4 main\n")
    found = read(host)
    assert (found["held"], found["held_by_role"], found["broken"]) == (
        ["nvidia-l4t-core"],
        ["nvidia-l4t-core"],
        ["nvidia-l4t-cuda"],
    )
    assert (found["apt"]["suite"], found["apt"]["commented"]) == ("r36.4", True)
    assert found["installed"] == {"nvidia-l4t-core": "36.4.7-1"}
    assert found["slots"]["version"] == "36.4.7" and found["unread"] == []
    assert found["nvpmodel"] == {"mode": {"id": 2, "name": "30W"}, "modes": []}
    assert found["disk_free_bytes"] > 0


POSTINST = """\
case "${spec}" in
    *jetson-agx-orin-devkit-) ;;
    *) echo "ERROR. ${spec} does not match any known boards."; exit 1 ;;
esac
"""


def test_board_that_the_bootloader_does_not_know(host):
    assert read(host)["unknown_board"] is None
    (host["folder"] / "info/nvidia-l4t-bootloader.postinst").write_text(POSTINST)
    (host["folder"] / "boot_control").write_text("TNSPEC x\nCOMPATIBLE_SPEC 3701--0004--1--acme-\n")
    assert read(host)["unknown_board"] == "3701--0004--1--acme-"
    # NVIDIA's way to leave the firmware alone
    (host["folder"] / "no_firmware").touch()
    assert read(host)["unknown_board"] is None


def test_other_host_is_refused(host, monkeypatch):
    monkeypatch.setattr(board, "read", lambda run: Reading())
    with pytest.raises(EdgesiteError, match="not a Jetson"):
        read(host)


@pytest.mark.parametrize(
    "name, seconds_ago, waits",
    [("nvidia-l4t-core", 50, True), ("nvidia-l4t-core", 150, False), ("nvidia-l4t-cuda", 50, False)],
)
def test_what_was_installed_since_the_boot_waits_for_one(host, name, seconds_ago, waits):
    unpacked(host, name, seconds_ago)
    assert read(host)["reboot_required"] == waits


def test_host_without_systemd_waits_for_nothing(host):
    unpacked(host, "nvidia-l4t-core", 50)
    host["systemctl"] = b""
    assert not read(host)["reboot_required"]


def test_cdi_file_older_than_l4t_is_stale(host):
    assert read(host)["container_toolkit"] == {"installed": False, "cdi_stale": False, "unconfigured": None}
    host["nvidia-ctk"] = b""
    assert read(host)["container_toolkit"] == {"installed": True, "cdi_stale": True, "unconfigured": None}
    (host["folder"] / "cdi").touch()
    unpacked(host, "nvidia-l4t-cuda", 50)
    assert not read(host)["container_toolkit"]["cdi_stale"]
    unpacked(host, "nvidia-l4t-cuda", -50)
    assert read(host)["container_toolkit"]["cdi_stale"]


def test_cdi_file_of_another_toolkit_is_stale(host):
    host["nvidia-ctk"] = b""
    (host["folder"] / "cdi").touch()
    host["dpkg-query"] += b"nvidia-container-toolkit\t1.16.2-1\tinstall\tinstalled\n"
    unpacked(host, "nvidia-container-toolkit", 50)
    assert not read(host)["container_toolkit"]["cdi_stale"]
    unpacked(host, "nvidia-container-toolkit", -50)
    assert read(host)["container_toolkit"]["cdi_stale"]


def test_toolkit_of_jetpack_5_makes_no_cdi_file(host):
    host["nvidia-ctk"] = b""
    host["dpkg-query"] += b"nvidia-container-toolkit\t1.11.0~rc.1-1\tinstall\tinstalled\n"
    assert not read(host)["container_toolkit"]["cdi_stale"]


def test_container_runtime_that_does_not_know_nvidias(host, monkeypatch):
    conf = host["folder"] / "daemon.json"
    runtimes = (("docker", "dockerd", str(conf)), ("containerd", "containerd", str(host["folder"] / "config.toml")))
    monkeypatch.setattr(jetpack, "RUNTIMES", runtimes)

    def unconfigured():
        return read(host)["container_toolkit"]["unconfigured"]

    host["containerd"] = b""
    assert unconfigured() is None
    host["nvidia-ctk"] = b""
    assert unconfigured() == "containerd"
    host["dockerd"] = b""
    assert unconfigured() == "docker"
    conf.write_text('{"log-driver": "local"}')
    assert unconfigured() == "docker"
    conf.write_text('{"runtimes": {"nvidia": {"args": [], "path": "nvidia-container-runtime"}}}')
    assert unconfigured() is None


def test_programs_that_say_nothing_are_told(host):
    host["nvbootctrl"] = b""
    (entry,) = read(host)["unread"]
    assert entry["what"] == "slots"
    del host["nvbootctrl"]
    assert read(host)["slots"] is None


def test_packages_that_cannot_be_read_are_told(host):
    def run(argv, data=None, timeout=0.0):
        return (
            command.Result(2, b"", "dpkg: error") if argv[0] == "dpkg-query" else command.Result(0, host[argv[0]], "")
        )

    assert jetpack.read(run)["unread"][0]["why"] == "dpkg-query: dpkg: error"


def test_who_holds_a_lock_has_a_name(host):
    assert read(host)["apt"]["locked_by"] == []
    hold = (
        "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.lockf(f, 2); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(host["folder"] / "lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        holder.stdout.readline()
        (locker,) = read(host)["apt"]["locked_by"]
        holder.stdin.close()
    assert locker["pid"] == holder.pid and locker["name"].startswith("python")
