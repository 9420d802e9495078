# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options for a plugin, out of its spec: each is varied in its turn, among good values of the others."""

from __future__ import annotations

import copy
import math
import os
import random
from collections import Counter
from typing import Any, Callable, Dict, List, NamedTuple

from ansible_collections.edgesite.gpu.tests.unit.fuzz.values import fitting, spoilt, wild

CASES = int(os.environ.get("EDGESITE_FUZZ_CASES") or 1000)
MANY = 5000
# Many inputs are others in each run. The few that are tried with every change are the same, so that a change is red for
# its own faults.
SEED = int(os.environ.get("EDGESITE_FUZZ_SEED") or (random.SystemRandom().randrange(10**9) if CASES >= MANY else 1))
# how often each option is varied at least
LEAST = int(os.environ.get("EDGESITE_FUZZ_LEAST") or 1)
_BY_TYPE = {"bool": True, "int": 1, "float": 1.5, "list": [], "dict": {}, "path": "/nowhere/file", "raw": "all"}


class Plugin(NamedTuple):
    """spec: its options, as Ansible has them. good: options that it takes. run: what it says of options, as text."""

    name: str
    spec: Dict[str, Dict[str, Any]]
    good: List[Dict[str, Any]]
    run: Callable[[Dict[str, Any], random.Random], Any]


class Case(NamedTuple):
    """varied: the names of the options that are not as they have to be."""

    options: Dict[str, Any]
    varied: List[str]


def names(spec, before=""):
    """Every option, those in others too, such as proxies.listen."""
    found = []
    for name, option in spec.items():
        found += [before + name, *names(option.get("options") or {}, before + name + ".")]
    return found


def cases(plugin, count):
    """So many inputs, the same ones for a seed."""
    rng = random.Random("{0} {1}".format(SEED, plugin.name))
    every = names(plugin.spec) or [""]
    for number in range(count):
        chosen = [every[number % len(every)], *(rng.choice(every) for _more in range(rng.choice([0, 0, 0, 1, 2])))]
        # options exclude each other, so mostly one that goes with this one
        fitting_ones = [one for one in plugin.good if chosen[0].split(".")[0] in one] if rng.random() < 0.8 else []
        options = copy.deepcopy(rng.choice(fitting_ones or plugin.good))
        varied = [name for name in filter(None, chosen) if _vary(options, name.split("."), plugin, plugin.spec, rng)]
        yield Case(options, varied)


def _vary(options, path, plugin, spec, rng):
    """Spoils one option; whether it has a place."""
    name, *rest = path
    inner = _good(name, options, plugin, spec[name], rng)
    if not rest:
        options[name] = fitting(spec[name], rng) if rng.random() < 0.3 else spoilt(inner, rng)
        return True
    if not isinstance(inner, (dict, list)) or not inner:
        inner = [{}] if spec[name].get("type") == "list" else {}
    options[name] = inner
    entries = [one for one in inner if isinstance(one, dict)] if isinstance(inner, list) else [inner]
    if not entries:
        return False
    return _vary(rng.choice(entries), rest, plugin, spec[name]["options"], rng)


def _good(name, options, plugin, option, rng):
    """A value that fits the option: the one that is there, else that of an example, else one by its type."""
    if name in options and rng.random() < 0.9:
        return options[name]
    known = [one[name] for one in plugin.good if name in one]
    if known:
        return copy.deepcopy(rng.choice(known))
    if option.get("choices"):
        return rng.choice(list(option["choices"]))
    if option.get("default") is not None:
        return copy.deepcopy(option["default"])
    return wild(rng) if rng.random() < 0.2 else copy.deepcopy(_BY_TYPE.get(option.get("type"), "text"))


def shares(specs):
    """How many of the inputs each plugin gets, by its name: as it has options, and together CASES or a few more."""
    sizes = {name: len(names(spec)) or 1 for name, spec in specs.items()}
    return {name: math.ceil(CASES * size / sum(sizes.values())) for name, size in sizes.items()}


# What was tried in this process: inputs by plugin, and how often each option was varied
tried: "Counter[str]" = Counter()
variations: Dict[str, "Counter[str]"] = {}


def note(plugin, case):
    """Counts a case."""
    tried[plugin.name] += 1
    variations.setdefault(plugin.name, Counter()).update(set(case.varied))


def seldom(plugin):
    """Options that were varied fewer than LEAST times."""
    return [name for name in names(plugin.spec) if variations[plugin.name][name] < LEAST]


def told():
    """What was tried, a line for each plugin."""
    yield "EDGESITE_FUZZ_SEED={0}: {1} inputs to {2} plugins".format(SEED, sum(tried.values()), len(tried))
    for name, count in sorted(tried.items()):
        least = min(variations[name].values(), default=0)
        line = "  {0}: {1} inputs, each of its {2} options varied {3} times or more"
        yield line.format(name, count, len(variations[name]), least)
