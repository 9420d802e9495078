# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for NVIDIA's nvpmodel: its options, messages, prompts, exit statuses and state file.

Warnings and answers go to stdout, errors to stderr. Any failure ends with 234, as the real one's -EINVAL does.
"""

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, "/usr/lib/edgelab/jetson")
import board

CONF = "/etc/nvpmodel.conf"
STATUS = Path("/var/lib/nvpmodel/status")
FAILED = 234
NO_CAP = 9223372036854775807
_PARAM = re.compile(r"<\s*PARAM\s+TYPE=(FILE|CLOCK)\s+NAME=(\S+)\s*>\s*$")
_MODEL = re.compile(r"<\s*POWER_MODEL\s+ID=(\d+)\s+NAME=(\S+)\s*>\s*$")
_DEFAULT = re.compile(r"<\s*PM_CONFIG\s+DEFAULT=(\d+)\s*>\s*$")


class Failed(Exception):
    """What is printed as an error, one line an argument."""


class Conf:
    """A board's configuration."""

    def __init__(self, path):
        self.path = path
        self.params = {}
        self.modes = {}
        self.default = None
        try:
            text = Path(path).read_text()
        except OSError as error:
            raise Failed("Error opening {}: {}".format(path, error.errno)) from error
        self._parse(text)
        if not self.modes or self.default not in self.modes:
            raise Failed("failed to parse {}!".format(path))

    def _parse(self, text):
        section = None
        for line in text.splitlines():
            if not line.strip() or line.startswith("#"):
                continue
            if line.startswith("<"):
                section = self._header(line)
                continue
            words = line.split()
            if section is None or len(words) != len(section[1]):
                raise Failed("failed to parse {}: {}".format(self.path, line))
            section[0](*words)

    def _header(self, line):
        param, model, default = _PARAM.match(line), _MODEL.match(line), _DEFAULT.match(line)
        if param:
            kind, name = param.groups()
            paths = self.params.setdefault(name, {"": kind})
            return paths.__setitem__, ("ARG", "PATH")
        if model:
            lines = []
            self.modes[int(model.group(1))] = (model.group(2), lines)
            return (lambda *words: lines.append(words)), ("PARAM", "ARG", "VALUE")
        if default:
            self.default = int(default.group(1))
            return None
        raise Failed("failed to parse {}: {}".format(self.path, line))

    def settings(self, mode):
        """(param, arg, kind, path, value) of a mode, in the file's order."""
        for param, arg, value in self.modes[mode][1]:
            paths = self.params.get(param, {})
            if arg not in paths:
                raise Failed("failed to parse {}: no path for {} {}".format(self.path, param, arg))
            yield param, arg, paths[""], paths[arg], int(value) if value.lstrip("-").isdigit() else value


def say(text):
    """One line to stdout, at once: a prompt has to be seen."""
    print(text, flush=True)


def stored():
    """The id and the rest of the state file; an id of None where there is no file."""
    try:
        text = STATUS.read_text()
    except FileNotFoundError:
        return None, ""
    found = re.match(r"pmode:(\d+)(.*)", text)
    return (int(found.group(1)), found.group(2).rstrip()) if found else (None, "")


def store(mode):
    """Write the state file, with what it holds of the fan."""
    STATUS.parent.mkdir(parents=True, exist_ok=True)
    STATUS.write_text("pmode:{:04d}{}\n".format(mode, stored()[1]))


def current(conf):
    """The mode that the state file names, else the default. What is in force may be another until the next boot."""
    mode = stored()[0]
    if mode is not None and mode not in conf.modes:
        say("NVPM WARN: power mode {} of {} is not in {}".format(mode, STATUS, conf.path))
        mode = None
    return conf.default if mode is None else mode


def as_written(kind, arg, path, value):
    """What ends up in the file: the clock's nearest rate, and no cap as the highest."""
    if kind == "FILE" or not isinstance(value, int):
        return value
    table = [
        int(rate)
        for name in ("scaling_available_frequencies", "available_frequencies")
        for rate in (board.read(Path(path).parent / name).split() if (Path(path).parent / name).exists() else [])
    ]
    if value == -1:
        return table[-1] if table else NO_CAP
    fitting = [rate for rate in table if rate <= value]
    if fitting:
        return fitting[-1]
    return table[0] if table else value


def needs_reboot(conf, mode):
    """Whether the GPU's TPCs would have to change, or on Orin the CPU's cores, once the GPU was used."""
    if not board.GPU_IN_USE.exists():
        return False
    for param, _arg, kind, path, value in conf.settings(mode):
        fixed = param == "TPC_POWER_GATING" or (param == "CPU_ONLINE" and board.soc() == "tegra234")
        if fixed and kind == "FILE" and board.read(path) != str(value):
            return True
    return False


