# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What boot units run, by way of the host tools' __main__.py (tools_main.py):
`python3 -I -S /usr/local/lib/edgesite-gpu/current/__main__.py VERB CONFIG`.

Exits 0 when the host is as the configuration wants it, else 1 with the reason on standard error, where systemd
puts it into the journal.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple

from ...boot import unit as boot
from ...common.errors import EdgesiteError
from ...common.host import command, owned_files
from ...converge import converge_all
from ...gpu.host.process import NvmlProcess
from ...gpu.host.settings_domain import SettingsDomain
from ...gpu.nvml_errors import NvmlError
from ...mig.host.cards import read_cards
from ...mig.host.stages import stages
from ...mig.layouts import per_card
from ...mig.plan import Policy

# At boot, units can start before udev has loaded the driver.
DRIVER_WAIT_SECONDS = 60.0

# What was done, and what could not be.
Report = Tuple[List[str], List[str]]


def main(arguments: Optional[List[str]] = None) -> None:
    """Runs one verb on one configuration file."""
    given = sys.argv[1:] if arguments is None else arguments
    if len(given) != 2 or given[0] not in VERBS:
        raise SystemExit("usage: VERB CONFIG, VERB is one of: {0}".format(", ".join(sorted(VERBS))))
    verb, path = given
    try:
        done, problems = VERBS[verb](_configuration(verb, path))
    except EdgesiteError as error:
        done, problems = [], [str(error)]
    for line in [*done, "edgesite.gpu {0}: {1} changes".format(verb, len(done))]:
        sys.stdout.write(line + "\n")
    if problems:
        raise SystemExit("\n".join("edgesite.gpu {0}: {1}".format(verb, problem) for problem in problems))


def _settings(configuration: Dict[str, Any]) -> Report:
    with open_nvml(time.monotonic, time.sleep) as nvml:
        return _each(
            configuration["settings"],
            lambda entry: [SettingsDomain(command.run, nvml, [entry], boot.NONE, at_boot=True)],
        )


def _mig(configuration: Dict[str, Any]) -> Report:
    # What watches GPUs starts after this unit, so that one may be reset here also where a run with reset: never left it
    # to the boot.
    policy = Policy(disruption="idle", reset="if_idle")
    quiesced = [str(unit) for unit in configuration.get("quiesce", [])]
    unload_drm = configuration.get("unload_drm") is True
    with open_nvml(time.monotonic, time.sleep) as nvml:
        cards, _lost = nvml.ask(read_cards)
        unknown, layouts = per_card(configuration["mig"], cards)
        done, problems = _each(
            layouts,
            lambda layout: stages(
                lambda kind: kind(command.run, nvml, [layout], policy, quiesced, unload_drm=unload_drm, at_boot=True),
                check=False,
            ),
        )
        return done, [str(problem) for problem in unknown] + problems


def _each(entries: Sequence[Dict[str, Any]], domains_of: Callable[[Dict[str, Any]], Iterable[Any]]) -> Report:
    """Each entry on its own: a GPU that is gone must not keep the others from what is wanted of them."""
    done: List[str] = []
    problems: List[str] = []
    for entry in entries:
        begun: List[Any] = []
        try:
            outcome = converge_all(_noted(domains_of(entry), begun), check=False)
            done += [str(action["does"]) for action in outcome.actions]
        except EdgesiteError as error:
            problems.append(str(error))
        problems += [str(reason) for domain in begun for reason in domain.reasons.values()]
    return done, list(dict.fromkeys(problems))


def _noted(domains: Iterable[Any], begun: List[Any]) -> Iterator[Any]:
    for domain in domains:
        begun.append(domain)
        yield domain


VERBS: Dict[str, Callable[[Dict[str, Any]], Report]] = {"mig": _mig, "settings": _settings}


def _configuration(verb: str, path: str) -> Dict[str, Any]:
    try:
        found = dict(json.loads(owned_files.read_text(path) or ""))
        return {**found, verb: [dict(entry) for entry in found[verb]]}
    except (KeyError, TypeError, ValueError):
        raise EdgesiteError(
            "{0} is missing, empty or damaged".format(path), "Run the playbook edgesite.gpu.site on this host again"
        ) from None


def open_nvml(clock: Callable[[], float], sleep: Callable[[float], None]) -> NvmlProcess:
    """NVML, once the driver is loaded. Raises NvmlError where that takes too long, or for anything else at once."""
    end = clock() + DRIVER_WAIT_SECONDS
    nvml = NvmlProcess()
    while True:
        try:
            nvml.open()
            return nvml
        except NvmlError as error:
            if error.status != "driver_not_loaded" or clock() >= end:
                nvml.close()
                raise
        sleep(1.0)
