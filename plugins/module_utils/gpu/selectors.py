# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which GPUs of a host an option means: all of them, or a list of selectors."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Sequence, Set, Tuple

from ..common.errors import EdgesiteError, Problems, shown
from ..common.lines import as_int

KEYS = ("uuid", "pci_bus_id", "index", "model")
_PCI = re.compile(r"^(?:([0-9a-f]{1,8}):)?([0-9a-f]{1,2}):([0-9a-f]{1,2})(?:\.([0-7]))?\Z")
_FIX = (
    "Use 'all', or a list whose entries have one or more of the keys uuid, pci_bus_id, index and model, such as "
    "[{model: A100}]; 'ansible HOST -m edgesite.gpu.gpu_info' lists what a host has"
)


@dataclass(frozen=True)
class GpuId:
    """What identifies one GPU of a host. index is NVML's; pci_bus_id is in sysfs form (0000:17:00.0)."""

    index: int
    uuid: str
    pci_bus_id: str
    name: str

    def label(self) -> str:
        return "{0} {1} ({2}, {3})".format(self.index, self.name, self.uuid, self.pci_bus_id)


def canonical_pci(text: str) -> str:
    """A PCI address in the form sysfs uses: four-digit domain, lower case, with function.

    NVML prints eight digits of domain, users often leave the domain out.
    Raises ValueError for anything that is not a PCI address.
    """
    match = _PCI.match(text.strip().lower())
    if match is None:
        raise ValueError(text)
    domain, bus, device, function = match.groups()
    return "{0:04x}:{1:02x}:{2:02x}.{3}".format(int(domain or "0", 16), int(bus, 16), int(device, 16), function or "0")


def model_matches(wanted: str, name: str) -> bool:
    """Whether wanted is a run of whole words of a product name: 'A100' and 'A100-SXM4' are, 'A10' is not."""
    want, have = _words(wanted), _words(name)
    starts = range(len(have) - len(want) + 1)
    return bool(want) and any(have[start : start + len(want)] == want for start in starts)


def _words(text: str) -> List[str]:
    return [word for word in re.split(r"[\s-]+", text.lower()) if word]


def check(option: str, wanted: Any) -> List[Tuple[str, Dict[str, Any]]]:
    """The selectors of a value of the option, each with its name; none for 'all'.

    Their values are text, index a number, pci_bus_id in sysfs form. Raises EdgesiteError where the value cannot name
    GPUs of any host.
    """
    if wanted == "all":
        return []
    if not isinstance(wanted, (list, tuple)) or not wanted:
        raise EdgesiteError("{0} is {1}, neither 'all' nor a list of selectors".format(option, shown(wanted)), _FIX)
    found, problems = [], Problems()
    for position, selector in enumerate(wanted):
        where = "{0}[{1}]".format(option, position)
        with problems:
            found.append((where, _checked(where, selector)))
    problems.end()
    return found


def models(wanted: Any) -> List[str]:
    """The models that selectors name as a class, which may have no GPU on a host."""
    return [selector["model"] for _where, selector in check("gpus", wanted) if _is_class(selector)]


def resolve(option: str, wanted: Any, gpus: Sequence[GpuId]) -> List[GpuId]:
    """The GPUs that a value of the option names, in index order.

    A model is a class, of which a host may have none. Raises EdgesiteError for a value of the wrong form, and for a
    selector that names one GPU (by uuid, pci_bus_id or index) which is not here.
    """
    selectors = check(option, wanted)
    if not gpus:
        raise EdgesiteError(
            "{0} names GPUs, but NVML reports none on this host".format(option),
            "Remove the option for this host; 'lspci -d 10de:' and 'nvidia-smi' on it show whether a card or its "
            "driver is missing",
        )
    if not selectors:
        return list(gpus)
    found: Set[int] = set()
    problems = Problems()
    for where, selector in selectors:
        with problems:
            found.update(_matching(where, selector, gpus))
    problems.end()
    return [gpu for gpu in gpus if gpu.index in found]


def _matching(where: str, selector: Mapping[str, Any], gpus: Sequence[GpuId]) -> List[int]:
    matching = [gpu.index for gpu in gpus if _matches(selector, gpu)]
    if not matching and not _is_class(selector):
        raise EdgesiteError(
            "{0} is {1} and matches no GPU of this host, which has: {2}".format(
                where, _words_of(selector), "; ".join(gpu.label() for gpu in gpus)
            ),
            "Use what this host has, or set the option in host_vars or group_vars only of hosts with this GPU",
        )
    return matching


def overlap(one: Sequence[Mapping[str, Any]], other: Sequence[Mapping[str, Any]]) -> bool:
    """Whether two values, as check() returns their selectors, share a GPU on every host where both can be had.

    A class within a larger one, such as a model within all, shares none on a host without GPUs of that model.
    """
    return any(_share(first, second) for first in one or [{}] for second in other or [{}])


