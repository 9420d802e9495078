# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people and programs are shown of a plan. plans/ has it as it is for the site in looks.py."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common import disruption
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.plan import Policy, plan
from ansible_collections.edgesite.gpu.plugins.module_utils.site import (
    plan_hosts,
    plan_json,
    plan_markdown,
    plan_sums,
    plan_text,
)
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.mig import cases
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.site import looks
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.site.looks import action, layer, look
from hypothesis import given
from hypothesis import strategies as st

PLANS = Path(__file__).parent / "plans"
# Terminal, cursor, direction of text; Markdown, HTML, tables; what names somebody or something
NASTY = st.sampled_from(
    [
        *(
            "\x1b[2J",
            "\r",
            "\n",
            "\u202e",
            "\x00",
            "\ud800",
            "```",
            "````",
            "~~~",
            "<script>",
            "</details>",
            "<!--",
            "-->",
        ),
        *("@everyone", "#1", "!1", "https://x.y", "[a](b)", "&lt;", "|", "\\", "---", "{0}", "%s"),
        *("GPU 0", "GPU-1", "MIG", "was   |", "HOST"),
    ]
)
GARBAGE = st.lists(st.one_of(NASTY, st.text(max_size=5)), max_size=4).map("".join)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-3, 20), st.floats(), GARBAGE),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(GARBAGE, inner, max_size=3)),
    max_leaves=6,
)


def one_of(strategy):
    """Mostly what it should be."""
    return st.one_of(strategy, strategy, strategy, JSON)


PLACEMENT = st.fixed_dictionaries({"start": one_of(st.integers(-1, 9)), "size": one_of(st.integers(0, 9))})
UUIDS = st.sampled_from(["GPU-0", "GPU-1", "GPU 0"])
INSTANCES = st.lists(
    one_of(
        st.fixed_dictionaries(
            {"gpu": UUIDS, "profile": one_of(st.sampled_from(["1g.5gb", "3g.20gb"])), "placement": one_of(PLACEMENT)},
            optional={"processes": JSON},
        )
    ),
    max_size=3,
)
KINDS = [verb + what for verb in ("create", "destroy") for what in ("_gpu_instance", "_compute_instance")]
ACTION = st.fixed_dictionaries(
    {"does": one_of(GARBAGE)},
    optional={
        "disruption": one_of(st.sampled_from(disruption.KINDS)),
        "of": one_of(st.lists(st.sampled_from(["GPU 0", "GPU 1", "a.service"]), max_size=2)),
        "after": one_of(st.sampled_from(["", "driver", "mode"])),
        "kind": one_of(st.sampled_from(["set_mode", *KINDS])),
        "uuid": one_of(UUIDS),
        "mode": one_of(st.sampled_from(["enabled", "disabled"])),
        "profile": one_of(st.sampled_from(["1g.5gb", "3g.20gb"])),
        "placement": one_of(PLACEMENT),
        "compute_placement": one_of(PLACEMENT),
    },
)
LAYER = st.fixed_dictionaries(
    {
        "layer": one_of(st.sampled_from(["mig", "tls"])),
        "state": one_of(st.sampled_from(["in_order", "changes", "problem", "unknown"])),
        "actions": one_of(st.lists(one_of(ACTION), max_size=4)),
    },
    optional={
        "after": one_of(st.sampled_from(["", "driver"])),
        "problem": GARBAGE,
        "fix": GARBAGE,
        "before": one_of(st.fixed_dictionaries({"gpus": JSON})),
        "created": one_of(INSTANCES),
        "kept": one_of(INSTANCES),
        "destroyed": one_of(INSTANCES),
        "left_behind": one_of(st.lists(JSON, max_size=2)),
        "reboot_required": one_of(st.booleans()),
    },
)
LOOK = st.fixed_dictionaries(
    {
        "host": one_of(st.sampled_from(["a", "gpu-01", "gpu-02", "gpu-03"])),
        "status": one_of(st.just("read")),
        "layers": one_of(st.lists(one_of(LAYER), max_size=3)),
    },
    optional={
        "why": GARBAGE,
        "facts": one_of(st.fixed_dictionaries({"gpus": JSON})),
        "left": one_of(st.lists(st.sampled_from(["tls", "nonsense"]))),
    },
)
LOOKS = st.lists(one_of(LOOK), max_size=4)


