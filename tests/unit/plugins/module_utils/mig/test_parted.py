# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import contextlib
from collections import Counter

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.selectors import GpuId
from ansible_collections.edgesite.gpu.plugins.module_utils.mig import parted
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.parted import PartedGpu
from hypothesis import given
from hypothesis import strategies as st

A100, H100, T4 = 0x20B010DE, 0x233010DE, 0x1EB810DE
NAMES = {A100: "NVIDIA A100-SXM4-40GB", H100: "NVIDIA H100 80GB HBM3", T4: "Tesla T4"}


def host(*pci_ids):
    """A host's GPUs, in PCI order."""
    return [
        PartedGpu(GpuId(index, f"GPU-{index}", f"0000:{index + 1:02x}:00.0", NAMES[pci_id]), pci_id, pci_id != T4)
        for index, pci_id in enumerate(pci_ids)
    ]


def entry(devices="all", enabled=True, **profiles):
    """mig-enabled true has the profiles given, in a form that keyword arguments allow: g3_20 is 3g.20gb."""
    result = {"devices": devices, "mig-enabled": enabled}
    if enabled:
        result["mig-devices"] = {name[1:].replace("_", "g.") + "gb": count for name, count in profiles.items()}
    return result


def configurations(**configs):
    return {"version": "v1", "mig-configs": configs}


def wanted(entries, gpus):
    """Per UUID what the entries want of it."""
    found = parted.layouts(configurations(one=entries), None, gpus)
    return {selector["uuid"]: {**layout, "gpus": None} for layout in found for selector in layout["gpus"]}


def on(**instances):
    return {"gpus": None, "mig": "enabled", "instances": entry(**instances)["mig-devices"]}


OFF = {"gpus": None, "mig": "disabled"}


def refused(entries, gpus=None):
    with pytest.raises(EdgesiteError) as caught:
        parted.layouts(configurations(one=entries), None, host(A100) if gpus is None else gpus)
    return str(caught.value)


def test_gpus_with_equal_wishes_share_a_layout():
    entries = [entry([0, 3], g3_20=2), entry([1], enabled=False), entry([2], g3_20=2)]
    assert parted.layouts(configurations(one=entries), "one", host(A100, A100, A100, A100)) == [
        {
            "gpus": [{"uuid": "GPU-0"}, {"uuid": "GPU-2"}, {"uuid": "GPU-3"}],
            "mig": "enabled",
            "instances": {"3g.20gb": 2},
        },
        {"gpus": [{"uuid": "GPU-1"}], "mig": "disabled"},
    ]


def test_indices_count_all_gpus_in_pci_order_before_the_filter():
    gpus = host(T4, A100, H100, A100)
    entries = [{"device-filter": "0x20B010DE", **entry([1, 2], g1_5=7)}]
    assert wanted(entries, gpus) == {"GPU-1": on(g1_5=7)}
    assert wanted(entries, gpus[::-1]) == wanted(entries, gpus)


@pytest.mark.parametrize("addresses", [("0000:02:00.0", "0000:0a:00.0"), ("ffff:01:00.0", "10000:01:00.0")])
def test_pci_order_is_by_number(addresses):
    gpus = [gpu._replace(gpu=GpuId(0, address, address, "")) for gpu, address in zip(host(A100, A100), addresses)]
    assert list(wanted([entry([0], g1_5=7)], gpus[::-1])) == [addresses[0]]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ("0x20B010DE", ["GPU-0"]),
        ("0X20b010de", ["GPU-0"]),
        (["0x20B010DE", "0x233010DE"], ["GPU-0", "GPU-1"]),
        ("", ["GPU-0", "GPU-1"]),
        (None, ["GPU-0", "GPU-1"]),
        ([], ["GPU-0", "GPU-1"]),
        ("0x20B010DE:0x134F10DE", ["GPU-0"]),
        (["0x20B010DE:0x000010DE", "0x233010DE:0x16C110DE"], ["GPU-1"]),
    ],
)
def test_filter_narrows_to_the_models_and_boards_it_lists(filters, expected):
    a100, h100 = host(A100, H100)
    gpus = [a100._replace(subsystem_id=0x134F10DE), h100._replace(subsystem_id=0x16C110DE)]
    assert list(wanted([{"device-filter": filters, **entry(g1_5=1)}], gpus)) == expected


