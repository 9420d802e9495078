# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which GPUs of a host an option means: all of them, or a list of selectors."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Dict, List, Sequence, Set, Tuple

from ..common.errors import EdgesiteError

KEYS = ("uuid", "pci_bus_id", "index", "model")
_PCI = re.compile(r"^(?:([0-9a-f]{1,8}):)?([0-9a-f]{1,2}):([0-9a-f]{1,2})(?:\.([0-7]))?\Z")
_FIX = (
    "Use 'all', or a list whose entries have one or more of the keys uuid, pci_bus_id, index and model; "
    "edgesite.gpu.gpu_info lists what this host has"
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


def resolve(option: str, wanted: Any, gpus: Sequence[GpuId]) -> List[GpuId]:
    """The GPUs that a value of the option names, in index order.

    Raises EdgesiteError for a value of the wrong shape and for a selector that names no GPU here.
    """
    if not gpus:
        raise EdgesiteError(
            "{0} names GPUs, but this host has none that NVML sees".format(option),
            "Take the option away for this host, or install its driver",
        )
    if wanted == "all":
        return list(gpus)
    if not isinstance(wanted, (list, tuple)) or not wanted:
        raise EdgesiteError("{0} is {1!r}".format(option, wanted), _FIX)
    found: Set[int] = set()
    for position, selector in enumerate(wanted):
        where = "{0}[{1}]".format(option, position)
        matching = [gpu for gpu in gpus if _matches(where, selector, gpu)]
        if not matching:
            raise EdgesiteError(
                "{0} is {1!r} and matches no GPU of this host, which has: {2}".format(
                    where, selector, "; ".join(gpu.label() for gpu in gpus)
                ),
                "Correct the selector, or set it only for hosts that have this GPU",
            )
        found.update(gpu.index for gpu in matching)
    return [gpu for gpu in gpus if gpu.index in found]


def _matches(where: str, selector: Any, gpu: GpuId) -> bool:
    return all(_matches_key(where, key, value, gpu) for key, value in _checked(where, selector).items())


def _checked(where: str, selector: Any) -> Dict[str, Any]:
    given = {key: value for key, value in selector.items() if value is not None} if isinstance(selector, dict) else {}
    if not given or not set(given) <= set(KEYS):
        raise EdgesiteError("{0} is {1!r}".format(where, selector), _FIX)
    return given


def _matches_key(where: str, key: str, value: Any, gpu: GpuId) -> bool:
    text = str(value)
    if key == "uuid":
        return text.lower() == gpu.uuid.lower()
    if key == "model":
        return model_matches(text, gpu.name)
    if key == "index":
        if not (text.isascii() and text.isdigit()):
            raise EdgesiteError("{0}.index is {1!r}, not a whole number from 0".format(where, value), _FIX)
        return (text.lstrip("0") or "0") == str(gpu.index)
    try:
        return canonical_pci(text) == gpu.pci_bus_id
    except ValueError:
        raise EdgesiteError(
            "{0}.pci_bus_id is {1!r}, not a PCI address such as 0000:17:00.0".format(where, value),
            "Quote it in YAML: pci_bus_id: '0000:17:00.0'",
        ) from None


def merge(option: str, entries: Sequence[Dict[str, Any]], gpus: Sequence[GpuId]) -> List[Tuple[GpuId, Dict[str, Any]]]:
    """What a list of {gpus: ..., key: value, ...} wants of each GPU that it names.

    Later entries add to earlier ones. Raises EdgesiteError where two entries want different things of one GPU.
    """
    wanted: Dict[int, Dict[str, Tuple[int, Any]]] = {}
    for position, entry in enumerate(entries):
        for gpu in resolve("{0}[{1}].gpus".format(option, position), entry.get("gpus"), gpus):
            of_gpu = wanted.setdefault(gpu.index, {})
            for key, value in entry.items():
                if key == "gpus" or value is None:
                    continue
                earlier = of_gpu.setdefault(key, (position, value))
                if earlier[1] != value:
                    raise EdgesiteError(
                        "{0}[{1}].{2} is {3!r}, but {0}[{4}] wants {5!r} of the same GPU {6}".format(
                            option, position, key, value, earlier[0], earlier[1], gpu.label()
                        ),
                        "Leave one of the two out",
                    )
    return [
        (gpu, {key: value for key, (_position, value) in wanted[gpu.index].items()})
        for gpu in gpus
        if gpu.index in wanted
    ]
