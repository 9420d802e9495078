# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for NVIDIA's jetson_clocks: the same files are read and written, and the same lines printed."""

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, "/usr/lib/edgelab/jetson")
import board

HOME = Path(os.environ.get("HOME", "/root"))
PWM = Path("/sys/devices/platform/pwm-fan/hwmon/hwmon0/pwm1")
RAIL_GATE = Path("/sys/devices/platform/gpu.0/railgate_enable")
# Parts of a GPU that can be gated
TPCS = {"tegra234": 8, "tegra194": 4}
USAGE = """Maximize jetson performance by setting static max frequency to CPU, GPU and EMC clocks.
Usage:
jetson_clocks [options]
  options,
  --help, -h         show this help message
  --show             display current settings
  --fan              set PWM fan speed to maximal
  --store [file]     store current settings to a file (default: ${HOME}/l4t_dfs.conf)
  --restore [file]   restore saved settings from a file (default: ${HOME}/l4t_dfs.conf)
  run jetson_clocks without any option to set static max frequency to CPU, GPU and EMC clocks."""


def idle_states(cpu):
    """The switches of a core's idle states."""
    return sorted(cpu.glob("cpuidle/state[0-9]*/disable"))


def show_core(cpu, online):
    """One core."""
    idle = " ".join(
        "{}={}".format(board.read(state.with_name("name")), int(board.read(state) == "0")) for state in idle_states(cpu)
    )
    line = "{}:{}{}Governor={} MinFreq={} MaxFreq={} CurrentFreq={} IdleStates: {} "
    names = ("scaling_governor", "scaling_min_freq", "scaling_max_freq", "scaling_cur_freq")
    values = [board.read(cpu / "cpufreq" / name) for name in names]
    print(line.format(cpu.name, "  " if len(cpu.name) == 4 else " ", online, *values, idle))


def show():
    """Answer --show. From L4T 38 on it tells of cores that are off in its first line alone."""
    latest = board.l4t_major() >= 38
    off = ", Offline CPUs: {}".format(board.read(board.CPUS / "offline")) if latest else ""
    print("Online CPUs: {}{}".format(board.read(board.CPUS / "online"), off))
    for cpu in board.cpus():
        if (cpu / "cpufreq").exists():
            show_core(cpu, "" if latest else "Online={} ".format(board.read(cpu / "online")))
    for name, folder in board.gpus():
        gpu = [board.read(folder / file) for file in ("min_freq", "max_freq", "cur_freq")]
        print("{} MinFreq={} MaxFreq={} CurrentFreq={}".format(name, *gpu))
    if board.soc() in TPCS:
        gated = bin(board.number(board.tpc_mask())).count("1")
        print("Active GPU TPCs: {}".format(TPCS[board.soc()] - gated))
    emc = [board.read(board.EMC / "min_rate"), board.emc_cap(), board.read(board.EMC / "rate")]
    print("EMC MinFreq={} MaxFreq={} CurrentFreq={} ".format(*emc), end="")
    print("FreqOverride={}".format(board.read(board.EMC / "mrq_rate_locked")))
    owner = "nvfancontrol" if fan_daemon() == "active" else "disabled"
    print("FAN Dynamic Speed Control={} hwmon0_pwm1={}".format(owner, board.read(PWM)))
    mode = subprocess.run(["nvpmodel", "-q"], capture_output=True, text=True, check=False).stdout
    for line in mode.splitlines():
        if "NV Power Mode" in line:
            print(line)


def fan_daemon():
    """active, inactive or failed."""
    done = subprocess.run(["systemctl", "is-active", "nvfancontrol"], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def settings():
    """The files that locking changes."""
    files = [cpu / "online" for cpu in board.cpus()]
    files += [cpu / "cpufreq/scaling_min_freq" for cpu in board.cpus()]
    files += [state for cpu in board.cpus() for state in idle_states(cpu)]
    files += [folder / "min_freq" for _name, folder in board.gpus()]
    files += [RAIL_GATE, board.EMC / "mrq_rate_locked"]
    return [file for file in files if file.exists()]


def store(place):
    """Answer --store; asks before it overwrites."""
    if place.exists():
        print("File {} already exists. Can I overwrite it? Y/N:".format(place), flush=True)
        if sys.stdin.readline().strip() not in ("y", "Y"):
            print("Error: file {} already exists!".format(place))
            return 1
    print("Storing system configuration in {}".format(place))
    place.write_text("".join("{}:{}\n".format(file, board.read(file)) for file in settings()))
    (HOME / ".jetsonclocks_fan.txt").write_text(fan_daemon() + "\n")
    return 0


def restore(place):
    """Answer --restore."""
    if not place.exists():
        print("Error: {} file not found !".format(place))
        return 1
    print("Restoring system configuration from {}".format(place))
    for line in place.read_text().split():
        file, _colon, value = line.partition(":")
        try:
            board.write(file, value)
        except OSError:
            if not file.endswith("scaling_min_freq"):
                print("Error: Failed to restore {}".format(file))
    board.settle()
    fan = HOME / ".jetsonclocks_fan.txt"
    if fan.exists():
        verb = "start" if fan.read_text().strip() == "active" else "stop"
        subprocess.run(["systemctl", verb, "nvfancontrol"], check=False)
    return 0


def lock(with_fan):
    """No option: all clocks at what the power mode allows."""
    for policy in board.policies():
        board.write(policy / "scaling_min_freq", board.read(policy / "scaling_max_freq"))
    for cpu in board.cpus():
        for state in idle_states(cpu):
            board.write(state, 1)
    board.write(RAIL_GATE, 0)
    for _name, folder in board.gpus():
        board.write(folder / "min_freq", board.read(folder / "max_freq"))
    board.write(board.EMC / "mrq_rate_locked", 1)
    board.write(board.EMC / "rate", board.emc_cap())
    board.settle()
    if with_fan:
        subprocess.run(["systemctl", "stop", "nvfancontrol"], check=False)
        board.write(PWM, 255)
    return 0


def main(words):
    """One invocation."""
    action, place, with_fan = lock, HOME / ".jetsonclocks_conf.txt", False
    while words:
        word = words.pop(0)
        if word in ("--store", "--restore"):
            action = {"--store": store, "--restore": restore}[word]
            if words:
                place = Path(words.pop(0))
        elif word == "--show":
            print("SOC family:{}  Machine:{}".format(board.soc(), board.device_tree("model")[0]), flush=True)
            action = show
        elif word == "--fan":
            with_fan = True
        else:
            if word not in ("-h", "--help"):
                print("Unknown option: {}".format(word))
            board.shout(USAGE)
            return 0
    if os.geteuid() != 0:
        print("Error: Run this script({}) as a root user".format(sys.argv[0]))
        return 1
    if action is lock:
        return lock(with_fan)
    return action() or 0 if action is show else action(place)


sys.exit(main(sys.argv[1:]))