def test_filter_by_a_board_that_the_gpu_does_not_tell_is_refused():
    entries = [{"device-filter": "0x20B010DE:0x134F10DE", **entry(g1_5=1)}]
    assert "mig-configs.one[0].device-filter asks for the subsystem 0x134F10DE" in refused(entries)


def test_entry_for_other_models_is_passed_over_with_its_indices():
    entries = [{"device-filter": "0x233010DE", **entry([6, 7], g3_40=2)}, entry(g1_5=7)]
    assert wanted(entries, host(A100)) == {"GPU-0": on(g1_5=7)}


def test_last_entry_counts_where_entries_turn_mig_on_for_the_same_gpu():
    entries = [entry(g1_5=7), entry([1], g3_20=2), entry([2])]
    assert wanted(entries, host(A100, A100, A100)) == {"GPU-0": on(g1_5=7), "GPU-1": on(g3_20=2), "GPU-2": on()}


@pytest.mark.parametrize("entries", [[entry(g1_5=7), entry([0], False)], [entry(enabled=False), entry([0], g1_5=7)]])
def test_entries_that_turn_mig_on_and_off_for_the_same_gpu_are_refused(entries):
    assert "mig-configs.one[0].mig-enabled and mig-configs.one[1].mig-enabled differ for the same GPU 0" in refused(
        entries
    )


def test_no_instances_is_not_the_same_as_instances_left_alone():
    assert parted.layouts(configurations(one=[entry()]), None, host(A100)) == [
        {"gpus": [{"uuid": "GPU-0"}], "mig": "enabled", "instances": {}}
    ]


def test_all_passes_over_gpus_without_mig():
    assert wanted([entry(g1_5=7)], host(T4, A100)) == {"GPU-1": on(g1_5=7)}


def test_mig_off_needs_nothing_done_on_gpus_without_mig():
    assert wanted([entry([0, 1], False)], host(T4, A100)) == {"GPU-1": OFF}
    assert wanted([entry(enabled=False)], host(T4)) == {}


@pytest.mark.parametrize(
    ("entries", "gpus"),
    [
        ([entry([0, 1], g1_5=7)], host(A100, T4)),
        ([entry(g1_5=7)], host(T4)),
        ([entry([0], g1_5=7), {"device-filter": "0x1EB810DE", **entry(g1_5=7)}], host(A100, T4)),
    ],
)
def test_mig_on_for_gpus_without_mig_is_refused(entries, gpus):
    assert "mig-enabled is true, but this host has GPUs without MIG:" in refused(entries, gpus)


def test_index_that_the_host_does_not_have_is_refused():
    assert "mig-configs.one[0].devices has 2, but this host has 0 NVIDIA A100" in refused([entry([0, 2], g1_5=7)])


@pytest.mark.parametrize("gpus", [host(T4, A100), []])
def test_configuration_that_fits_no_gpu_is_refused(gpus):
    entries = [{"device-filter": "0x233010DE", **entry(g1_5=7)}, {"device-filter": "0x1EB810DE", **entry([1], False)}]
    message = refused(entries, gpus)
    assert "mig-configs.one matches no GPU of this host, which has" in message
    assert "Tesla T4 (GPU-0, 0000:01:00.0), 0x1EB810DE" in message or not gpus


def test_only_configuration_needs_no_name():
    assert parted.layouts(configurations(one=[entry()]), None, host(A100))


@pytest.mark.parametrize("config", [None, "three", ""])
def test_other_configurations_are_listed_where_the_name_is_missing_or_wrong(config):
    with pytest.raises(EdgesiteError, match="more than one: one, two|it has: one, two"):
        parted.layouts(configurations(two=[entry()], one=[entry()]), config, host(A100))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("3g.20gb", "3g.20gb"),
        ("1c.3g.20gb", "1c.3g.20gb"),
        ("3c.3g.20gb", "3g.20gb"),
        ("1g.5gb+me", "1g.5gb+me"),
        ("1g.24gb-me", "1g.24gb-me"),
        ("1g.24gb+me.all", "1g.24gb+me.all"),
        ("1c.2g.48gb+gfx", "1c.2g.48gb+gfx"),
        ("1g.24gb+me,gfx", "1g.24gb+gfx,me"),
    ],
)
def test_profiles_are_named_as_the_driver_names_them(name, expected):
    fields = {"devices": "all", "mig-enabled": True, "mig-devices": {name: 2, "7g.40gb": 0}}
    assert parted.layouts(configurations(one=[fields]), None, host(A100))[0]["instances"] == {expected: 2}


