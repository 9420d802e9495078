# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What boot units run: `python3 /usr/local/lib/edgesite-gpu/current VERB CONFIG`.

Exits 0 when the host is as the configuration wants it, else 1 with the reason on standard error, where systemd
puts it into the journal.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any, Callable, Dict, List, Optional

from .backends import owned_files
from .backends.nvml import Nvml
from .converge import Outcome, converge
from .core.errors import EdgesiteError
from .core.nvml_errors import NvmlError
from .settings_domain import SettingsDomain

# At boot, units can start before udev has loaded the driver.
DRIVER_WAIT_SECONDS = 60.0


def main(arguments: Optional[List[str]] = None) -> None:
    """Runs one verb on one configuration file."""
    given = sys.argv[1:] if arguments is None else arguments
    if len(given) != 2 or given[0] not in VERBS:
        sys.exit("usage: VERB CONFIG, VERB is one of: {0}".format(", ".join(sorted(VERBS))))
    verb, path = given
    try:
        outcome = VERBS[verb](_configuration(path))
    except EdgesiteError as error:
        sys.exit("edgesite.gpu {0}: {1}".format(verb, error))
    for action in outcome.actions:
        print(action["does"])
    print("edgesite.gpu {0}: {1} changes".format(verb, len(outcome.actions)))


def _settings(configuration: Dict[str, Any]) -> Outcome:
    with _open_nvml(time.monotonic, time.sleep) as nvml:
        return converge(SettingsDomain(nvml, configuration["settings"], persist=True), check=False)


VERBS: Dict[str, Callable[[Dict[str, Any]], Outcome]] = {"settings": _settings}


def _configuration(path: str) -> Dict[str, Any]:
    try:
        found = json.loads(owned_files.read_text(path) or "")
    except ValueError:
        raise EdgesiteError(
            "{0} is missing, empty or damaged".format(path), "Run the playbook edgesite.gpu.site on this host again"
        ) from None
    return dict(found)


def _open_nvml(clock: Callable[[], float], sleep: Callable[[float], None]) -> Nvml:
    end = clock() + DRIVER_WAIT_SECONDS
    while True:
        try:
            return Nvml()
        except NvmlError as error:
            if error.status != "driver_not_loaded" or clock() >= end:
                raise
        sleep(1.0)
