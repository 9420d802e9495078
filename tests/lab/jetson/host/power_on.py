# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Jetson's firmware and kernel do at power on: a waiting capsule is applied, and sysfs is made anew.

Runs before lab-init puts the files in place: ROOT is the folder that they are made in.
"""

import json
import sys
from pathlib import Path

import board

CAPSULE = Path("/boot/efi/EFI/UpdateCapsule/TEGRA_BL.Cap")

# cores, how many of them share a clock, kHz of the cores, Hz of the GPU, Hz of the memory
_ORIN = {
    "gpu": "17000000.gpu",
    "cluster": 4,
    "cpu_min": 729600,
    "emc": (204000000, 3199000000),
    "emc_idle": 2133000000,
    "idle_states": ("WFI", "c7"),
}
MODULES = {
    "agx-orin": {
        **_ORIN,
        "cpus": 12,
        "cpu": [115200, 422400, 729600, 1113600, 1344000, 1497600, 1728000, 1907200, 2201600],
        "gpu_freqs": [306000000, 420750000, 624750000, 828750000, 1020000000, 1300500000],
    },
    "orin-nano": {
        **_ORIN,
        "cpus": 6,
        "cpu": [115200, 422400, 729600, 960000, 1344000, 1497600, 1728000],
        "gpu_freqs": [306000000, 408000000, 624750000, 918000000, 1020000000],
    },
    "agx-xavier": {
        "gpu": "17000000.gv11b",
        "cluster": 2,
        "cpu_min": 1190400,
        "emc": (204000000, 2133000000),
        "emc_idle": 1331200000,
        "idle_states": ("C1", "c6"),
        "cpus": 8,
        "cpu": [115200, 422400, 729600, 1190400, 1420800, 1907200, 2265600],
        "gpu_freqs": [114750000, 318750000, 522750000, 675750000, 905250000, 1377000000],
    },
}


def firmware(l4t):
    """The bootloader: a capsule goes to the other slot, which is booted from then on."""
    state = {"version": l4t, "slot": 0, "active": 0, "capsule": 0}
    if board.FIRMWARE.exists():
        state = board.firmware()
    state["slot"] = state["active"]
    if CAPSULE.exists():
        state.update(version=CAPSULE.read_text().strip(), slot=1 - state["slot"], capsule=1)
        state["active"] = state["slot"]
        CAPSULE.unlink()
    board.store_firmware(state)


def put(path, value, mode=0o644):
    """A file of sysfs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}\n".format(value))
    path.chmod(mode)


def cpus(root, module):
    """Cores and their clocks. All are online until nvpmodel runs."""
    base = root / "sys/devices/system/cpu"
    count, cluster = module["cpus"], module["cluster"]
    for name in ("online", "present", "possible"):
        put(base / name, "0-{}".format(count - 1))
    put(base / "offline", "")
    put(base / "kernel_max", 255)
    for index in range(count):
        folder = base / "cpu{}".format(index)
        put(folder / "online", 1)
        for state, name in enumerate(module["idle_states"]):
            put(folder / "cpuidle/state{}/name".format(state), name)
            put(folder / "cpuidle/state{}/disable".format(state), 0)
        (folder / "cpufreq").symlink_to("../cpufreq/policy{}".format(index - index % cluster))
    for first in range(0, count, cluster):
        policy = base / "cpufreq/policy{}".format(first)
        put(policy / "related_cpus", " ".join(str(index) for index in range(first, min(first + cluster, count))))
        put(policy / "scaling_available_frequencies", " ".join(str(value) for value in module["cpu"]), 0o444)
        put(policy / "scaling_governor", "schedutil")
        put(policy / "cpuinfo_min_freq", module["cpu"][0], 0o444)
        put(policy / "cpuinfo_max_freq", module["cpu"][-1], 0o444)
        put(policy / "scaling_min_freq", module["cpu_min"])
        put(policy / "scaling_max_freq", module["cpu"][-1])
        put(policy / "scaling_cur_freq", module["cpu_min"], 0o444)


def gpu(root, module):
    """The GPU and its clock."""
    base = root / "sys/devices/platform" / module["gpu"]
    freqs = module["gpu_freqs"]
    put(base / "devfreq_dev/available_frequencies", " ".join(str(value) for value in freqs), 0o444)
    put(base / "devfreq_dev/governor", "nvhost_podgov")
    put(base / "devfreq_dev/min_freq", freqs[0])
    put(base / "devfreq_dev/max_freq", freqs[-1])
    put(base / "devfreq_dev/cur_freq", freqs[0], 0o444)
    (base / "devfreq").mkdir()
    (base / "devfreq" / module["gpu"]).symlink_to("../devfreq_dev")
    put(base / "tpc_pg_mask", 0)
    put(base / "railgate_enable", 1)
    put(base / "power/control", "auto")
    put(base / "load", 0, 0o444)
    (root / "sys/devices/platform/gpu.0").symlink_to(module["gpu"])


def memory(root, module):
    """The memory's clock: only root may read what caps it."""
    low, high = module["emc"]
    base = root / "sys/kernel/debug/bpmp/debug/clk/emc"
    put(base / "min_rate", low)
    put(base / "max_rate", high)
    put(base / "rate", module["emc_idle"])
    put(base / "mrq_rate_locked", 0)
    put(root / "sys/kernel/nvpmodel_clk_cap/emc", 0, 0o600)
    (root / "sys/kernel/debug").chmod(0o700)


def fan(root):
    """The fan."""
    put(root / "sys/devices/platform/pwm-fan/hwmon/hwmon0/pwm1", 0)
    put(root / "sys/devices/platform/pwm-fan/hwmon/hwmon0/rpm", 0, 0o444)


def main():
    """Power on."""
    root = Path(sys.argv[1])
    known = json.loads((board.LAB / "board.json").read_text())
    module = MODULES[known["module"]]
    firmware(known["l4t"])
    (board.LAB / "emc_idle_rate").write_text(str(module["emc_idle"]))
    cpus(root, module)
    gpu(root, module)
    memory(root, module)
    fan(root)


if __name__ == "__main__":
    main()
