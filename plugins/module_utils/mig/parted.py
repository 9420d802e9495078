# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configuration files of nvidia-mig-parted, read and written. Their YAML is parsed elsewhere.

What a file means is what `nvidia-mig-parted apply` makes of it: devices are counted over all NVIDIA GPUs of the host in
PCI order, a device-filter only narrows them; of entries that name the same GPU the last one counts; `devices: all`
passes over GPUs without MIG; `mig-devices: {}` removes every instance; GPUs that no entry names are left alone.

Refused, where it would do nothing and report success: a configuration that fits no GPU, an index that the host does not
have, `devices: []`, MIG on for no GPU that can do it, a device-filter that is no PCI id. Refused, where it would fail
half-way: entries that turn MIG on and off for the same GPU. Refused, where it would read null as zero or false: null as
count, index or mig-enabled.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple, TypeVar

from ..common.errors import EdgesiteError, Problems, shown
from ..gpu.selectors import GpuId

VERSION = "v1"

_ID = r"0[xX]([0-9A-Fa-f]{8})"
_FILTER = re.compile("{0}(?::{0})?".format(_ID))
_PROFILE = re.compile(r"(?:([1-9][0-9]?)c\.)?([1-9][0-9]?)(g\.[1-9][0-9]{0,4}gb)(?:([+-])(.*))?")
_ATTRIBUTE = re.compile(r"[A-Za-z](?:[A-Za-z0-9.]*[A-Za-z0-9])?")

# More than any host has GPUs and any GPU has instances: what counts them later stays quick.
_MOST = 1000
_ALL = "all"
_MISSING = object()
_SAMPLES = {
    "version": "'version: v1'",
    "mig-configs": "'mig-configs:' with the configurations below it",
    "devices": "'devices: all', or a list such as [0, 1],",
    "mig-enabled": "'mig-enabled: true', or false,",
}
_FIX_FILTER = "Write the PCI device and vendor id as text, in quotes: '0x20B010DE'"
_FIX_PROFILE = "Write profiles like 3g.20gb, 1g.5gb+me, 1g.24gb-me, 1g.24gb+me.all or 1c.3g.20gb"

Wish = TypeVar("Wish")


class PartedGpu(NamedTuple):
    """One GPU of the host. pci_id and subsystem_id: device << 16 | vendor, as in a device-filter (0x20B010DE)."""

    gpu: GpuId
    pci_id: int
    mig_capable: bool
    subsystem_id: Optional[int] = None


class _Entry(NamedTuple):
    """One entry of a configuration. filters: ids and subsystem ids, none for any; devices: indices, None for all."""

    where: str
    filters: List[Tuple[int, Optional[int]]]
    devices: Optional[List[int]]
    enabled: bool
    instances: Dict[str, int]


def layouts(document: Any, config: Optional[str], gpus: Sequence[PartedGpu]) -> List[Dict[str, Any]]:
    """The layouts, as mig_layout's option takes them, that a configuration of the document gives the GPUs of this host.

    config: its name, None where the document has only one. gpus: all NVIDIA GPUs of the host, also those without MIG.
    No layouts come back where MIG is to be off on GPUs that cannot do it anyway.
    """
    name, entries = _chosen(document, config)
    ordered = sorted(gpus, key=_address)
    named = [(entry, _positions(entry, ordered)) for entry in entries]
    if not any(positions for _entry, positions in named):
        raise EdgesiteError(
            "mig-configs.{0} matches no GPU of this host, which has {1}".format(name, _listed(ordered)),
            "Set mig_config to another configuration, correct its device-filter and devices in the file, or remove "
            "mig_from_file for this host",
        )
    wanted: Dict[int, _Entry] = {}
    for entry, positions in named:
        for position in positions:
            # A GPU without MIG has it off already, and `devices: all` passes over it.
            if ordered[position].mig_capable:
                earlier = wanted.get(position, entry)
                if earlier.enabled != entry.enabled:
                    raise _both_modes(earlier, entry, ordered[position])
                wanted[position] = entry
    groups = _grouped([(position, _wish(entry)) for position, entry in sorted(wanted.items())])
    return [{"gpus": [{"uuid": ordered[position].gpu.uuid} for position in group], **wish} for wish, group in groups]