def _share(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    first, second = _comparable(one), _comparable(other)
    wide, narrow = (first, second) if len(first) < len(second) else (second, first)
    return first == second or set(wide.items()) <= set(narrow.items()) and not _is_class(narrow)


def _comparable(selector: Mapping[str, Any]) -> Dict[str, Any]:
    return {key: value if key == "index" else " ".join(_words(value)) for key, value in selector.items()}


def _is_class(selector: Mapping[str, Any]) -> bool:
    return set(selector) == {"model"}


def _words_of(selector: Mapping[str, Any]) -> str:
    return ", ".join("{0} {1}".format(key, value) for key, value in selector.items())


def _matches(selector: Mapping[str, Any], gpu: GpuId) -> bool:
    return all(_has(gpu, key, value) for key, value in selector.items())


def _has(gpu: GpuId, key: str, value: Any) -> bool:
    if key == "model":
        return model_matches(value, gpu.name)
    if key == "uuid":
        return bool(gpu.uuid.lower() == value.lower())
    return bool(getattr(gpu, key) == value)


def _checked(where: str, selector: Any) -> Dict[str, Any]:
    given = {key: value for key, value in selector.items() if value is not None} if isinstance(selector, dict) else {}
    if not given:
        raise EdgesiteError("{0} is {1}, not a selector".format(where, shown(selector)), _FIX)
    found, problems = {}, Problems()
    unknown = sorted(str(key) for key in given if key not in KEYS)
    if unknown:
        problems.found.append(_unknown(where, unknown))
    for key in [key for key in given if key in KEYS]:
        with problems:
            found[key] = _value("{0}.{1}".format(where, key), key, given[key])
    problems.end()
    return found


def _unknown(where: str, keys: Sequence[str]) -> EdgesiteError:
    return EdgesiteError("{0} has {1}, which is no key of a selector".format(where, ", ".join(keys)), _FIX)


def _value(where: str, key: str, value: Any) -> Any:
    text = str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    if key == "index":
        number = as_int(text)
        if number is None:
            raise EdgesiteError(
                "{0} is {1}, not a whole number of 0 or more".format(where, shown(value)),
                "Use a number that 'nvidia-smi -L' on the host shows, such as 0",
            )
        return number
    if key == "pci_bus_id":
        try:
            return canonical_pci(text)
        except ValueError:
            raise EdgesiteError(
                "{0} is {1}, not a PCI address".format(where, shown(value)),
                "'lspci -Dd 10de:' on the host shows the addresses; quote them in YAML: pci_bus_id: '0000:17:00.0'",
            ) from None
    if not _words(text):
        raise EdgesiteError("{0} is {1}, not text".format(where, shown(value)), _FIX)
    return text


def merge(
    option: str, entries: Sequence[Dict[str, Any]], gpus: Sequence[GpuId]
) -> Tuple[List[EdgesiteError], List[Tuple[GpuId, Dict[str, Tuple[str, Any]]]]]:
    """What a list of {gpus: ..., key: value, ...} wants of each GPU that it names: by key, the option's name and value.

    Later entries add to earlier ones. The problems are entries that name no GPU, or want different things of one.
    """
    problems = Problems()
    wanted: Dict[int, Dict[str, Tuple[str, Any]]] = {}
    # Where there are no GPUs, the first entry says so for all.
    for position, entry in enumerate(entries if gpus else entries[:1]):
        where = "{0}[{1}]".format(option, position)
        with problems:
            for gpu in resolve(where + ".gpus", entry.get("gpus"), gpus):
                problems.found += _join(wanted.setdefault(gpu.index, {}), where, entry, gpu)
    return problems.found, [(gpu, wanted[gpu.index]) for gpu in gpus if gpu.index in wanted]


def _join(of_gpu: Dict[str, Tuple[str, Any]], where: str, entry: Mapping[str, Any], gpu: GpuId) -> List[EdgesiteError]:
    """Adds what an entry wants of a GPU; returns where an earlier one wants something else."""
    found = []
    for key, value in entry.items():
        if key == "gpus" or value is None:
            continue
        later = ("{0}.{1}".format(where, key), value)
        earlier = of_gpu.setdefault(key, later)
        if earlier[1] != value:
            found.append(contradiction(earlier, later, "the same GPU {0}".format(gpu.label())))
    return found


def contradiction(earlier: Tuple[str, Any], later: Tuple[str, Any], same: str = "the same GPUs") -> EdgesiteError:
    """Two entries want different things, each given as the option's name and value."""
    return EdgesiteError(
        "{0} is {1}, but {2} is {3} for {4}".format(later[0], _said(later[1]), earlier[0], _said(earlier[1]), same),
        "Keep one of them: a later entry adds to earlier ones, and does not override them",
    )


def _said(value: Any) -> str:
    """A value for people; of a mapping what it holds."""
    if isinstance(value, dict):
        return ", ".join("{0}: {1}".format(key, shown(one)) for key, one in value.items() if one is not None)
    return shown(value)
