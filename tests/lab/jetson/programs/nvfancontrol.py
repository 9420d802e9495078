# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for NVIDIA's fan daemon: it takes a profile of its configuration, or stops.

The state file of the last run is stronger than the configuration's default, as it is on a board.
"""

import re
import signal
import sys
from pathlib import Path

sys.path.insert(0, "/usr/lib/edgelab/jetson")
import board

CONF = Path("/etc/nvfancontrol.conf")
STATUS = Path("/var/lib/nvfancontrol/status")
PWM = Path("/sys/devices/platform/pwm-fan/hwmon/hwmon0/pwm1")
# what the hottest zone of an idle module has left below its limit, in degrees
IDLE_MARGIN = 60


def default(text, what):
    """The value of FAN_DEFAULT_..."""
    found = re.search(r"^\s*FAN_DEFAULT_{}\s+(\S+)".format(what), text, re.M)
    return found.group(1) if found else None


def profiles(text):
    """Name to [(margin, pwm)]."""
    found = {}
    for name, body in re.findall(r"^\s*FAN_PROFILE\s+(\S+)\s*\{(.*?)\}", text, re.M | re.S):
        rows = [line.split() for line in body.splitlines() if re.match(r"\s*\d", line)]
        found[name] = [(int(row[0]), int(row[2])) for row in rows]
    return found


def stored():
    """The profile of the last run."""
    found = re.search(r"FAN_PROFILE:(\S+)", STATUS.read_text()) if STATUS.exists() else None
    return found.group(1) if found else None


def start():
    """Take the profile; the speed is that of an idle module, as nothing gets warm here."""
    if not CONF.exists():
        board.shout("nvfancontrol: Error: failed to open {}".format(CONF))
        return 1
    text = CONF.read_text()
    known = profiles(text)
    profile = stored() or default(text, "PROFILE")
    if profile not in known:
        board.shout("nvfancontrol: Error: fan profile {} not found in {}".format(profile, CONF))
        return 1
    STATUS.parent.mkdir(parents=True, exist_ok=True)
    governor, control = default(text, "GOVERNOR"), default(text, "CONTROL")
    lines = ("FAN_PROFILE:{}".format(profile), "FAN_GOVERNOR:{}".format(governor), "FAN_CONTROL:{}".format(control))
    draft = STATUS.with_suffix(".new")
    draft.write_text("".join("FAN1:{}\n".format(line) for line in lines))
    draft.replace(STATUS)
    rows = [pwm for margin, pwm in known[profile] if margin <= IDLE_MARGIN]
    board.write(PWM, rows[-1] if rows else 0)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    return 0


def main(words):
    """The daemon, or with -q the question what it does."""
    if words and words[0] in ("-q", "--query"):
        sys.stdout.write(STATUS.read_text() if STATUS.exists() else "")
        return 0
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    return start()


sys.exit(main(sys.argv[1:]))
