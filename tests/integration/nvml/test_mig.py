# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of MIG on each model that has it: as NVIDIA's user guide and listings say."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

CATALOGUE = Path(__file__).resolve().parents[3] / "plugins" / "module_utils" / "gpu" / "catalogue.py"


def catalogue():
    spec = importlib.util.spec_from_file_location("catalogue_for_tests", CATALOGUE)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


MODELS = {model.key: model for model in catalogue().MODELS}
WITH_MIG = sorted(key for key, model in MODELS.items() if model.mig)


def shape(mig):
    """What differs between cards in more than names and figures."""
    profiles = [profile._replace(name="", memory_mib=0, sms=0) for profile in mig.profiles]
    return mig.mode_change_needs_reset, tuple(profiles)


# One of each shape stands for the others
SHAPES = sorted({shape(MODELS[key].mig): key for key in reversed(WITH_MIG)}.values())

HELPERS = """
import ctypes
h = nvmlDeviceGetHandleByIndex(0)
def code(call, *arguments):
    try:
        call(*arguments)
        return 0
    except NVMLError as error:
        return error.value
def placement(gi):
    info = nvmlGpuInstanceGetInfo(gi)
    return [info.id, info.placement.start, info.placement.size]
def place(start, size):
    return ctypes.byref(c_nvmlGpuInstancePlacement_t(start, size))
"""


@pytest.mark.parametrize("key", WITH_MIG)
def test_what_nvml_lists_is_what_the_catalogue_says(node, key):
    mig = MODELS[key].mig
    node.init(key)
    listed = node.nvml(
        HELPERS
        + """
nvmlDeviceSetMigMode(h, 1)
profiles = []
for constant in range(100):
    try:
        info = nvmlDeviceGetGpuInstanceProfileInfo(h, constant, 2)
    except NVMLError_NotSupported:
        continue
    except NVMLError_InvalidArgument:
        break
    count = c_uint(8)
    found = (c_nvmlGpuInstancePlacement_t * 8)()
    nvmlDeviceGetGpuInstancePossiblePlacements(h, info.id, found, ctypes.byref(count))
    name = info.name if isinstance(info.name, str) else info.name.decode()
    profiles.append([constant, info.id, name, info.sliceCount, info.memorySizeMB, info.multiprocessorCount,
                     info.copyEngineCount, info.decoderCount, info.encoderCount, info.jpegCount, info.ofaCount,
                     info.instanceCount, [[p.start, p.size] for p in found[:count.value]]])
resetless = nvmlDeviceGetFieldValues(h, [184])[0].value.uiVal
print(json.dumps([constant, resetless, profiles]))
"""
    )
    expected = [
        [
            p.constant,
            p.id,
            "MIG " + p.name,
            p.slices,
            p.memory_mib,
            p.sms,
            p.copy_engines,
            p.decoders,
            p.encoders,
            p.jpegs,
            p.ofas,
            p.max_count,
            [list(place) for place in p.placements],
        ]
        for p in sorted(mig.profiles, key=lambda profile: profile.constant)
    ]
    assert listed == [0x12, int(not mig.mode_change_needs_reset), expected]


@pytest.mark.parametrize("key", SHAPES)
def test_each_profile_fills_the_card_and_is_used_as_a_mig_device(node, key):
    node.init(key)
    mig = MODELS[key].mig
    result = node.nvml(
        HELPERS
        + f"""
assert nvmlDeviceSetMigMode(h, 1) == 0
out = []
for profile in {[p.id for p in mig.profiles]}:
    made, order = [], []
    while True:
        left = nvmlDeviceGetGpuInstanceRemainingCapacity(h, profile)
        try:
            gi = nvmlDeviceCreateGpuInstance(h, profile)
        except NVMLError as error:
            last = [error.value, left]
            break
        assert left == nvmlDeviceGetGpuInstanceRemainingCapacity(h, profile) + 1
        order.append(nvmlGpuInstanceGetInfo(gi).placement.start)
        for constant in range(8):
            try:
                info = nvmlGpuInstanceGetComputeInstanceProfileInfo(gi, constant, 0)
            except NVMLError_NotSupported:
                continue
            whole = constant
        made.append([gi, nvmlGpuInstanceCreateComputeInstance(gi, whole)])
    devices = [nvmlDeviceGetMigDeviceHandleByIndex(h, i) for i in range(len(made))]
    sms = [nvmlDeviceGetAttributes(device).multiprocessorCount for device in devices]
    for gi, ci in made:
        nvmlComputeInstanceDestroy(ci)
        nvmlGpuInstanceDestroy(gi)
    out.append([profile, order, last, sorted(set(sms))])
print(json.dumps(out))
"""
    )
    assert [row[0] for row in result] == [p.id for p in mig.profiles]
    for profile, (_id, order, last, sms) in zip(mig.profiles, result):
        assert len(order) == profile.max_count and last == [23, 0]
        assert order == list(profile.default_order[: len(order)])
        assert sms == [profile.sms]


