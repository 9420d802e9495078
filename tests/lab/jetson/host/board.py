# SPDX-License-Identifier: GPL-3.0-or-later
"""The Tegra behind the emulated files of a Jetson: what its stand-in programs share, and what its kernel would do.

The files are plain ones, so nothing happens by itself when one is written. Whoever writes calls settle().
"""

import json
import sys
from pathlib import Path

LAB = Path("/usr/lib/edgelab/jetson")
FIRMWARE = LAB / "firmware.json"
CPUS = Path("/sys/devices/system/cpu")
# Where Thor has the clocks of its GPU
DEVFREQ = Path("/sys/class/devfreq")
RELEASE = Path("/etc/nv_tegra_release")
EMC = Path("/sys/kernel/debug/bpmp/debug/clk/emc")
EMC_CAP = Path("/sys/kernel/nvpmodel_clk_cap/emc")
# The GPU was used since the machine booted: its TPCs, and on Orin the CPU's cores, can only change by a reboot.
GPU_IN_USE = Path("/run/edgelab-gpu-in-use")


def read(path):
    """The text of a file in sysfs."""
    return Path(path).read_text().strip()


def number(path):
    """The number in a file in sysfs."""
    return int(read(path))


def write(path, value):
    """As a program writes to sysfs: nothing is created there."""
    with open(path, "r+") as file:
        file.truncate()
        file.write("{}\n".format(value))


def device_tree(name):
    """The strings of a property."""
    data = Path("/sys/firmware/devicetree/base", name).read_bytes()
    return [part.decode() for part in data.split(b"\0") if part]


def soc():
    """tegra234, or tegra194."""
    return next(entry.split(",")[1] for entry in device_tree("compatible") if entry.startswith("nvidia,tegra"))


def cpus():
    """The folders of all cores, in order."""
    return sorted(CPUS.glob("cpu[0-9]*"), key=lambda path: int(path.name[3:]))


def policies():
    """The folders of the clusters' clocks."""
    return sorted(CPUS.glob("cpufreq/policy*"), key=lambda path: int(path.name[6:]))


def gpu():
    """The folder of the GPU's clock."""
    return next(Path("/sys/devices/platform").glob("17000000.*/devfreq_dev"))


def gpus():
    """The GPU's clocks as jetson_clocks names them, with their folders."""
    thor = sorted(DEVFREQ.glob("gpu-*"))
    return [(folder.name, folder) for folder in thor] or [("GPU", gpu())]


def l4t_major():
    """35, 36 and so on."""
    return int(read(RELEASE).split()[1].lstrip("R"))


def tpc_mask():
    """The file that says which TPCs are gated."""
    return Path("/sys/devices/platform/gpu.0/tpc_pg_mask")


def ranges(numbers):
    """0-3,6 for 0 1 2 3 6."""
    parts = []
    for value in numbers:
        if parts and parts[-1][1] == value - 1:
            parts[-1][1] = value
        else:
            parts.append([value, value])
    return ",".join(str(a) if a == b else "{}-{}".format(a, b) for a, b in parts)


def settle():
    """What follows from what was written: which cores have a clock, and the clocks of an idle machine."""
    online = [int(cpu.name[3:]) for cpu in cpus() if read(cpu / "online") == "1"]
    offline = [int(cpu.name[3:]) for cpu in cpus() if read(cpu / "online") != "1"]
    write(CPUS / "online", ranges(online))
    write(CPUS / "offline", ranges(offline))
    for policy in policies():
        for index in (int(word) for word in read(policy / "related_cpus").split()):
            link = CPUS / "cpu{}".format(index) / "cpufreq"
            if index in offline:
                link.unlink(missing_ok=True)
            elif not link.is_symlink():
                link.symlink_to("../cpufreq/{}".format(policy.name))
        _settle_clock(policy, "scaling_min_freq", "scaling_max_freq", "scaling_cur_freq")
    for _name, folder in gpus():
        _settle_clock(folder, "min_freq", "max_freq", "cur_freq")
    if read(EMC / "mrq_rate_locked") == "0":
        write(EMC / "rate", min(number(EMC / "max_rate"), emc_cap(), number(LAB / "emc_idle_rate")))


def emc_cap():
    """The highest memory clock that the power mode allows."""
    cap = number(EMC_CAP)
    return min(cap, number(EMC / "max_rate")) if cap > 0 else number(EMC / "max_rate")


def _settle_clock(folder, low, high, current):
    write(folder / low, min(number(folder / low), number(folder / high)))
    write(folder / current, number(folder / low))


def firmware():
    """What the bootloader's flash holds."""
    return json.loads(FIRMWARE.read_text())


def store_firmware(state):
    """Write to the bootloader's flash."""
    draft = FIRMWARE.with_suffix(".new")
    draft.write_text(json.dumps(state))
    draft.replace(FIRMWARE)


def shout(text):
    """One line to stderr."""
    print(text, file=sys.stderr, flush=True)