def apply(conf, mode):
    """Write the mode's settings."""
    for param, arg, kind, path, value in conf.settings(mode):
        try:
            board.write(path, as_written(kind, arg, path, value))
        except OSError as error:
            raise Failed(
                "Error opening {}: {}".format(path, error.errno),
                "failed to write PARAM {}: ARG {}: PATH {}: VAL {}".format(param, arg, path, value),
                "failed to set power mode!",
            ) from error
    board.settle()


def reboot():
    """As the machine does it: whoever is connected loses the connection."""
    say("NVPM WARN: rebooting")
    subprocess.run(["systemctl", "reboot"], check=True)


def confirmed(mode):
    """Ask. Waits for a line as long as it takes."""
    say("NVPM WARN: Reboot required for changing to this power mode: {}".format(mode))
    say("NVPM WARN: DO YOU WANT TO REBOOT NOW? enter YES/yes to confirm:")
    answer = sys.stdin.readline().strip()
    if answer in ("YES", "yes"):
        return True
    declined = "optMask is 1, no request for power mode"
    raise Failed(declined) if answer in ("NO", "no") else Failed("bad input!", declined)


def set_mode(conf, mode, force):
    """Change to a mode now, or by a reboot that is confirmed."""
    if mode not in conf.modes:
        raise Failed("request for bad power mode {}".format(mode))
    if os.geteuid() != 0:
        raise Failed("Error opening {}: 13".format(STATUS), "failed to set power mode!")
    if needs_reboot(conf, mode):
        say("NVPM WARN: Golden image context is already created")
        if force:
            say("Automatically rebooting to reflect the mode change")
        else:
            confirmed(mode)
        store(mode)
        reboot()
        return
    apply(conf, mode)
    store(mode)


def at_boot(conf):
    """What nvpmodel.service does: the stored mode is applied, before anything uses the GPU."""
    if os.geteuid() != 0:
        raise Failed("Error opening {}: 13".format(STATUS), "failed to set power mode!")
    mode = current(conf)
    if needs_reboot(conf, mode):
        say("NVPM WARN: Golden image context is already created")
        confirmed(mode)
        reboot()
        return
    apply(conf, mode)
    store(mode)
    board.GPU_IN_USE.touch()


def query(conf, verbose):
    """Answer -q."""
    mode = current(conf)
    if board.soc() == "tegra194":
        fan = re.search(r"fmode:(\S+)", stored()[1])
        say("NV Fan Mode:{}".format(fan.group(1)) if fan else "NVPM WARN: fan mode is not set!")
    prefix = "NVPM VERB: Current mode: " if verbose else ""
    say("{}NV Power Mode: {}\n{}".format(prefix, conf.modes[mode][0], mode))
    for param, arg, kind, path, value in conf.settings(mode):
        # read without --verbose too, as errors show that only root may
        try:
            real = board.read(path)
        except OSError as error:
            board.shout("NVPM ERROR: Error opening {}: {}".format(path, error.errno))
            board.shout("NVPM ERROR: failed to read PARAM {}: ARG {}: PATH {}".format(param, arg, path))
            continue
        if verbose:
            wanted = NO_CAP if kind == "CLOCK" and value == -1 else value
            line = "NVPM VERB: PARAM {}: ARG {}: PATH {}: REAL_VAL: {} CONF_VAL: {}"
            say(line.format(param, arg, path, real, wanted))


def main():
    """One invocation."""
    parser = argparse.ArgumentParser(prog="nvpmodel", add_help=False, allow_abbrev=False)
    parser.add_argument("-h", "--help", action="help")
    parser.add_argument("-f", "--conf", default=CONF)
    parser.add_argument("-m", "--mode", type=int)
    parser.add_argument("-q", "--query", action="store_true")
    parser.add_argument("-p", "--parse", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--force", action="store_true")
    options = parser.parse_args()
    try:
        if options.verbose:
            say("NVPM VERB: Config file: {}".format(options.conf))
        conf = Conf(options.conf)
        if options.verbose:
            say("NVPM VERB: parsing done for {}".format(options.conf))
        if options.parse:
            for mode, (name, _lines) in sorted(conf.modes.items()) if options.verbose else []:
                say("NVPM VERB: POWER_MODEL: ID={} NAME={}".format(mode, name))
        elif options.query:
            query(conf, options.verbose)
        elif options.mode is not None:
            set_mode(conf, options.mode, options.force)
        else:
            at_boot(conf)
    except Failed as error:
        for line in error.args:
            board.shout("NVPM ERROR: {}".format(line))
        return FAILED
    return 0


sys.exit(main())