@pytest.mark.parametrize("key", SHAPES)
def test_what_outlives_a_reset_and_a_reboot(node, key):
    mig = MODELS[key].mig
    node.init(key)
    make = (
        HELPERS
        + f"gi = nvmlDeviceCreateGpuInstance(h, {mig.profiles[0].id}); nvmlGpuInstanceCreateComputeInstance(gi, 0)"
    )
    node.nvml(HELPERS + "nvmlDeviceSetMigMode(h, 1)")
    node.nvml(make)
    node.sim("reset")
    state = node.gpu()["mig"]
    assert (state["current"], state["gpu_instances"]) == (1, [])
    node.nvml(make)
    node.sim("reboot")
    state = node.gpu()["mig"]
    assert (state["current"], state["pending"], state["gpu_instances"]) == (*[int(mig.mode_survives_reboot)] * 2, [])


def test_the_order_of_default_placement_decides_what_fits(node):
    """The known issue in NVIDIA's guide: 19,19,14,9 fails where 9,19,14,19 works."""
    node.init("A100-40")
    code = (
        HELPERS + "nvmlDeviceSetMigMode(h, 1)\nprint(json.dumps([code(nvmlDeviceCreateGpuInstance, h, p) for p in %s]))"
    )
    assert node.nvml(code % [19, 19, 14, 9]) == [0, 0, 0, 23]
    node.sim("reset")
    assert node.nvml(code % [9, 19, 14, 19]) == [0, 0, 0, 0]
    assert [gi["id"] for gi in node.gpu()["mig"]["gpu_instances"]] == [2, 7, 4, 8]


def test_ids_follow_from_the_place_and_bad_places_are_refused(node):
    node.init("H100-80")
    got = node.nvml(
        HELPERS
        + """
nvmlDeviceSetMigMode(h, 1)
create = nvmlDeviceCreateGpuInstanceWithPlacement
out = [placement(create(h, 19, place(6, 1))), placement(create(h, 14, place(4, 2)))]
bad = [(19, place(6, 1)), (19, place(7, 1)), (14, place(0, 4)), (99, place(0, 1))]
out.append([code(create, h, *arguments) for arguments in bad])
out.append(code(create, h, 9, place(4, 4)))
out.append(placement(create(h, 9, place(0, 4))))
out.append([nvmlDeviceGetGpuInstanceRemainingCapacity(h, p) for p in (19, 20, 15, 14, 9, 5, 0)])
print(json.dumps(out))
"""
    )
    # Only slice 7 is left, which no profile may start at.
    assert got == [[13, 6, 1], [5, 4, 2], [23, 2, 2, 2], 23, [1, 0, 4], [0] * 7]


def test_one_instance_with_media_on_the_card(node):
    node.init("H100-80")
    got = node.nvml(
        HELPERS
        + """
nvmlDeviceSetMigMode(h, 1)
nvmlDeviceCreateGpuInstance(h, 20)
left = [nvmlDeviceGetGpuInstanceRemainingCapacity(h, p) for p in (20, 19)]
print(json.dumps(left + [code(nvmlDeviceCreateGpuInstance, h, 20)]))
"""
    )
    assert got == [0, 6, 23]