def test_two_spellings_of_a_profile_add_up():
    fields = {"devices": "all", "mig-enabled": True, "mig-devices": {"3c.3g.20gb": 1, "3g.20gb": 1}}
    assert parted.layouts(configurations(one=[fields]), None, host(A100))[0]["instances"] == {"3g.20gb": 2}


@pytest.mark.parametrize(
    "name",
    [
        "bogus",
        "",
        "3g",
        "3G.20GB",
        " 3g.20gb",
        "3g.20gb\n",
        "0g.0gb",
        "4c.3g.20gb",
        "1g.5gb+",
        "1g.5gb+me,me",
        "1g.5gb+me-gfx",
        "1g.5gb+2me",
        "1g.5gb+me.",
        "9" * 5000 + "g.5gb",
        3,
        None,
    ],
)
def test_other_profile_names_are_refused(name):
    fields = {"devices": "all", "mig-enabled": True, "mig-devices": {name: 1}}
    assert "A profile in mig-configs.one[0].mig-devices is" in refused([fields])


MALFORMED = [
    ((), None, "configuration is null, not a mapping"),
    ((), [], "configuration is an empty list"),
    (("version",), "v2", "version is 'v2', not 'v1'"),
    (("version",), 1.0, "version is 1.0"),
    (("apiVersion",), "v1", "has the field 'apiVersion'. Remove it from the file, or correct it"),
    (("mig-configs",), {}, "mig-configs is an empty mapping"),
    (("mig-configs",), ["one"], "mig-configs is a list"),
    (("mig-configs", 7), [], "A name in mig-configs is 7, not text"),
    (("mig-configs", "two"), [], "mig-configs.two is an empty list"),
    (("mig-configs", "two"), {"devices": "all"}, "mig-configs.two is a mapping"),
    (("mig-configs", "one", 1), "all", "mig-configs.one[1] is 'all', not a mapping"),
    (("mig-configs", "one", 1, "mig-mode"), True, "mig-configs.one[1] has the field 'mig-mode'"),
    (("mig-configs", "one", 1, "devices"), [], "mig-configs.one[1].devices is an empty list"),
    (("mig-configs", "one", 1, "devices"), "0", "mig-configs.one[1].devices is '0'"),
    (("mig-configs", "one", 1, "devices"), 0, "mig-configs.one[1].devices is 0"),
    (("mig-configs", "one", 1, "devices"), [0, -1], "mig-configs.one[1].devices[1] is -1"),
    (("mig-configs", "one", 1, "devices"), [True], "mig-configs.one[1].devices[0] is true"),
    (("mig-configs", "one", 1, "devices"), [1 << 64], "mig-configs.one[1].devices[0] is a huge number"),
    (("mig-configs", "one", 1, "mig-enabled"), "yes", "mig-configs.one[1].mig-enabled is 'yes'"),
    (("mig-configs", "one", 1, "mig-enabled"), None, "mig-configs.one[1].mig-enabled is null"),
    (("mig-configs", "one", 1, "mig-enabled"), False, "mig-configs.one[1].mig-devices has profiles while"),
    (("mig-configs", "one", 1, "mig-devices"), None, "mig-configs.one[1].mig-devices is missing while"),
    (("mig-configs", "one", 1, "mig-devices"), ["3g.20gb"], "mig-configs.one[1].mig-devices is a list"),
    (("mig-configs", "one", 1, "mig-devices", "3g.20gb"), "2", "mig-configs.one[1].mig-devices.3g.20gb is '2'"),
    (("mig-configs", "one", 1, "mig-devices", "3g.20gb"), None, "mig-configs.one[1].mig-devices.3g.20gb is null"),
    (("mig-configs", "one", 1, "mig-devices", "3g.20gb"), 0, "mig-configs.one[1].mig-devices has the count 0"),
    (("mig-configs", "one", 1, "device-filter"), "A100", "mig-configs.one[1].device-filter is 'A100'"),
    (("mig-configs", "one", 1, "device-filter"), A100, "mig-configs.one[1].device-filter is 548409566"),
    (("mig-configs", "one", 1, "device-filter"), ["0x20B0"], "mig-configs.one[1].device-filter[0] is '0x20B0'"),
]