def check(document: Any, config: Optional[str]) -> None:
    """Raises EdgesiteError with all that is wrong, on any host, with the document or the choice of a configuration."""
    _chosen(document, config)


def document(name: str, cards: Sequence[Tuple[PartedGpu, bool, Sequence[str]]]) -> Dict[str, Any]:
    """A document with one configuration, in the form that `nvidia-mig-parted export` gives it.

    cards: per NVIDIA GPU of the host its MIG mode and the profiles of its MIG devices, one name for each compute
    instance: 3g.20gb where it is the whole GPU instance, else 1c.3g.20gb. The format has no place for where an instance
    is, nor for a GPU instance without compute instances, and without any card there is nothing to read back.
    """
    ordered = sorted(cards, key=lambda card: _address(card[0]))
    models: Dict[int, List[int]] = {}
    for position, (gpu, _enabled, _profiles) in enumerate(ordered):
        models.setdefault(gpu.pci_id, []).append(position)
    groups = _grouped(
        [(position, (card[1], Counter(card[2] if card[1] else ()))) for position, card in enumerate(ordered)]
    )
    entries = []
    for (enabled, profiles), positions in groups:
        entry: Dict[str, Any] = {}
        ids = sorted({ordered[position][0].pci_id for position in positions})
        if len(models) > 1 and len(groups) > 1:
            filters = [_hex(pci_id) for pci_id in ids]
            entry["device-filter"] = filters[0] if len(filters) == 1 else filters
        alike = sorted(position for pci_id in ids for position in models[pci_id])
        entry["devices"] = "all" if alike == positions else positions
        entry["mig-enabled"] = enabled
        entry["mig-devices"] = dict(sorted(profiles.items()))
        entries.append(entry)
    return {"version": VERSION, "mig-configs": {name: entries}}


def _chosen(document: Any, config: Optional[str]) -> Tuple[str, List[_Entry]]:
    problems = Problems()
    with problems:
        configurations = _configurations(document)
    with problems:
        name = _name(document, config)
    problems.end()
    return name, configurations[name]


def _name(document: Any, config: Optional[str]) -> str:
    """The name of the chosen configuration."""
    names = _names(document)
    listed = ", ".join(sorted(names))
    if config is None and len(names) > 1:
        raise EdgesiteError(
            "mig_config (the option config) is not set, but the nvidia-mig-parted configuration has more than one: "
            + listed,
            "Set mig_config to one of these",
        )
    if config is not None and names and config not in names:
        raise EdgesiteError(
            "mig_config (the option config) is {0}, which is not in the nvidia-mig-parted configuration; it has: "
            "{1}".format(shown(config), listed),
            "Set mig_config to one of these",
        )
    return next(iter(names), "") if config is None else config


def _names(document: Any) -> List[str]:
    """Of all configurations; none where the document is wrong in this respect."""
    configs = document.get("mig-configs") if isinstance(document, dict) else None
    return [name for name in configs if isinstance(name, str)] if isinstance(configs, dict) else []


def _positions(entry: _Entry, gpus: Sequence[PartedGpu]) -> List[int]:
    """The GPUs that an entry names, by their place in PCI order."""
    found = [position for position, gpu in enumerate(gpus) if _passes(entry, gpu)]
    if not found:
        # written for hosts with other GPUs, where its indices are right
        return []
    if entry.devices is not None:
        for position in entry.devices:
            if position >= len(gpus):
                raise EdgesiteError(
                    "{0}.devices has {1}, but this host has {2}".format(entry.where, position, _listed(gpus)),
                    "Name GPUs that the host has, or use 'all'; 'lspci -d 10de:' on it shows whether one is missing",
                )
        found = [position for position in found if position in entry.devices]
    without = [gpus[position] for position in found if not gpus[position].mig_capable]
    if entry.enabled and without and (entry.devices is not None or len(without) == len(found)):
        raise EdgesiteError(
            "{0}.mig-enabled is true, but this host has GPUs without MIG: {1}".format(entry.where, _listed(without)),
            "Name only GPUs with MIG, by devices or device-filter",
        )
    return found