def golden(name):
    return (PLANS / name).read_text(encoding="utf-8")


def outside_of_code(text):
    """What is left of a comment where what stands in code is taken out; fences end as CommonMark says."""
    kept, fence = [], None
    for line in text.split("\n"):
        found = re.match(r" {0,3}(`{3,})", line)
        if fence is None and found and "`" not in line[found.end() :]:
            fence = found.group(1)
        elif fence is None:
            kept.append(line)
        elif found and len(found.group(1)) >= len(fence) and not line[found.end() :].strip():
            fence = None
    assert fence is None
    return re.sub("<code>[^<>]*</code>", "", "\n".join(kept))


def sums_of(line):
    """The counts that a sum tells: hosts, GPU resets, reboots, in order, and what is rare."""
    found = {what: int(count) for count, what in re.findall(r"(\d+) ([a-zA-Z ]+)", line)}
    return {re.sub(r"s\b", "", what): count for what, count in found.items()}


def wanted_sums(sums):
    rare = {"with problem": "problems", "with unknown": "unknown", "unreachable": "unreachable"}
    told = {
        "host change": sums["changes"],
        "GPU reset": sums["resets"],
        "reboot": sums["reboots"],
        "in order": sums["in_order"],
    }
    return {**told, **{what: sums[key] for what, key in rare.items() if sums[key]}}


def test_site_as_text():
    assert "\n".join(plan_text.lines(looks.SITE)) + "\n" == golden("site.txt")


def test_site_as_markdown():
    assert plan_markdown.text(looks.SITE) == golden("site.md")


def test_site_as_json():
    document = plan_json.document(looks.SITE)
    first = {**document, "hosts": [host for host in document["hosts"] if host["host"] in ("gpu-b", "gone-1")]}
    assert json.dumps(first, indent=1) + "\n" == golden("site.json")


def test_text_fits_a_terminal_of_100_columns():
    # Ansible indents the lines of a list by 8, and quotes them. Problems and fixes are sentences, and are not broken.
    told = [
        line for line in plan_text.lines(looks.SITE) if line.startswith("  ") and not re.search("problem:|fix:", line)
    ]
    assert len(told) > 30 and max(map(len, told)) <= 100 - 8 - 3


def test_eight_different_gpus_with_seven_instances_are_one_line_and_two_pictures_each():
    cards = [looks.card("a", looks.instance("7g.40gb", 0), index=index) for index in range(8)]
    half = [{"profile": "1g.5gb", "count": count} for count in range(1, 8)]
    layouts = [layout for index in range(7) for layout in looks.asks([half[index]], index)]
    told = plan_text.lines([look("a", looks.mig(cards, layouts), gpus=8)])
    assert [line for line in told if "GPU " in line and "was" not in line][1:] and len(told) == 1 + 7 * 3 + 3
    assert max(map(len, told)) <= 89


def test_why_a_plan_counts_as_failed():
    idle, changing = look("a", layer("mig")), look("b", layer("gpu", action("set x")))
    cases = [([idle], True), ([changing], False), ([changing], True), ([changing, looks.unreachable("c")], False)]
    told = [plan_sums.failure(plan_sums.of(plan_hosts.of(found)), on_changes) for found, on_changes in cases]
    assert told[:2] == ["", ""]
    assert told[2].startswith("Something would change, and edgesite_exit_on_changes is true: 1 host changes, ")
    assert told[3].startswith("Not all is well; the plan says of each problem what to do about it: ")


def test_nothing_at_all():
    assert plan_text.lines([]) == ["0 hosts change, 0 GPU resets, 0 reboots, 0 in order"]
    assert plan_json.document([])["sums"]["worst"] == "none"


def test_hosts_in_order_are_one_line_however_many():
    names = ["h{0}x{0}".format(number * 7) for number in range(200)]
    told = plan_text.lines([look(name, layer("mig")) for name in names])
    assert len(told) == 2 and len(told[0]) < 110 and told[0].startswith("In order: h0x0, h7x7, ")
    assert told[0].endswith(" more") and told[1].endswith("200 in order")