def valid():
    return configurations(one=[entry([0], g1_5=7), {"device-filter": ["0x20B010DE"], **entry([1], g3_20=2)}])


def put(document, path, value):
    if not path:
        return value
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return document


@pytest.mark.parametrize(("path", "value", "message"), MALFORMED)
def test_malformed_document_is_refused_with_the_place(path, value, message):
    with pytest.raises(EdgesiteError) as caught:
        parted.layouts(put(valid(), path, value), "one", host(A100, A100))
    assert message in str(caught.value)


@pytest.mark.parametrize("path", [("version",), ("mig-configs",)])
def test_document_without_a_field_is_refused(path):
    document = valid()
    del document[path[0]]
    with pytest.raises(EdgesiteError, match="The nvidia-mig-parted configuration lacks " + path[0]):
        parted.layouts(document, None, host(A100))


@pytest.mark.parametrize("field", ["devices", "mig-enabled"])
def test_entry_without_a_field_is_refused(field):
    fields = entry(g1_5=7)
    del fields[field]
    assert "mig-configs.one[0] lacks " + field in refused([fields])


@pytest.mark.parametrize("profiles", [{}, None])
def test_mig_off_may_have_no_profiles(profiles):
    assert wanted([{**entry(enabled=False), "mig-devices": profiles}], host(A100)) == {"GPU-0": OFF}


def test_mistake_in_a_configuration_that_is_not_used_is_found_too():
    with pytest.raises(EdgesiteError, match=r"mig-configs.two\[0\].devices"):
        parted.layouts(configurations(one=[entry()], two=[entry("0-3")]), "one", host(A100))


def test_everything_that_is_wrong_anywhere_is_told():
    wrong = {
        "device-filter": ["A100", "0x20B010DE", 5],
        "devices": [-1, True],
        "mig-enabled": "yes",
        "mig-devices": {"40gb": 1, "3g.20gb": "2"},
        "mig-mode": 1,
    }
    document = {"version": "v2", "mig-configs": {"one": [wrong, 7, {"mig-enabled": True}], 5: [], "two": []}}
    with pytest.raises(EdgesiteError) as caught:
        parted.check(document, "three")
    one = "mig-configs.one[0]"
    assert [
        problem.problem.split(" is ")[0].split(" has ")[0].split(" lacks ")[0] for problem in caught.value.parts
    ] == [
        "version",
        one,
        one + ".device-filter[0]",
        one + ".device-filter[2]",
        one + ".devices[0]",
        one + ".devices[1]",
        one + ".mig-enabled",
        f"A profile in {one}.mig-devices",
        one + ".mig-devices.3g.20gb",
        "mig-configs.one[1]",
        "mig-configs.one[2]",
        "mig-configs.one[2].mig-devices",
        "A name in mig-configs",
        "mig-configs.two",
        "mig_config (the option config)",
    ]
    assert all(problem.fix for problem in caught.value.parts)


def test_a_document_that_is_none_is_told_once():
    for document in (None, {"version": "v1"}, {"version": "v1", "mig-configs": {}}):
        with pytest.raises(EdgesiteError) as caught:
            parted.check(document, "one")
        assert not caught.value.parts


WORDS = ["version", "v1", "mig-configs", "one", "devices", "all", "mig-enabled", "mig-devices", "device-filter"]
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=8),
        st.sampled_from([*WORDS, "3g.20gb", "1c.3g.20gb", "1g.5gb+me", "0x20B010DE"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.sampled_from(WORDS), st.none(), st.integers(), st.text(max_size=4)), inner),
    ),
    max_leaves=6,
)
HOSTS = st.lists(st.sampled_from([A100, H100, T4]), max_size=5).map(lambda ids: host(*ids))