def test_instances_in_use_stay_and_the_mode_stays_with_them(node):
    node.init("H200")
    node.nvml(
        HELPERS + "nvmlDeviceSetMigMode(h, 1)\n"
        "nvmlGpuInstanceCreateComputeInstance(nvmlDeviceCreateGpuInstance(h, 19), 0)"
    )
    pid = node.client(0, "--gi", 13, "--memory", 4096)
    got = node.nvml(
        HELPERS
        + """
gi = nvmlDeviceGetGpuInstanceById(h, 13)
ci = nvmlGpuInstanceGetComputeInstanceById(gi, 0)
mig = nvmlDeviceGetMigDeviceHandleByIndex(h, 0)
out = [code(nvmlComputeInstanceDestroy, ci), code(nvmlGpuInstanceDestroy, gi)]
out += [nvmlDeviceSetMigMode(h, 0), list(nvmlDeviceGetMigMode(h))]
nvmlDeviceSetMigMode(h, 1)
for handle in (mig, h):
    out += [[p.pid, p.gpuInstanceId, p.computeInstanceId] for p in nvmlDeviceGetComputeRunningProcesses(handle)]
out.append(nvmlDeviceGetMemoryInfo(mig).used >> 20)
print(json.dumps(out))
"""
    )
    assert got == [19, 19, 19, [1, 0], [pid, 13, 0], [pid, 13, 0], 4096]
    refused = node.raw("reset")
    assert refused.returncode == 1 and "IN_USE" in refused.stderr
    node.sim("kill-process", pid)
    assert node.nvml(
        HELPERS + "gi = nvmlDeviceGetGpuInstanceById(h, 13)\n"
        "nvmlComputeInstanceDestroy(nvmlGpuInstanceGetComputeInstanceById(gi, 0))\n"
        "nvmlGpuInstanceDestroy(gi)\nprint(json.dumps([nvmlDeviceSetMigMode(h, 0), list(nvmlDeviceGetMigMode(h))]))"
    ) == [0, [0, 0]]


def test_an_ampere_guest_needs_a_reboot_to_change_the_mode(node):
    node.init("A30")
    node.sim("virtualization", "passthrough")
    assert node.nvml(
        HELPERS + "print(json.dumps([nvmlDeviceSetMigMode(h, 1), list(nvmlDeviceGetMigMode(h)), "
        "code(nvmlDeviceCreateGpuInstance, h, 14)]))"
    ) == [16, [0, 1], 3]
    node.sim("reboot")
    assert node.nvml(HELPERS + "print(json.dumps(list(nvmlDeviceGetMigMode(h))))") == [1, 1]


def test_changing_the_mode_resets_an_ampere_card_and_not_a_hopper_card(node):
    node.init("A100-80", "H100-80")
    node.nvml(
        "for i in (0, 1):\n    h = nvmlDeviceGetHandleByIndex(i)\n    nvmlDeviceSetPowerManagementLimit(h, 300000)\n"
        "    assert nvmlDeviceSetMigMode(h, 1) == 0"
    )
    assert [gpu["power_limit_mw"] for gpu in node.show()["gpus"]] == [400000, 300000]


def test_the_same_place_has_the_same_uuid_again(node):
    node.init("A100-40")
    code = (
        HELPERS
        + """
nvmlDeviceSetMigMode(h, 1)
ci = nvmlGpuInstanceCreateComputeInstance(nvmlDeviceCreateGpuInstance(h, 9), 2)
print(json.dumps(nvmlDeviceGetUUID(nvmlDeviceGetMigDeviceHandleByIndex(h, 0))))
"""
    )
    first = node.nvml(code)
    node.sim("reset")
    assert node.nvml(code) == first