def _passes(entry: _Entry, gpu: PartedGpu) -> bool:
    for pci_id, subsystem_id in entry.filters:
        if pci_id == gpu.pci_id:
            if subsystem_id is not None and gpu.subsystem_id is None:
                raise EdgesiteError(
                    "{0}.device-filter asks for the subsystem {1}, but GPU {2} does not report its own".format(
                        entry.where, _hex(subsystem_id), gpu.gpu.label()
                    ),
                    "Filter by '{0}' alone".format(_hex(pci_id)),
                )
            if subsystem_id in (None, gpu.subsystem_id):
                return True
    return not entry.filters


def _both_modes(earlier: _Entry, later: _Entry, gpu: PartedGpu) -> EdgesiteError:
    return EdgesiteError(
        "{0}.mig-enabled and {1}.mig-enabled differ for the same GPU {2}".format(
            earlier.where, later.where, gpu.gpu.label()
        ),
        "Narrow one of the two by devices, such as devices: [1, 2], or by device-filter",
    )


def _wish(entry: _Entry) -> Dict[str, Any]:
    if not entry.enabled:
        return {"mig": "disabled"}
    return {"mig": "enabled", "instances": dict(entry.instances)}


def _grouped(wishes: Sequence[Tuple[int, Wish]]) -> List[Tuple[Wish, List[int]]]:
    """The different wishes, each with the positions that have it."""
    groups: List[Tuple[Wish, List[int]]] = []
    for position, wish in wishes:
        for other, positions in groups:
            if other == wish:
                positions.append(position)
                break
        else:
            groups.append((wish, [position]))
    return groups


def _configurations(document: Any) -> Dict[str, List[_Entry]]:
    """Every configuration of a document; all are checked, also those that are not used."""
    problems = Problems()
    top = _fields("The nvidia-mig-parted configuration", document, ("version", "mig-configs"), (), problems)
    with problems:
        if top.get("version", VERSION) != VERSION:
            raise _wrong("version", top["version"], "'{0}'".format(VERSION))
    configs, result = top.get("mig-configs", _MISSING), {}
    if configs is not _MISSING and (not isinstance(configs, dict) or not configs):
        problems.found.append(_wrong("mig-configs", configs, "a mapping of names to configurations"))
    for name, entries in configs.items() if isinstance(configs, dict) else ():
        with problems:
            result[name] = _configuration(name, entries)
    problems.end()
    return result


def _configuration(name: Any, entries: Any) -> List[_Entry]:
    if not isinstance(name, str):
        raise _wrong("A name in mig-configs", name, "text", "Put the name in quotes")
    where = "mig-configs." + name
    if not isinstance(entries, list) or not entries:
        raise _wrong(where, entries, "a list of one or more entries")
    found, problems = [], Problems()
    for number, entry in enumerate(entries):
        with problems:
            found.append(_entry("{0}[{1}]".format(where, number), entry))
    problems.end()
    return found


def _entry(where: str, value: Any) -> _Entry:
    problems = Problems()
    fields = _fields(where, value, ("devices", "mig-enabled"), ("device-filter", "mig-devices"), problems)
    with problems:
        filters = _filters(where + ".device-filter", fields.get("device-filter"))
    with problems:
        devices = _devices(where + ".devices", fields.get("devices", _ALL))
    with problems:
        enabled = _enabled(where + ".mig-enabled", fields.get("mig-enabled", False))
    with problems:
        instances = _instances_of(where + ".mig-devices", fields.get("mig-enabled"), fields.get("mig-devices"))
    problems.end()
    return _Entry(where, filters, devices, enabled, instances)