def test_hosts_that_differ_in_more_than_their_own_ids_are_told_apart():
    uuids = ["{0:08x}-1111-4111-8111-111111111111".format(number) for number in range(4)]
    made = [
        look("h{0}".format(n), layer("storage", action("open UUID={0} on h{1}".format(uuids[n], n)))) for n in (1, 2, 3)
    ]
    made.append(look("h4", layer("storage", action("open something else on h4"))))
    told = plan_text.lines(made)
    assert told[0] == "h[1:3] (3 hosts, each): 1 change, interrupts nothing"
    assert told[1].endswith("open UUID=UUID on HOST") and "h4: 1 change, interrupts nothing" in told


def test_a_name_within_another_word_is_not_taken_for_the_host():
    same = [look(name, layer("tls", action("write /etc/a-b.conf"))) for name in ("a", "b")]
    assert "  tls       write /etc/a-b.conf" in plan_text.lines(same)


def test_a_pending_change_that_is_taken_back_is_no_change_of_the_mode():
    card = looks.card("a", pending=False)
    told = plan_text.lines([look("a", looks.mig([card], looks.asks(None, 0)), gpus=1)])
    assert "  mig       GPU 0: MIG stays on (a pending change is taken back)" in told


def test_compute_instances_are_told_where_they_are_not_the_whole():
    card = looks.card("a", looks.instance("3g.20gb", 4))
    layouts = looks.asks([{"profile": "3g.20gb", "compute_instances": {"1c": 1, "2c": 1}}], 0)
    (line,) = (line for line in plan_text.lines([look("a", looks.mig([card], layouts), gpus=1)]) if "GPU 0" in line)
    assert line.endswith("GPU 0: - 3c in 3g.20gb at 4, + 2c+1c in 3g.20gb at 4")
    made = looks.mig([looks.card("a")], layouts)
    assert any("+ 3g.20gb (2c+1c)" in line for line in plan_text.lines([look("a", made, gpus=1)]))


def test_what_is_expected_before_a_driver_is_there_needs_no_uuid():
    told = plan_text.lines(
        [look("a", looks.expected([looks.off("a")], looks.asks([{"profile": "7g.40gb"}], 0), "driver"))]
    )
    assert "  mig       after driver: GPU 0: MIG off -> on (resets the GPU), + 7g.40gb" in told
    assert told[-1].startswith("1 host changes, 1 GPU reset,")


@pytest.mark.parametrize("label", ["GPU 0", "GPU 0 NVIDIA A100"])
def test_a_gpu_is_reset_once_however_it_is_named(label):
    reset = action("reset it", "reset", label)
    by_uuid = action("reset it too", "reset", label, uuid=looks.uuid("a", 0))
    document = plan_json.document([look("a", layer("gpu", reset), layer("mig", by_uuid), gpus=1)])
    assert document["hosts"][0]["resets"] == [looks.uuid("a", 0)] and document["sums"]["resets"] == 1


def test_a_layer_that_waits_is_nothing_amiss():
    waits = look("a", layer("mig", state="unknown", after="driver", problem="No driver yet"))
    assert plan_json.document([waits])["sums"]["unknown"] == 0
    assert "  mig       after driver: No driver yet." in plan_text.lines([waits])
    assert plan_text.lines([waits])[-1].endswith("0 in order")


@pytest.mark.parametrize(
    "broken",
    [
        {"placement": None},
        {"placement": {"start": 0}},
        {"placement": {"start": 0, "size": 10**9}},
        {"placement": {"start": -1, "size": 1}},
        {"placement": {"start": True, "size": 1}},
        {"profile": ["1g.5gb"]},
        {"kind": "create_nonsense_gpu_instance"},
        {"kind": ["create_gpu_instance"]},
        {"uuid": "", "of": []},
        {"placement": {"start": 7, "size": 10}},
    ],
)
def test_an_action_that_cannot_be_drawn_is_told_in_words(broken):
    known = {"kind": "create_gpu_instance", "uuid": "GPU-1", "profile": "1g.5gb", "placement": {"start": 0, "size": 1}}
    drawn = look("a", layer("mig", action("make it so", **known)))
    assert any("+ 1g.5gb" in line for line in plan_text.lines([drawn]))
    told = plan_text.lines([look("a", layer("mig", action("make it so", **{**known, **broken})))])
    assert told[1] == "  mig       make it so"


