# SPDX-License-Identifier: GPL-3.0-or-later
"""A site comes up, stays as it is, boots like real machines do, and goes without a trace."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from pathlib import Path

import pytest
from edgelab.places import board_name, network_stem
from labtest import REPOSITORY, SITE, STATE, TPM, in_host, lab, root

BOOT_ID = "cat /proc/sys/kernel/random/boot_id"
HOSTS = ("one", "two")


def address(host: str) -> str:
    return json.loads(lab("inventory", str(SITE), "--host", host).stdout)["ansible_host"]


def ids() -> dict[str, str]:
    return {host: in_host(host, BOOT_ID) for host in HOSTS}


@pytest.mark.usefixtures("site")
def test_hosts_are_healthy() -> None:
    for host in HOSTS:
        assert in_host(host, "systemctl is-system-running --wait") == "running"
        assert in_host(host, "hostname; cat /etc/hostname") == f"{host}\n{host}"
        assert "set +x" in in_host(host, "tail -n 1 /var/log/lab-init.log")
    assert in_host("one", "getent hosts two").split()[0] == address("two")
    assert lab("ssh", "--site", str(SITE), "one", "sudo", "id", "-u").stdout.strip() == "0"


@pytest.mark.usefixtures("site")
def test_up_again_changes_nothing() -> None:
    before = ids()
    said = lab("up", str(SITE))
    assert not re.search("made|started", said.stdout + said.stderr)
    assert ids() == before


@pytest.mark.usefixtures("site")
def test_up_starts_what_is_stopped() -> None:
    root("podman", "stop", "--time", "0", board_name("labtest", "two"))
    lab("up", str(SITE))
    assert in_host("two", "ip -4 -br address show eth0").split()[2] == address("two") + "/24"
    assert lab("ssh", "--site", str(SITE), "two", "hostname").stdout.strip() == "two"
    assert in_host("two", TPM + "tpm2_getrandom --hex 2")


@pytest.mark.usefixtures("site")
def test_emulated_hardware() -> None:
    assert "[cabc:0370]" in in_host("one", "lspci -nn")
    assert in_host("one", "od -An -tx1 /sys/firmware/efi/efivars/SecureBoot-*") == "06 00 00 00 01"
    assert in_host("two", "ls /sys/bus/pci/devices") == ""


@pytest.mark.usefixtures("site")
def test_nvml_simulator() -> None:
    library = "/usr/lib/x86_64-linux-gnu/libnvidia-ml.so"
    assert in_host("one", f"readlink -f {library}.1") == f"{library}.570.172.08"
    assert in_host("one", "cat /sys/module/nvidia/version") == "570.172.08"
    assert "570.172.08" in in_host("one", "cat /proc/driver/nvidia/version")
    assert in_host("one", "lspci -n | grep -c 10de:") == "2"
    count = "import ctypes; n = ctypes.CDLL('libnvidia-ml.so.1'); c = ctypes.c_uint(); n.nvmlInit_v2();"
    assert in_host("one", f'python3 -c "{count} n.nvmlDeviceGetCount_v2(ctypes.byref(c)); print(c.value)"') == "2"
    assert in_host("two", "ls /sys/module/nvidia", check=False) == ""


SET_MIG_MODE = """
import ctypes
nvml, device, status = ctypes.CDLL("libnvidia-ml.so.1"), ctypes.c_void_p(), ctypes.c_int()
nvml.nvmlInit_v2()
assert nvml.nvmlDeviceGetHandleByIndex_v2(0, ctypes.byref(device)) == 0
assert nvml.nvmlDeviceSetMigMode(device, {mode}, ctypes.byref(status)) == 0
print(status.value)
"""
IN_USE = "19"


def set_mig_mode(mode: int) -> str:
    return in_host("one", f"python3 - <<'END'{SET_MIG_MODE.format(mode=mode)}END")


def mig_of_first_card() -> tuple[int, int]:
    mig = json.loads(in_host("one", "nvmlsim show --json"))["gpus"][0]["mig"]
    return mig["current"], mig["pending"]


@pytest.mark.usefixtures("site")
def test_device_files_are_those_of_the_fleet() -> None:
    files = "stat --format '%n %a %s' /dev/nvidia*"
    wanted = ["/dev/nvidia0 666 0", "/dev/nvidia1 666 0", "/dev/nvidiactl 666 0"]
    assert in_host("one", files).splitlines() == wanted
    assert in_host("two", "ls /dev | grep nvidia", check=False) == ""
    in_host("one", "rm /dev/nvidia0; chmod 600 /dev/nvidia1; echo written >/dev/nvidiactl")
    lab("reboot", "--site", str(SITE), "one")
    assert in_host("one", files).splitlines() == wanted


@pytest.mark.usefixtures("site")
def test_program_that_holds_an_ampere_card_keeps_it_from_its_reset() -> None:
    shell = "exec 3</dev/nvidia0; systemd-notify --ready; exec sleep infinity"
    in_host("one", f"systemd-run --unit=holder -p Type=notify -p NotifyAccess=all sh -c '{shell}'")
    try:
        assert set_mig_mode(1) == IN_USE
        assert mig_of_first_card() == (0, 1)
        assert in_host("one", "nvmlsim reset --gpu 0 2>&1 || true").endswith("(NVML_ERROR_IN_USE)")
    finally:
        in_host("one", "systemctl stop holder")
    assert mig_of_first_card() == (0, 1)
    assert set_mig_mode(1) == "0"
    assert mig_of_first_card() == (1, 1)
    assert set_mig_mode(0) == "0"


@pytest.mark.usefixtures("site")
def test_tpm_is_a_real_one_with_a_certificate(tmp_path: Path) -> None:
    for host, maker in (("one", "lab"), ("two", "acme")):
        certificate = tmp_path / host
        certificate.write_text(
            in_host(host, TPM + "tpm2_nvread -C o 0x1c00002 | openssl x509 -inform DER") + "\n", encoding="ascii"
        )
        ca = STATE / "tpm-ca" / maker
        subprocess.run(
            [
                "openssl",
                "verify",
                "-ignore_critical",
                "-CAfile",
                ca / "root.pem",
                "-untrusted",
                ca / "issuing.pem",
                certificate,
            ],
            check=True,
            capture_output=True,
        )


@pytest.mark.usefixtures("site")
def test_tpm_answers_its_own_host_only() -> None:
    gateway = address("one").rpartition(".")[0] + ".1"
    probe = (
        f"import socket\nfor address in '{address('one')}', '{address('two')}', '{gateway}':\n"
        "  for port in 2321, 2322:\n"
        "    if socket.socket().connect_ex((address, port)) == 0: print(address, port)\n"
    )
    for host in HOSTS:
        assert in_host(host, f'python3 -c "{probe}"') == ""
    serials = {in_host(host, TPM + "tpm2_readpublic -c 0x81010001 -f pem -o /dev/stdout -Q") for host in HOSTS}
    assert len(serials) == 2


def mark() -> str:
    in_host("one", "touch /run/mark /var/mark; " + TPM + f"tpm2_pcrextend 16:sha256={1:064d}")
    return in_host("one", BOOT_ID)


def assert_rebooted(before: str) -> None:
    assert in_host("one", BOOT_ID) not in ("", before)
    assert in_host("one", "ls /run/mark /var/mark", check=False) == "/var/mark"
    assert in_host("one", TPM + "tpm2_pcrread sha256:16").endswith("0x" + "0" * 64)
    assert in_host("one", "systemctl is-system-running --wait") == "running"
    assert in_host("one", "ip -4 -br address show eth0").split()[2] == address("one") + "/24"


@pytest.mark.usefixtures("site")
def test_reboot_from_outside() -> None:
    before = mark()
    lab("reboot", "--site", str(SITE), "one")
    assert_rebooted(before)


@pytest.mark.usefixtures("site")
def test_reboot_from_ansible() -> None:
    before = mark()
    inventory = STATE / "inventory.sh"
    inventory.write_text(f'#!/bin/sh\nexec {REPOSITORY}/tests/lab/lab inventory {SITE} "$@"\n', encoding="utf-8")
    inventory.chmod(0o755)
    done = subprocess.run(
        ["ansible", "-i", str(inventory), "one", "--become", "-m", "ansible.builtin.reboot"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "ANSIBLE_PYTHON_INTERPRETER": "auto_silent"},
    )
    assert '"rebooted": true' in done.stdout or "rebooted: true" in done.stdout, done.stdout + done.stderr
    assert_rebooted(before)


@pytest.mark.usefixtures("site")
def test_cut_and_heal() -> None:
    ssh = ["ssh", "--site", str(SITE), "two"]
    lab("cut", "--site", str(SITE), "two")
    try:
        assert status_of("two") == ["running", "cut off"]
        assert in_host("one", "timeout 1 bash -c '</dev/tcp/two/22' 2>/dev/null || echo unreachable") == "unreachable"
    finally:
        lab("heal", "--site", str(SITE), "two")
    assert lab(*ssh, "hostname").stdout.strip() == "two"


@pytest.mark.usefixtures("site")
def test_up_after_everything_was_killed() -> None:
    # as when the processes of a session end: podman goes on to say that the host runs
    name = f"{network_stem('labtest')}.two"
    for container in (name, f"{name}.board"):
        pids = root("podman", "inspect", "--format", "{{.State.ConmonPid}} {{.State.Pid}}", container).split()
        root("kill", "-KILL", *pids)
    # an init ends when everything in its namespace has
    deadline = time.monotonic() + 60
    while status_of("two") != ["killed", "no board"]:
        assert time.monotonic() < deadline, lab("status").stdout
    lab("up", str(SITE))
    assert status_of("two") == ["running", "connected"]
    assert lab("ssh", "--site", str(SITE), "two", "hostname").stdout.strip() == "two"


@pytest.mark.usefixtures("site")
def test_up_after_its_folder_was_removed() -> None:
    # as when the clone was removed while the site was up, and there is another one in its place
    root("rm", "-r", str(STATE))
    lab("up", str(SITE))
    assert lab("ssh", "--site", str(SITE), "two", "hostname").stdout.strip() == "two"


def status_of(host: str) -> list[str]:
    """State of the host and of its cable."""
    lines = [re.split(r" {2,}", line) for line in lab("status").stdout.splitlines() if "(of " not in line]
    return next([state, cable] for site, name, state, cable in lines if (site, name) == ("labtest", host))


def traces(gateway: str) -> dict[str, list[str]]:
    """What of the site, whose network has the gateway, can be seen on this machine."""
    return {
        "containers": [
            name
            for name in root("podman", "ps", "--all", "--format", "{{.Names}}").split()
            if name.startswith(network_stem("labtest"))
        ],
        "networks": [
            name
            for name in root("podman", "network", "ls", "--format", "{{.Name}}").split()
            if name.startswith(network_stem("labtest"))
        ],
        "processes": [line for line in root("ps", "-eo", "args").splitlines() if network_stem("labtest") in line],
        "addresses": [line for line in root("ip", "-4", "address").splitlines() if f" {gateway}/" in line],
        "files": [str(path) for path in (STATE,) if path.exists()],
        "volumes": root("podman", "volume", "ls", "--quiet").split(),
    }


@pytest.mark.usefixtures("site")
def test_down_leaves_nothing_and_up_works_after_an_interrupt() -> None:
    gateway = address("one").rpartition(".")[0] + ".1"
    volumes = traces(gateway)["volumes"]
    lab("down", str(SITE))
    assert traces(gateway) == {
        "containers": [],
        "networks": [],
        "processes": [],
        "addresses": [],
        "files": [],
        "volumes": volumes,
    }

    # Ctrl-C at different points of 'up'
    for seconds in (0.8, 2.0):
        up = subprocess.Popen(
            [str(REPOSITORY / "tests/lab/lab"), "up", str(SITE)],
            start_new_session=True,
        )
        time.sleep(seconds)
        os.killpg(up.pid, 2)
        up.wait(timeout=120)
    lab("up", str(SITE))
    assert set(json.loads(lab("inventory", str(SITE)).stdout)["edgesite"]["hosts"]) == set(HOSTS)
    test_hosts_are_healthy()