def test_one_instance_may_take_all_media_engines_of_a_card(node):
    """On the RTX PRO 6000: beside it only profiles without media fit, and where it has come too late it does not."""
    node.init("RTXPRO6000")
    profiles = {p.name: p for p in MODELS["RTXPRO6000"].mig.profiles}
    ask = "left = lambda: {name: nvmlDeviceGetGpuInstanceRemainingCapacity(h, id) for name, id in %s.items()}\n" % {
        name: p.id for name, p in profiles.items()
    }
    got = node.nvml(
        HELPERS
        + ask
        + f"""
nvmlDeviceSetMigMode(h, 1)
everything = nvmlDeviceCreateGpuInstance(h, {profiles["1g.24gb+me.all"].id})
out = [left(), code(nvmlDeviceCreateGpuInstance, h, {profiles["1g.24gb"].id}),
       code(nvmlDeviceCreateGpuInstanceWithPlacement, h, {profiles["2g.48gb"].id}, place(0, 6)),
       code(nvmlDeviceCreateGpuInstance, h, {profiles["2g.48gb-me"].id})]
nvmlGpuInstanceDestroy(everything)
out += [left(), code(nvmlDeviceCreateGpuInstance, h, {profiles["1g.24gb"].id}),
        code(nvmlDeviceCreateGpuInstance, h, {profiles["1g.24gb+me.all"].id})]
print(json.dumps(out))
"""
    )
    nothing = dict.fromkeys(profiles, 0)
    assert got == [
        {**nothing, "1g.24gb-me": 3, "2g.48gb-me": 1},
        23,
        23,
        0,
        {
            **nothing,
            "1g.24gb": 2,
            "1g.24gb+gfx": 2,
            "1g.24gb-me": 2,
            "1g.24gb+me": 1,
            "1g.24gb+me.all": 1,
            "2g.48gb": 1,
            "2g.48gb+gfx": 1,
            "2g.48gb+me.all": 1,
            "2g.48gb-me": 1,
        },
        0,
        23,
    ]


@pytest.mark.parametrize("key", SHAPES)
def test_instances_share_no_media_engine(node, key):
    """Whatever is made in whatever order: the card never gives more than the whole has."""
    profiles = MODELS[key].mig.profiles
    node.init(key)
    layouts = node.nvml(
        HELPERS
        + f"""
import random
nvmlDeviceSetMigMode(h, 1)
profiles, layouts, order = {[p.id for p in profiles]}, [], random.Random(1)
for _ in range(30):
    made = []
    for profile in order.choices(profiles, k=8):
        left = nvmlDeviceGetGpuInstanceRemainingCapacity(h, profile)
        try:
            made.append([profile, nvmlDeviceCreateGpuInstance(h, profile)])
            assert left > 0
        except NVMLError_InsufficientResources:
            assert left == 0
    layouts.append([profile for profile, _gi in made])
    for _profile, gi in made:
        nvmlGpuInstanceDestroy(gi)
print(json.dumps(layouts))
"""
    )
    engines = {p.id: (p.decoders, p.encoders, p.jpegs, p.ofas) for p in profiles}
    most = [max(column) for column in zip(*engines.values())]
    for layout in layouts:
        assert all(sum(column) <= limit for column, limit in zip(zip(*(engines[id_] for id_ in layout)), most))


@pytest.mark.parametrize("key", ["A100-40", "H100-80"])
def test_on_cards_of_seven_slices_media_engines_limit_the_media_profile_alone(node, key):
    """Of each layout that fills the card by its places, every instance is made, with 1g+me in place of a 1g too."""
    node.init(key)
    layouts = [
        [(19, start, 1) for start in range(7)],
        [(20, 0, 1)] + [(19, start, 1) for start in range(1, 7)],
        [(15, start, 2) for start in (0, 2, 4, 6)],
        [(14, start, 2) for start in (0, 2, 4)] + [(20, 6, 1)],
        [(14, start, 2) for start in (0, 2, 4)] + [(15, 6, 2)],
        [(9, 0, 4), (9, 4, 4)],
        [(5, 0, 4), (9, 4, 4)],
        [(5, 0, 4), (14, 4, 2), (20, 6, 1)],
        [(0, 0, 8)],
    ]
    assert node.nvml(
        HELPERS
        + f"""
nvmlDeviceSetMigMode(h, 1)
counts = []
for layout in {layouts}:
    made = [nvmlDeviceCreateGpuInstanceWithPlacement(h, id, place(start, size)) for id, start, size in layout]
    counts.append(len(made))
    for gi in made:
        nvmlGpuInstanceDestroy(gi)
print(json.dumps(counts))
"""
    ) == [len(layout) for layout in layouts]
