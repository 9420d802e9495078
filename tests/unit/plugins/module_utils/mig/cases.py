# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cards with MIG in every state, for the tests of MIG."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from ansible_collections.edgesite.gpu.plugins.module_utils.common.clients import Client
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu import catalogue
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.selectors import GpuId
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.card import (
    Card,
    ComputeInstance,
    GpuInstance,
    Profile,
    catalogued,
    clients,
    instances,
)
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.layouts import Want
from hypothesis import strategies as st

MODELS = tuple(model.key for model in catalogue.MODELS if model.mig)


def _shape(model):
    """All that the planner sees of a model: not its names and figures of memory."""
    return tuple(
        (
            known.slices,
            known.size,
            known.starts,
            known.max_count,
            known.decoders,
            known.encoders,
            known.jpegs,
            known.ofas,
        )
        for known in model.mig.profiles
    )


# One model of each shape: the first.
SHAPES = tuple({_shape(model): model.key for model in reversed(catalogue.MODELS) if model.mig}.values())

# Starts of compute instances in a GPU instance, by the slices of both: as nvidia-smi mig -lcipp lists them.
COMPUTE_STARTS = {
    1: {1: (0,)},
    2: {1: (0, 1), 2: (0,)},
    3: {1: (0, 1, 2), 2: (0,), 3: (0,)},
    4: {1: (0, 1, 2, 3), 2: (0, 2), 4: (0,)},
    7: {1: (0, 1, 2, 3, 4, 5, 6), 2: (0, 2, 4), 3: (0, 4), 4: (0,), 7: (0,)},
}


@lru_cache(maxsize=None)
def _empty(model):
    known = catalogue.by_key(model)
    return Card(
        GpuId(0, "GPU-0", "0000:17:00.0", known.name),
        True,
        True,
        not known.mig.mode_change_needs_reset,
        "none",
        catalogued(known.pci_device_ids[0], known.name),
    )


def card(model="A100-40", *instances, index=0, **changes):
    """A card of the model with these instances, in MIG mode."""
    clients = tuple(client for instance in instances for client in instance.clients)
    gpu = replace(_empty(model).gpu, index=index, uuid=f"GPU-{index}", pci_bus_id=f"0000:{index + 23:02x}:00.0")
    ordered = tuple(sorted(instances, key=lambda instance: instance.start))
    return replace(_empty(model), gpu=gpu, **{"instances": ordered, "clients": clients, **changes})


def profile(name, model="A100-40"):
    (found,) = (known for known in _empty(model).profiles if known.name == name)
    return found


def pid_at(start, inner):
    """The process on a compute instance has a pid of its own."""
    return 1000 + 10 * start + inner


def instance(known, start, compute=None, busy=(), partial=False):
    """A GPU instance. compute: (slices, start) of its compute instances, one that takes all of it where not given.

    busy: starts of compute instances with a process; None is a process of which NVML does not tell where it runs.
    partial: its compute instances lack SMs.
    """
    known = profile(known) if isinstance(known, str) else known
    compute = ((known.slices, 0),) if compute is None else compute
    clients = {
        inner: Client(pid_at(start, 9 if inner is None else inner), "llama-server", start, inner) for inner in busy
    }
    return GpuInstance(
        known,
        start,
        tuple(
            ComputeInstance(
                slices,
                inner,
                f"MIG-{start}-{inner}",
                tuple(clients[at] for at in (inner, None) if at in clients),
                partial,
            )
            for slices, inner in compute
        ),
        tuple(clients.values()),
    )


def want(name, model="A100-40", compute=None, start=None):
    known = profile(name, model)
    return Want(known, (known.slices,) if compute is None else compute, start)


def whole(wanted):
    """Wants for these profiles, each with one compute instance that takes all of it."""
    return [Want(known, (known.slices,)) for known in wanted]


def within_limits(profiles, wanted):
    """Whether a card that has nothing on it has enough of everything but room."""
    if any(wanted.count(known) > known.max_count for known in set(wanted)):
        return False
    return all(
        sum(known.engines[which] for known in wanted) <= max(known.engines[which] for known in profiles)
        for which in range(4)
    )


def _filled(profiles, slices, first=0):
    """Every way to fill a card's memory slices from one on, as (position in profiles, start)."""
    if first >= slices:
        yield ()
        return
    yield from _filled(profiles, slices, first + 1)
    for position, known in enumerate(profiles):
        if first in known.starts:
            for rest in _filled(profiles, slices, first + known.size):
                yield ((position, first), *rest)


