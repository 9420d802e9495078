# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.clients import Client
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu import catalogue
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.card import catalogued, slices, with_mig_off
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.mig.cases import (
    card,
    from_facts,
    instance,
    profile,
)

_ONE = {"slices": 1, "multiprocessors": 14}
_TWO = {"slices": 2, "multiprocessors": 28}
FACTS = {
    "index": 0,
    "uuid": "GPU-0",
    "pci_bus_id": "0000:17:00.0",
    "pci_device_id": "0x20b0",
    "name": "NVIDIA A100-SXM4-40GB",
    "mig": {
        "current": True,
        "pending": False,
        "resetless": False,
        "gpu_instances": [
            {
                "id": 2,
                "profile_id": 9,
                "slices": 3,
                "multiprocessors": 42,
                "placement": {"start": 4, "size": 4},
                "compute_instances": [
                    {**_TWO, "id": 0, "placement": {"start": 0, "size": 2}, "uuid": "MIG-a"},
                    {**_ONE, "id": 1, "placement": {"start": 2, "size": 1}, "uuid": "MIG-b"},
                ],
            },
            {**_ONE, "id": 7, "profile_id": 99, "placement": {"start": 0, "size": 1}, "compute_instances": []},
        ],
    },
    "vgpu": {"virtualization_mode": "passthrough"},
    "processes": [
        {"pid": 1, "name": "a", "gpu_instance_id": 2, "compute_instance_id": 1},
        {"pid": 2, "name": None, "gpu_instance_id": 2, "compute_instance_id": None},
        {"pid": 3, "name": "c", "gpu_instance_id": None, "compute_instance_id": None},
    ],
}


def pids(clients):
    return [client.pid for client in clients]


def test_card_from_what_gpu_info_tells():
    found = from_facts(FACTS)
    assert (found.enabled, found.pending, found.resetless, found.virtualization) == (True, False, False, "passthrough")
    assert (found.profiles, found.memory_slices) == (card("A100-40").profiles, 8)
    # an instance of a profile that the catalogue does not know is left out
    assert found.instances == (instance("3g.20gb", 4, ((2, 0), (1, 2))),)
    assert [inner.uuid for inner in found.instances[0].compute] == ["MIG-a", "MIG-b"]
    assert pids(found.clients) == [1, 2, 3]
    assert pids(found.instances[0].clients) == [1, 2]
    # a process that may run on either counts for both
    assert [pids(inner.clients) for inner in found.instances[0].compute] == [[2], [1, 2]]


@pytest.mark.parametrize(("multiprocessors", "partial"), [(16, True), (26, False)])
def test_compute_instance_with_all_slices_and_not_all_multiprocessors(multiprocessors, partial):
    inner = {"id": 0, "slices": 1, "multiprocessors": multiprocessors, "placement": {"start": 0, "size": 1}}
    double = {
        "id": 3,
        "profile_id": 15,
        "slices": 1,
        "multiprocessors": 26,
        "placement": {"start": 0, "size": 2},
        "compute_instances": [{**inner, "uuid": "MIG-a"}],
    }
    on_h100 = {**FACTS, "pci_device_id": "0x2330", "name": "NVIDIA H100 80GB HBM3"}
    found = from_facts({**on_h100, "mig": {**FACTS["mig"], "gpu_instances": [double]}})
    assert [one.partial for one in found.instances[0].compute] == [partial]


@pytest.mark.parametrize("model", catalogue.MODELS, ids=lambda model: model.key)
def test_profiles_of_the_catalogue(model):
    profiles = catalogued(model.pci_device_ids[0], model.name)
    assert [known.id for known in profiles] == [known.id for known in (model.mig.profiles if model.mig else ())]
    assert catalogued(0, model.name) == profiles
    if model.mig:
        assert card(model.key).memory_slices == model.mig.memory_slices


def test_profiles_of_a_card_that_the_catalogue_does_not_know():
    assert catalogued(0, "NVIDIA Unheard Of") == ()


def test_words_for_people():
    assert (slices(0, 4), slices(6, 1)) == ("slices 0-3", "slice 6")
    assert instance("3g.20gb", 4).label() == "3g.20gb on slices 4-7"
    assert Client(7, None).label() == "a process (pid 7)"
    assert Client(7, "vllm").label() == "vllm (pid 7)"


def test_where_an_instance_lies():
    assert instance("2g.10gb", 2).mask == profile("2g.10gb").mask(2) == 0b1100
    assert instance("2g.10gb", 2).place == (14, 2)
    # its UUID and who runs on it do not make it another one
    assert instance("2g.10gb", 2) == instance("2g.10gb", 2, busy=[0])


@pytest.mark.parametrize("key", [model.key for model in catalogue.MODELS if model.mig])
def test_what_is_told_while_mig_is_off_counts_where_it_has_all_that_is_known(key):
    known = card(key).profiles
    new = replace(known[0], id=99, name="1g.1gb+new")
    assert with_mig_off(known, known) == known
    assert with_mig_off((*known, new), known) == (*known, new)
    assert with_mig_off((), known) == known
    assert with_mig_off((new, *known[1:]), known) == known
    assert with_mig_off((new,), ()) == (new,)