def _enabled(where: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong(where, value, "true or false", "Write true or false, without quotes")
    return value


def _instances_of(where: str, enabled: Any, profiles: Any) -> Dict[str, int]:
    if enabled is True and profiles is None:
        raise EdgesiteError(
            where + " is missing while mig-enabled is true",
            "Write mig-devices: {3g.20gb: 2}, or {} for no instances",
        )
    instances = _instances(where, {} if profiles is None else profiles)
    if instances and enabled is False:
        raise EdgesiteError(
            where + " has profiles while mig-enabled is false", "Set mig-enabled: true, or mig-devices: {}"
        )
    return instances


def _filters(where: str, value: Any) -> List[Tuple[int, Optional[int]]]:
    if value is None or value == "":
        return []
    if not isinstance(value, list):
        return [_filter(where, value)]
    found, problems = [], Problems()
    for number, text in enumerate(value):
        with problems:
            found.append(_filter("{0}[{1}]".format(where, number), text))
    problems.end()
    return found


def _filter(where: str, value: Any) -> Tuple[int, Optional[int]]:
    match = _FILTER.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise _wrong(where, value, "a PCI id such as '0x20B010DE', or a list of them", _FIX_FILTER)
    pci_id, subsystem_id = match.groups()
    return int(pci_id, 16), None if subsystem_id is None else int(subsystem_id, 16)


def _devices(where: str, value: Any) -> Optional[List[int]]:
    if value == _ALL:
        return None
    if not isinstance(value, list) or not value:
        raise _wrong(where, value, "'all' or a list of indices", "Write devices: all, or a list such as [0, 1]")
    problems = Problems()
    for number, index in enumerate(value):
        with problems:
            _check_count("{0}[{1}]".format(where, number), index)
    problems.end()
    return list(value)


def _instances(where: str, value: Any) -> Dict[str, int]:
    if not isinstance(value, dict):
        raise _wrong(where, value, "a mapping of profiles to counts", "Write it like {3g.20gb: 2}")
    instances: Dict[str, int] = {}
    problems = Problems()
    for name, count in value.items():
        with problems:
            profile = _profile(where, name)
            _check_count("{0}.{1}".format(where, name), count)
            if count:
                instances[profile] = instances.get(profile, 0) + count
    problems.end()
    if value and not instances:
        raise EdgesiteError(where + " has the count 0 for every profile", "Write mig-devices: {} for no instances")
    return instances


def _profile(where: str, name: Any) -> str:
    """A profile's name as the driver has it: without the compute slices where they are all, attributes in order."""
    match = _PROFILE.fullmatch(name) if isinstance(name, str) else None
    if match is None:
        raise _wrong("A profile in " + where, name, "a name such as 3g.20gb", _FIX_PROFILE)
    compute, slices, rest, sign, attributes = match.groups()
    if compute is not None and int(compute) > int(slices):
        raise _wrong("A profile in " + where, name, "a name with no more compute slices than slices", _FIX_PROFILE)
    profile = slices + rest if compute in (None, slices) else "{0}c.{1}{2}".format(compute, slices, rest)
    if sign is None:
        return profile
    words = attributes.split(",")
    if len(set(words)) < len(words) or not all(_ATTRIBUTE.fullmatch(word) for word in words):
        raise _wrong("A profile in " + where, name, "a name with attributes such as +me or -me", _FIX_PROFILE)
    return profile + sign + ",".join(sorted(words))


def _fields(
    where: str, value: Any, required: Sequence[str], optional: Sequence[str], problems: Problems
) -> Dict[str, Any]:
    """The fields of a mapping; notes those that it lacks, and others than these. Raises where it is no mapping."""
    if not isinstance(value, dict):
        raise _wrong(where, value, "a mapping with " + " and ".join(required))
    for key in required:
        if key not in value:
            problems.found.append(
                EdgesiteError("{0} lacks {1}".format(where, key), "Add {0} to the file".format(_SAMPLES[key]))
            )
    for key in value:
        if key not in required and key not in optional:
            problems.found.append(
                EdgesiteError(
                    "{0} has the field {1}".format(where, shown(key)),
                    "Remove it from the file, or correct it to one of {0}".format(", ".join((*required, *optional))),
                )
            )
    return value


def _check_count(where: str, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MOST:
        raise _wrong(where, value, "a whole number from 0 to {0}".format(_MOST), "Write a whole number, without quotes")


def _wrong(where: str, value: Any, allowed: str, fix: str = "") -> EdgesiteError:
    return EdgesiteError(
        "{0} is {1}, not {2}".format(where, shown(value), allowed),
        fix or "Correct the file; docs/mig.md shows one",
    )


def _address(gpu: PartedGpu) -> List[int]:
    return [int(part, 16) for part in re.split("[:.]", gpu.gpu.pci_bus_id)]


def _hex(pci_id: int) -> str:
    return "0x{0:08X}".format(pci_id)


def _listed(gpus: Sequence[PartedGpu]) -> str:
    return "; ".join("{0}, {1}".format(gpu.gpu.label(), _hex(gpu.pci_id)) for gpu in gpus) or "none"