def test_what_an_instance_interrupts_beside_itself_is_told_in_words():
    known = {"kind": "create_gpu_instance", "uuid": "GPU-1", "profile": "1g.5gb", "placement": {"start": 0, "size": 1}}
    told = plan_text.lines([look("a", layer("mig", action("make it so", "reset", "GPU 1", **known)))])
    assert told[1] == "  mig       make it so (resets GPU 1)"


class Tagged(int):
    """As ansible-core 2.19 and newer have numbers."""


def test_values_as_ansible_has_them_are_the_plain_ones():
    known = {"kind": "create_gpu_instance", "uuid": "GPU-1", "profile": "1g.5gb"}
    made = action("x", **known, placement={"start": Tagged(0), "size": Tagged(1)})
    (host,) = plan_json.document((look("a", layer("mig", made)),))["hosts"]
    assert {type(value) for value in host["layers"][0]["actions"][0]["placement"].values()} == {int}
    assert any("+ 1g.5gb" in line for line in plan_text.lines([look("a", layer("mig", made))]))


def test_an_instance_that_lies_on_another_is_drawn_as_far_as_it_goes():
    entry = {"gpu": "GPU-1", "profile": "1g.5gb", "placement": {"start": 5, "size": 1}, "processes": []}
    made = {"kind": "create_gpu_instance", "uuid": "GPU-1", "profile": "3g.20gb", "placement": {"start": 4, "size": 4}}
    told = plan_text.lines([look("a", layer("mig", action("x", **made), kept=[entry, {**entry, "gpu": "GPU-2"}]))])
    assert told[3] == "      then  |.......|.......|.......|.......|+3g.20gb                       |"


def test_a_layer_that_waits_without_a_reason_says_for_what():
    told = plan_text.lines([look("a", layer("mig", state="unknown", after="driver"))])
    assert told[:2] == ["a: no change", "  mig       after driver: cannot be judged before"]


def test_a_pending_reboot_is_told_where_nothing_else_changes():
    told = plan_text.lines([look("a", layer("driver", reboot_required=True))])
    assert told == ["a: no change, needs a reboot", "", "0 hosts change, 0 GPU resets, 1 reboot, 0 in order"]


def test_the_same_setting_of_several_gpus_is_one_line_also_where_it_resets_them():
    actions = [{**looks.watts("a", index), "disruption": "reset", "of": [f"GPU {index}"]} for index in (0, 1, 2, 5)]
    told = plan_text.lines([look("a", layer("gpu", *actions), gpus=6)])
    assert told[1] == "  gpu       GPUs 0-2, 5: set power_limit from 400 W to 250 W (resets the GPU)"


def test_what_could_not_be_set_back_is_told_of_hosts_that_are_in_order_too():
    left = {"setting": "ecc", "uuid": "GPU-1", "value": False, "why": "it takes a reboot", "by_hand": "nvidia-smi -e 1"}
    told = plan_text.lines([look(name, layer("gpu", left_behind=[left])) for name in ("a", "b")])
    assert told[0] == "a, b: ecc of GPU GPU-1 stays false, as it takes a reboot: nvidia-smi -e 1"
    assert told[-1].endswith("2 in order")


def test_a_disruption_that_nobody_knows_counts_as_the_worst():
    assert plan_json.document([look("a", layer("mig", action("x", "melts")))])["sums"]["worst"] == "wipe"


def test_what_says_what_it_interrupts_is_not_told_it_again():
    found = [
        action("reboot", "reboot"),
        action("set fan profile cool and restart nvfancontrol", "restart", "nvfancontrol.service", after="reboot"),
    ]
    told = plan_text.lines([look("a", layer("jetpack", *found))])
    assert told[1:3] == [
        "  jetpack   reboot",
        "            after reboot: set fan profile cool and restart nvfancontrol",
    ]


def test_a_disk_that_is_wiped_is_told_even_where_the_host_reboots():
    found = [action("create a LUKS2 volume on /dev/sdb", "wipe", "/dev/sdb"), action("reboot", "reboot")]
    told = plan_text.lines([look("a", layer("storage", *found))])
    assert told[0] == "a: 2 changes, wipes 1 disk, needs a reboot"
    assert told[1] == "  storage   create a LUKS2 volume on /dev/sdb (wipes /dev/sdb)"
    assert told[-1] == "1 host changes, 1 disk wiped, 0 GPU resets, 1 reboot, 0 in order"
    assert plan_json.document([look("a", layer("storage", *found))])["sums"]["worst"] == "wipe"


