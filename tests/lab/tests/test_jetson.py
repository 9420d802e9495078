# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulated Jetsons do what real ones are known to do: what a role must not trip over."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from labtest import HERE, lab

SITE = HERE / "jetson.yml"
BOOT_ID = "cat /proc/sys/kernel/random/boot_id"
TPCS = "cat /sys/devices/platform/gpu.0/tpc_pg_mask"
CORES = "cat /sys/devices/system/cpu/online"
STATUS = "cat /var/lib/nvpmodel/status"
APT = "DEBIAN_FRONTEND=noninteractive apt-get --yes --quiet=2"
REBOOT_SECONDS = 300


@pytest.fixture(scope="module", autouse=True)
def jetsons() -> Iterator[None]:
    """The site of this module, gone after its last test."""
    lab("up", str(SITE))
    yield
    lab("down", str(SITE), check=False)


def on(host: str, script: str) -> str:
    """What a script prints that root runs, errors among it, with the status of its last command."""
    done = lab("exec", "--site", str(SITE), host, "sh", "-c", f"exec 2>&1\n{script}\necho status $?", check=False)
    return done.stdout.strip()


def value(host: str, script: str) -> str:
    """What a script prints that has to succeed."""
    printed, _newline, status = on(host, script).rpartition("status ")
    assert status == "0", f"{script}: {printed}"
    return printed.strip()


def wait_for_reboot(host: str, before: str) -> None:
    """Until the host has booted again, by itself."""
    end = time.monotonic() + REBOOT_SECONDS
    while True:
        now = lab("exec", "--site", str(SITE), host, "sh", "-c", f"systemctl is-active ssh && {BOOT_ID}", check=False)
        if now.returncode == 0 and before not in now.stdout:
            return
        assert time.monotonic() < end, f"{host} did not come back: {now.stdout}{now.stderr}"


def test_modules_come_up_with_their_release() -> None:
    for host, l4t in (("orin", "36.4.7-20250918154033"), ("nano", "36.4.4-20250616085344")):
        assert value(host, "systemctl is-system-running --wait") == "running"
        assert value(host, "dpkg-query --show --showformat '${Version}' nvidia-l4t-core") == l4t
        assert value(host, "dpkg-query --show --showformat '${Version}' nvidia-jetpack") == "6.2.1+b38"
        assert value(host, "dpkg --search /etc/nv_tegra_release") == "nvidia-l4t-init: /etc/nv_tegra_release"
        assert value(host, f"{APT} update") == ""
    assert value("orin", "apt list --upgradable 2>/dev/null | grep -c nvidia; true") == "0"


def test_ids_of_power_modes_are_not_portable() -> None:
    assert "ID=2 NAME=MODE_30W" in value("orin", "nvpmodel -p --verbose")
    assert "ID=2 NAME=MAXN_SUPER" in value("nano", "nvpmodel -p --verbose")
    assert value("orin", "nvpmodel -q") == "NV Power Mode: MODE_30W\n2"
    assert value("nano", "nvpmodel -q") == "NV Power Mode: 25W\n1"


def test_mode_of_the_same_cores_changes_at_once() -> None:
    clock = "cat /sys/devices/system/cpu/cpu0/cpufreq/scaling_max_freq"
    assert value("nano", f"nvpmodel -m 0; {clock}; {STATUS}") == "1497600\npmode:0000"
    assert value("nano", f"nvpmodel -m 1; {clock}; {STATUS}") == "1344000\npmode:0001"
    assert on("nano", "nvpmodel -m 9") == "NVPM ERROR: request for bad power mode 9\nstatus 234"


def test_mode_of_other_cores_waits_for_an_answer() -> None:
    # the pipe stays open: only the answer ends the program
    script = f"""
    cd $(mktemp -d); mkfifo answer; touch said
    nvpmodel -m 0 <answer >said 2>&1 & asked=$!
    exec 3>answer
    until grep -q confirm said; do kill -0 $asked || exit 99; done
    kill -0 $asked && echo waits
    echo no >&3
    wait $asked; echo "ended with $?"
    cat said
    {STATUS}; {CORES}
    """
    assert value("orin", script).splitlines() == [
        "waits",
        "ended with 234",
        "NVPM WARN: Golden image context is already created",
        "NVPM WARN: Reboot required for changing to this power mode: 0",
        "NVPM WARN: DO YOU WANT TO REBOOT NOW? enter YES/yes to confirm:",
        "NVPM ERROR: optMask is 1, no request for power mode",
        "pmode:0002",
        "0-7",
    ]
    closed = on("orin", "nvpmodel -m 0 </dev/null")
    assert closed.endswith("bad input!\nNVPM ERROR: optMask is 1, no request for power mode\nstatus 234")


def test_stored_mode_is_applied_at_boot_and_locked_clocks_are_gone() -> None:
    gpu = "cd /sys/devices/platform/17000000.gpu/devfreq_dev; cat min_freq max_freq"
    assert value("orin", f"{TPCS}; {gpu}").splitlines() == ["240", "306000000", "624750000"]
    assert value("orin", f"jetson_clocks --store; jetson_clocks; {gpu}").splitlines()[-2:] == ["624750000", "624750000"]
    assert "FreqOverride=1" in value("orin", "jetson_clocks --show")
    assert value("orin", f"echo pmode:0000 >/var/lib/nvpmodel/status; {CORES}; {TPCS}") == "0-7\n240"
    lab("reboot", "--site", str(SITE), "orin")
    assert value("orin", f"systemctl start nvpmodel; nvpmodel -q; {CORES}; {TPCS}; {gpu}").splitlines() == [
        *("NV Power Mode: MAXN", "0"),
        *("0-11", "0"),
        *("306000000", "1300500000"),
    ]