def check(document, config, gpus):
    """Either an error for people, or layouts that name each GPU with MIG at most once."""
    with contextlib.suppress(EdgesiteError):
        found = parted.layouts(document, config, gpus)
        named = [selector["uuid"] for layout in found for selector in layout["gpus"]]
        assert len(named) == len(set(named))
        assert set(named) <= {gpu.gpu.uuid for gpu in gpus if gpu.mig_capable}


@given(VALUES, st.one_of(st.none(), st.text(max_size=4)), HOSTS)
def test_whatever_a_file_holds_ends_in_layouts_or_an_error_for_people(document, config, gpus):
    check(document, config, gpus)


def paths(value):
    """Where something is in a document, the document itself included."""
    yield ()
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inside in inner:
        for path in paths(inside):
            yield (key, *path)


@given(st.sampled_from(list(paths(valid()))), VALUES, HOSTS)
def test_valid_document_with_one_place_changed_ends_in_layouts_or_an_error_for_people(path, value, gpus):
    check(put(valid(), path, value), "one", gpus)


PROFILES = st.lists(st.sampled_from(["1g.5gb", "1g.5gb+me", "3g.20gb", "1c.3g.20gb", "2c.3g.20gb"]), max_size=4)


@st.composite
def hosts_with_instances(draw):
    gpus = host(*draw(st.lists(st.sampled_from([A100, H100, T4]), min_size=1, max_size=6)))
    cards = []
    for gpu in gpus:
        enabled = gpu.mig_capable and draw(st.booleans())
        cards.append((gpu, enabled, draw(PROFILES) if enabled else []))
    return draw(st.permutations(cards))


@given(hosts_with_instances())
def test_layouts_of_an_exported_document_are_what_the_cards_have(cards):
    document = parted.document("current", cards)
    found = parted.layouts(document, None, [gpu for gpu, _enabled, _profiles in cards])
    assert {selector["uuid"]: {**layout, "gpus": None} for layout in found for selector in layout["gpus"]} == {
        gpu.gpu.uuid: {"gpus": None, "mig": "enabled", "instances": Counter(profiles)} if enabled else OFF
        for gpu, enabled, profiles in cards
        if gpu.mig_capable
    }


def exported(*cards):
    """An exported configuration's entries, of cards given as (PCI id, profiles or None for MIG off)."""
    gpus = host(*(pci_id for pci_id, _profiles in cards))
    document = parted.document(
        "current", [(gpu, profiles is not None, profiles or []) for gpu, (_id, profiles) in zip(gpus, cards)]
    )
    assert document["version"] == "v1"
    return document["mig-configs"]["current"]


def test_cards_alike_are_exported_for_any_host():
    assert exported((A100, ["3g.20gb", "1g.5gb", "1g.5gb"]), (A100, ["1g.5gb", "3g.20gb", "1g.5gb"])) == [
        {"devices": "all", "mig-enabled": True, "mig-devices": {"1g.5gb": 2, "3g.20gb": 1}}
    ]


def test_cards_that_differ_are_exported_by_index():
    assert exported((A100, []), (A100, None), (A100, [])) == [
        {"devices": [0, 2], "mig-enabled": True, "mig-devices": {}},
        {"devices": [1], "mig-enabled": False, "mig-devices": {}},
    ]


def test_cards_of_several_models_are_exported_by_model():
    assert exported((A100, ["1g.5gb"]), (T4, None), (H100, None), (A100, ["1g.5gb"])) == [
        {"device-filter": "0x20B010DE", "devices": "all", "mig-enabled": True, "mig-devices": {"1g.5gb": 1}},
        {
            "device-filter": ["0x1EB810DE", "0x233010DE"],
            "devices": "all",
            "mig-enabled": False,
            "mig-devices": {},
        },
    ]


def test_cards_of_several_models_that_agree_are_exported_without_a_filter():
    assert exported((A100, None), (T4, None)) == [{"devices": "all", "mig-enabled": False, "mig-devices": {}}]