@lru_cache(maxsize=None)
def _states(limits):
    """For the models whose profiles differ in their names and memory only."""
    nameless = tuple(Profile(0, "", 1, 0, *of_profile) for of_profile in limits)
    slices = max(start + known.size for known in nameless for start in known.starts)
    return [
        state
        for state in _filled(nameless, slices)
        if within_limits(nameless, [nameless[position] for position, _start in state])
    ]


@lru_cache(maxsize=None)
def states(model):
    """Every state that a card of the model can be in, as (profile, start) of its GPU instances."""
    profiles = _empty(model).profiles
    limits = tuple((known.size, known.starts, known.max_count, known.engines) for known in profiles)
    return [tuple((profiles[position], start) for position, start in state) for state in _states(limits)]


@lru_cache(maxsize=None)
def layouts(model):
    """Every layout that a card of the model can have, as profiles."""
    found = {}
    for state in states(model):
        layout = sorted((known for known, _start in state), key=lambda known: known.id)
        found[tuple(known.id for known in layout)] = tuple(layout)
    return [found[ids] for ids in sorted(found)]


@lru_cache(maxsize=None)
def compute_states(slices):
    """Every set of compute instances, as (slices, start), that a GPU instance of so many slices can have; also none."""

    def filled(first):
        if first >= slices:
            return [()]
        found = filled(first + 1)
        for size, starts in COMPUTE_STARTS[slices].items():
            if first in starts:
                found = found + [((size, first), *rest) for rest in filled(first + size)]
        return found

    return filled(0)


def _one_of(draw, values):
    """Like sampled_from, which is slow for long lists."""
    return values[draw(st.integers(0, len(values) - 1))]


# One of this many GPU instances is out of the ordinary.
_FEW = st.integers(0, 2).map(lambda drawn: drawn == 2)
_BUSY = st.integers(0, 3)


@st.composite
def cards(draw, models=SHAPES):
    """A card in any state, its compute instances divided and in use in any way."""
    model = _one_of(draw, models)
    instances = []
    for known, start in _one_of(draw, states(model)):
        compute = _one_of(draw, compute_states(known.slices)) if draw(_FEW) else ((known.slices, 0),)
        places = [inner for _slices, inner in compute]
        busy = draw(_BUSY) if compute else 0
        # one place, one more, or somewhere
        using = {1: places[:1], 2: places[-2:], 3: [None]}.get(busy, [])
        instances.append(instance(known, start, compute, using, known.slices == 1 and draw(_FEW)))
    return card(model, *instances)


@st.composite
def wants(draw, of_card):
    """Wanted instances: of a layout that the card can have, sometimes with one more, placed and divided in any way."""
    model = next(key for key in SHAPES if _empty(key).profiles == of_card.profiles)
    wanted = list(_one_of(draw, layouts(model)))
    if draw(_FEW):
        wanted.append(_one_of(draw, of_card.profiles))
    found = []
    for known in wanted:
        compute, start = (known.slices,), None
        if draw(_FEW):
            divided = [state for state in compute_states(known.slices) if state]
            compute = tuple(sorted((slices for slices, _start in _one_of(draw, divided)), reverse=True))
        if draw(_FEW):
            start = _one_of(draw, known.starts)
        found.append(Want(known, compute, start))
    return found


def from_facts(facts):
    """The card in an entry of gpu_info's gpus, with the catalogue's profiles."""
    gpu = GpuId(facts["index"], facts["uuid"], facts["pci_bus_id"], facts["name"])
    pci_id = int(facts.get("pci_device_id") or "0", 16) << 16 | catalogue.PCI_VENDOR_NVIDIA
    mig, virtualization = facts["mig"], (facts.get("vgpu") or {}).get("virtualization_mode")
    if mig is None:
        return Card(gpu, None, virtualization=virtualization, pci_id=pci_id)
    profiles, on_it = catalogued(pci_id >> 16, facts["name"]), clients(facts["processes"])
    known = {one.id for one in profiles}
    found = instances([entry for entry in mig["gpu_instances"] if entry["profile_id"] in known], profiles, on_it)
    modes = mig["current"], mig["pending"], mig["resetless"]
    return Card(gpu, *modes, virtualization, profiles, found, on_it, pci_id)