def test_a_long_comment_is_cut_with_a_word():
    many = [look("h{0}".format(n), layer("tls", action("write {0} {1}".format(n * "x", n)))) for n in range(2000)]
    text = plan_markdown.text(many)
    assert len(text) <= 65536 and "<details open>" not in text
    (word,) = (line for line in text.split("\n") if line.startswith("**Cut here"))
    shown = text.count("<summary>")
    assert word.startswith("**Cut here, as a comment has no room for more: ") and 100 < shown < 2000
    outside_of_code(text)


def test_one_host_that_is_too_long_for_a_comment_is_cut_within():
    text = plan_markdown.text([look("a", layer("tls", *(action("write /{0}".format(n)) for n in range(9000))))])
    assert "write /100\n" in text and " lines about 1 host missing" in text and len(text) <= 65536
    huge = look("a", layer("tls", action("\u65e5" * 70000)))
    assert "**Cut here" in plan_markdown.text([huge, look("b")]) and len(plan_markdown.text([huge])) <= 65536


def test_a_host_cannot_leave_its_code_block():
    evil = "``` \n````` </details> @everyone https://evil.example <img src=x> | a | b |"
    text = plan_markdown.text([look("<b>@all", layer("tls", action(evil), problem=evil), why=evil)])
    assert not re.search("everyone|evil|img|@", outside_of_code(text))


@given(LOOKS)
def test_any_look_is_shown_in_lines_without_control_characters(made):
    told = plan_text.lines(made)
    assert all(line.isprintable() for line in told)
    assert all(line.isprintable() for line in plan_markdown.text(made).split("\n"))
    json.dumps(plan_json.document(made), allow_nan=False)


@given(JSON)
def test_any_json_is_no_traceback(made):
    assert plan_text.lines(made) and plan_markdown.text(made) and plan_json.document(made)


@given(LOOKS)
def test_the_sums_agree(made):
    wanted = wanted_sums(plan_json.document(made)["sums"])
    assert sums_of(plan_text.lines(made)[-1]) == wanted
    assert sums_of(plan_markdown.text(made).split("\n")[3]) == wanted


@given(LOOKS)
def test_what_hosts_say_stands_in_code(made):
    ours = r"[A-Za-z0-9 ,.:()*_\[\]#\n`+=-]*"
    rest = re.sub(
        r"<!-- edgesite.gpu plan -->|</?details( open)?>|</?summary>", "", outside_of_code(plan_markdown.text(made))
    )
    assert re.fullmatch(ours, rest) and "everyone" not in rest and "script" not in rest


@given(st.lists(st.lists(st.sampled_from(["none", "restart", "reset", "reboot"]), max_size=4), max_size=4))
def test_every_action_in_words_is_found(hosts):
    made = [
        look(
            "h{0}".format(number * 3),
            layer("tls", *(action("token-{0}-{1};".format(number, n), kind) for n, kind in enumerate(kinds))),
        )
        for number, kinds in enumerate(hosts)
    ]
    told, markdown = "\n".join(plan_text.lines(made)), plan_markdown.text(made)
    document = json.dumps(plan_json.document(made))
    tokens = [each["does"] for host in made for layer in host["layers"] for each in layer["actions"]]
    assert all(text.count(token) == 1 for text in (told, markdown, document) for token in tokens)


@given(cases.cards(), st.data())
def test_every_instance_that_comes_or_goes_is_counted(card, data):
    wants = data.draw(st.sampled_from(["enabled", "disabled"]))
    layouts = [{"gpus": [{"index": card.gpu.index}], "mig": wants, **({"instances": []} if wants == "enabled" else {})}]
    planned = plan(layouts, [card], Policy("force")).actions
    made = looks.mig_of([card], planned)
    (line,) = [line for line in plan_text.lines([look("a", made)]) if ": MIG" in line or ": - " in line] or [""]
    counted = sum(int(count or 1) for count in re.findall(r"- (?:(\d+)x )?\dg", line))
    assert counted == sum(each["kind"] == "destroy_gpu_instance" for each in made["actions"])