def test_yes_reboots_under_the_caller() -> None:
    before = value("orin", BOOT_ID)
    lab("exec", "--site", str(SITE), "orin", "sh", "-c", "echo YES | nvpmodel -m 1", check=False)
    wait_for_reboot("orin", before)
    assert value("orin", f"systemctl start nvpmodel; nvpmodel -q; {CORES}; {TPCS}").splitlines() == [
        "NV Power Mode: MODE_15W",
        "1",
        "0-3",
        "248",
    ]


def test_clocks_are_restored_from_what_was_stored_and_the_store_is_not_overwritten_unasked() -> None:
    clocks = "cat /sys/devices/system/cpu/cpu0/cpufreq/scaling_min_freq"
    before = value("nano", clocks)
    value("nano", "jetson_clocks --store /var/tmp/clocks; jetson_clocks")
    assert value("nano", clocks) == "1344000"
    again = on("nano", "jetson_clocks --store /var/tmp/clocks </dev/null")
    assert again.splitlines()[0] == "File /var/tmp/clocks already exists. Can I overwrite it? Y/N:"
    assert again.endswith("status 1")
    value("nano", "jetson_clocks --restore /var/tmp/clocks")
    assert value("nano", clocks) == before != "1344000"


def test_fan_daemon_stops_at_an_unknown_profile_and_prefers_what_it_did_last() -> None:
    change = "sed -i 's/FAN_DEFAULT_PROFILE .*/FAN_DEFAULT_PROFILE {}/' /etc/nvpower/nvfancontrol/*.conf"
    forget = "rm /var/lib/nvfancontrol/status"
    # the daemon sets the speed last
    restart = """
    pwm=/sys/devices/platform/pwm-fan/hwmon/hwmon0/pwm1; echo 0 >$pwm
    systemctl restart nvfancontrol; until [ "$(cat $pwm)" != 0 ]; do :; done
    nvfancontrol -q | grep FAN_PROFILE; cat $pwm
    """
    assert value("nano", f"{change.format('cool')}; {restart}") == "FAN1:FAN_PROFILE:quiet\n62"
    assert value("nano", f"{forget}; {restart}") == "FAN1:FAN_PROFILE:cool\n88"
    failed = "until systemctl is-failed nvfancontrol; do :; done"
    assert value("nano", f"{change.format('silent')}; {forget}; systemctl restart nvfancontrol; {failed}")
    assert "fan profile silent not found" in value("nano", "journalctl --unit nvfancontrol --boot")
    assert value("nano", f"{change.format('quiet')}; {restart}") == "FAN1:FAN_PROFILE:quiet\n62"


def test_minor_upgrade_changes_the_release_and_the_bootloader_follows_at_the_reboot() -> None:
    suites = "/etc/apt/sources.list.d/nvidia-l4t-apt-source.list"
    assert value("orin", "nvidia-ctk cdi generate --mode=csv --output=/etc/cdi/nvidia.yaml 2>&1").endswith('0.5.0"')
    value("orin", f"sed -i s/r36.4/r36.5/ {suites}; {APT} update && {APT} dist-upgrade")
    assert "R36 (release), REVISION: 5.0" in value("orin", "head -n 1 /etc/nv_tegra_release")
    assert "edgelab.l4t: 36.4.7" in value("orin", "cat /etc/cdi/nvidia.yaml"), "nothing regenerates it"
    assert "Current version: 36.4.7" in value("orin", "nvbootctrl dump-slots-info")
    assert value("orin", "nvbootctrl get-current-slot") == "0"
    lab("reboot", "--site", str(SITE), "orin")
    assert value("orin", "nvbootctrl dump-slots-info").splitlines()[:4] == [
        "Current version: 36.5.0",
        "Capsule update status: 1",
        "Current bootloader slot: B",
        "Active bootloader slot: B",
    ]
    # the mode outlives it
    assert value("orin", "systemctl start nvpmodel; nvpmodel -q") == "NV Power Mode: MODE_15W\n1"


def test_held_package_keeps_all_of_the_release_back() -> None:
    installed = "dpkg-query --show --showformat '${Version}' nvidia-l4t-core"
    value("nano", f"apt-mark hold nvidia-l4t-kernel; sed -i s/r36.4/r36.5/ /etc/apt/sources.list.d/*; {APT} update")
    value("nano", f"{APT} dist-upgrade")
    assert value("nano", installed) == "36.4.4-20250616085344"
    value("nano", f"apt-mark unhold nvidia-l4t-kernel; sed -i s/r36.5/r36.4/ /etc/apt/sources.list.d/*; {APT} update")


def test_bootloader_package_fails_on_a_carrier_that_it_does_not_know() -> None:
    value("nano", "sed -i.known s/devkit/acme/ /etc/nv_boot_control.conf")
    failed = on("nano", f"{APT} update; {APT} dist-upgrade")
    assert "jetson-orin-nano-acme-super- does not match any known boards." in failed
    assert failed.endswith("status 100")
    value("nano", "mv /etc/nv_boot_control.conf.known /etc/nv_boot_control.conf; dpkg --configure --pending")
    # a release of the same suite
    assert "REVISION: 4.7" in value("nano", "head -n 1 /etc/nv_tegra_release")
