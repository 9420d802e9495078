# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run on a whole host: what it does, what it leaves, and what it tells of a host that fails, hangs, goes or lies."""

from __future__ import annotations

import json
import signal
import time

import pytest
from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure, AnsibleError
from ansible_collections.edgesite.gpu.plugins.action import host_converge
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.site import host_look, plan_file
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site import planned
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site.planned import Planned
from ansible_collections.edgesite.gpu.tests.unit.plugins.action.whole_host import FAILS, WholeHost, asked, does
from hypothesis import given, settings
from hypothesis import strategies as st

MODULES = {"driver": "nvidia_driver", "gpu": "gpu_settings", "mig": "mig_layout", "tls": "tls_services"}
FOUR = asked("driver", "gpu", "mig", "tls")


def converge(*arguments, **more):
    return WholeHost("host_converge", *arguments, **more)


def test_host_in_order_is_asked_once():
    host = converge(FOUR)
    result = host.result()
    assert not result["changed"] and not result["failed"]
    assert len(host.asked) == 1 and host.ran == []
    assert list(result["layers"]) == ["tools", *MODULES]
    assert result["called"] == list(MODULES)


def test_only_what_has_something_to_do_is_run():
    host = converge(FOUR, look={"tls": does("open it")})
    assert host.result()["changed"]
    assert host.ran == ["tls_services"]


def test_what_builds_on_a_changed_layer_is_run_too():
    host = converge(FOUR, look={"driver": does("install it")})
    host.result()
    assert host.ran == ["nvidia_driver", "gpu_settings", "mig_layout"]


def test_what_builds_on_a_failed_layer_is_left_and_the_others_go_on():
    look = {"driver": does("install it"), "mig": does("make it"), "tls": does("open it")}
    host = converge(FOUR, look=look, runs={"nvidia_driver": FAILS})
    result = host.result()
    assert result["failed"] and result["changed"]
    assert host.ran == ["nvidia_driver", "tls_services"]
    assert result["layers"]["mig"]["msg"].startswith("mig was left as it is, since driver and gpu failed")
    assert result["msg"].startswith("driver: It is broken. Mend it. gpu: gpu was left")


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (EdgesiteError("It is odd", "Even it"), "It is odd. Even it."),
        (AnsibleActionFail("no such file"), "no such file"),
        (AnsibleError("no such plugin"), "no such plugin"),
        (
            OSError(28, "No space left on device"),
            "gpu broke off: [Errno 28] No space left on device. Run",
        ),
        (KeyError("key_states"), "The answer of gpu-1 makes no sense (gpu: 'key_states')"),
    ],
)
def test_a_layer_that_raises_does_not_hide_the_others(raised, told):
    look = {"gpu": does("set it"), "tls": does("open it")}
    result = converge(FOUR, look=look, runs={"gpu_settings": raised}).result()
    assert told in result["layers"]["gpu"]["msg"]
    assert result["layers"]["tls"]["changed"] and result["layers"]["mig"]["left"]


def test_host_that_goes_away_keeps_what_was_done():
    look = {"driver": does("install it"), "gpu": does("set it"), "tls": does("open it")}
    host = converge(FOUR, look=look, runs={"gpu_settings": AnsibleConnectionFailure("Connection closed")})
    result = host.result()
    assert result["unreachable"] and result["changed"]
    assert list(result["layers"]) == ["tools", "driver", "gpu"]
    assert result["msg"] == "gpu: Connection closed"


@pytest.mark.parametrize(
    "answer",
    [
        None,
        7,
        "",
        [],
        [does("x")],
        {"failed": 0},
        {"msg": 7, "failed": True},
        {"actions": 3},
        {"actions": {"does": "x"}},
        {"actions": ["x"]},
        {"actions": [{}]},
        {"actions": [{"does": None}]},
        {"actions": [{"does": "x", "disruption": "melts"}]},
        {"actions": [{"does": "x", "of": "GPU 0"}]},
        {"actions": [{"does": "x", "after": "\x1b[2J"}]},
        {"before": []},
        {"before": {"watts": float("nan")}},
        {"before": {"name": "\ud800"}},
        {"after": None},
        {"reboot_required": "yes"},
        {"actions": [{"does": "x" * 1024 * 1024}]},
    ],
)
def test_a_layer_whose_answer_has_no_sense_is_a_problem_of_its_own(answer):
    look = {"gpu": answer, "tls": does("open it")}
    host = converge(FOUR, look=look)
    result = host.result()
    assert result["layers"]["gpu"]["msg"].startswith("The answer of gpu-1 makes no sense (gpu: ")
    assert host.ran == ["tls_services"] and result["layers"]["tls"]["changed"]
    run = converge(FOUR, look={"gpu": does("set it")}, runs={"gpu_settings": answer})
    assert run.result()["layers"]["gpu"]["msg"].startswith("The answer of gpu-1 makes no sense (gpu: ")


@pytest.mark.parametrize("key", ["facts", "layers"])
@pytest.mark.parametrize("value", [None, 7, "", [], [{}]])
def test_an_answer_without_sense_is_an_error_of_the_host(key, value):
    answer = {"facts": {}, "layers": {}, key: value}
    for wrong in (answer, {name: one for name, one in answer.items() if name != key}, {"needs_archive": True}):
        host = converge(FOUR, looks=[wrong, wrong])
        with pytest.raises(EdgesiteError, match="The answer of gpu-1 makes no sense .*ansible.builtin.ping"):
            host.result()


def test_layers_that_are_missing_or_that_nobody_asked_for():
    layers = {
        "tools": does(),
        "driver": does(),
        "gpu": does(),
        "evil": does("melt"),
        "jetpack": does("x"),
        "tls": does(),
    }
    host = converge(FOUR, looks=[{"facts": {"layers": ["jetpack", "evil"]}, "layers": layers}])
    result = host.result()
    assert list(result["layers"]) == ["tools", *MODULES]
    assert "makes no sense (mig: no answer)" in result["layers"]["mig"]["msg"]
    assert host.ran == [] and result["left"] == ["jetpack"]


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["does", "actions", "msg", "before", "failed", "x"]), inner, max_size=4),
    ),
    max_leaves=8,
)


@settings(max_examples=30)
@given(st.dictionaries(st.sampled_from(["tools", *MODULES, "jetpack"]), JSON), JSON, st.booleans())
def test_no_answer_is_a_traceback(layers, facts, whole):
    answer = {"facts": facts if whole else {}, "layers": layers}
    try:
        result = converge(FOUR, looks=[answer]).result()
    except EdgesiteError as error:
        assert "makes no sense" in str(error)
        return
    assert result["failed"] or set(layers) >= {"tools", *MODULES}


def test_a_huge_answer_is_taken():
    actions = does(*("set {0}".format(number) for number in range(20000)))
    result = converge(FOUR, look={"gpu": actions, "mig": {**FAILS, "msg": "x" * 10**6}}, check=True).result()
    assert len(result["layers"]["gpu"]["actions"]) == 20000


def test_a_layer_that_is_wrong_on_the_controller_is_not_run_and_no_other_in_its_place():
    host = converge({**FOUR, "gpu_settings": [{"gpus": "all", "ecc": "maybe"}]}, look={"driver": does("install it")})
    result = host.result()
    assert host.ran == ["nvidia_driver"]
    assert "gpu_settings[0].ecc" in result["layers"]["gpu"]["msg"]
    assert "gpu" not in host.asked[0]["layers"]


def test_check_mode_tells_and_does_nothing():
    host = converge(FOUR, look={"gpu": does("set \x1b[2J it"), "tools": does("install them")}, check=True)
    result = host.result()
    assert result["changed"] and host.ran == host.said == []
    planned = {one["layer"]: [action["does"] for action in one["actions"]] for one in result["plan"]["layers"]}
    assert planned["tools"] == ["install them"] and planned["gpu"] == ["set \\x1b[2J it"]


def test_tags_choose_the_layers():
    host = converge(FOUR, tags=["mig", "tls"])
    assert list(host.result()["layers"]) == ["tools", "mig", "tls"]
    assert set(host.asked[0]["layers"]) == {"mig", "tls"}
    report = converge(FOUR, tags=["report"], look={"tools": does("install them")})
    assert report.result()["layers"] == {} and report.ran == []


@pytest.mark.parametrize("name", ["host_converge", "host_plan"])
def test_layers_that_are_chosen_by_name(name):
    host = WholeHost(name, FOUR, select="tls,gpu")
    host.result()
    host.result()
    assert [set(one["layers"]) for one in host.asked] == [{"gpu", "tls"}] * 2
    with pytest.raises(EdgesiteError, match="select has 'mog', which is no layer. Choose from driver, "):
        WholeHost(name, FOUR, select=["mog"]).result()
    for wrong in ({"select": {"mig": 1}}, {"selekt": ["mig"]}, {"secrets": {}}):
        with pytest.raises(AnsibleError, match="select|secrets"):
            WholeHost(name, FOUR, **wrong).result()


def _hangs():
    while True:
        try:
            time.sleep(5)
        except Exception:
            # as connections do that try again
            continue


def test_a_layer_that_hangs_is_ended_and_the_others_go_on(monkeypatch):
    monkeypatch.setattr(host_converge.role_task, "read", _with_a_limit(host_converge.role_task.read))
    before = signal.getsignal(signal.SIGALRM)
    look = {"gpu": does("set it"), "tls": does("open it")}
    host = converge(FOUR, look=look, runs={"gpu_settings": _hangs})
    result = host.result()
    assert result["layers"]["gpu"]["msg"].startswith("The layer gpu took longer than 1 s. Find out what hangs")
    assert result["layers"]["tls"]["changed"]
    assert signal.getsignal(signal.SIGALRM) is before and signal.alarm(0) == 0


def _with_a_limit(read):
    return lambda layer: read(layer)._replace(timeout=1)


def test_a_look_that_hangs_is_ended(monkeypatch):
    monkeypatch.setattr(host_converge, "_LOOK_SECONDS", 1)
    host = converge(FOUR)
    host.action.run_module = lambda _name, _options: _hangs()
    with pytest.raises(EdgesiteError, match="The look at the host took longer than 1 s"):
        host.result()


def _apply(monkeypatch, look, **more):
    """Converges by a plan that was made of this look."""
    made = WholeHost("host_plan", FOUR, look=look).result()
    entry = plan_file.entry(host_look.of_result("gpu-1", made))
    monkeypatch.setattr(planned, "of", lambda base: Planned(entry))
    host = converge(FOUR, look=look, **more)
    host.runs = {name: (lambda name=name: _done(host, name)) for name in MODULES.values()} | host.runs
    return host


def _done(host, module):
    """What is done is in order from then on."""
    (layer,) = [name for name, one in MODULES.items() if one == module]
    told = host.look.pop(layer)
    return {**told, "before": {}}


def test_a_plan_is_done_and_looked_at_again(monkeypatch):
    host = _apply(monkeypatch, {"gpu": does("set it"), "tls": does("open it")})
    result = host.result()
    assert not result["failed"] and result["changed"]
    assert host.ran == ["gpu_settings", "tls_services"] and len(host.asked) == 2


@pytest.mark.parametrize(
    ("again", "told"),
    [
        (AnsibleConnectionFailure("Connection closed"), "cannot be reached: Connection closed"),
        (AnsibleError("no room"), "could not be read: no room"),
        ({"failed": True, "msg": "sudo: a password is required"}, "sudo: a password is required"),
        ({"facts": 3}, "makes no sense"),
    ],
)
def test_what_was_done_by_a_plan_is_told_also_where_the_next_look_fails(monkeypatch, again, told):
    look = {"gpu": does("set it")}
    host = _apply(monkeypatch, look)
    first = host._answer

    def answer(options):
        if host.ran:
            host.looks = [again]
            return host._module("edgesite.gpu.host_plan", options)
        return first(options)

    host._answer = answer
    result = host.result()
    assert result["failed"] and result["changed"] and result["layers"]["gpu"]["changed"]
    assert told in result["layers"]["plan"]["msg"]


def test_each_look_is_asked_anew(monkeypatch):
    """What identity is asked has the time in it, and a stage may take an hour."""
    host = _apply(monkeypatch, {"gpu": does("set it")})
    times = iter([100.0, 3700.0])
    rendered = host_converge.looking.render

    def render(base, mine):
        found = rendered(base, mine)
        now = next(times)
        return [one._replace(options={**one.options, "clock": now}) for one in found]

    monkeypatch.setattr(host_converge.looking, "render", render)
    monkeypatch.setattr(host_converge.looking.desired, "_ASIDE", dict.fromkeys(MODULES, ("clock",)))
    assert not host.result()["failed"]
    assert [one["layers"]["gpu"]["clock"] for one in host.asked] == [100.0, 3700.0]


def test_a_host_that_differs_from_its_plan_is_left_untouched(monkeypatch):
    host = _apply(monkeypatch, {"gpu": does("set it")})
    host.look["tls"] = does("melt it")
    host.variables.update(edgesite_plan_file="plan.json", edgesite_plan_key="k" * 32)
    with pytest.raises(EdgesiteError, match="The plan does not fit: .*melt it"):
        host.result()
    assert host.ran == []


def test_host_that_has_no_plan_is_left(monkeypatch):
    for failed in (False, True):
        monkeypatch.setattr(planned, "of", lambda base, failed=failed: Planned(None, "why", failed))
        host = converge(FOUR)
        assert host.result() == {"changed": False, "failed": failed, "skipped": not failed, "msg": "why"}
        assert host.asked == []


def test_results_can_be_written():
    json.dumps(converge(FOUR, look={"gpu": does("set it")}).result())


def test_what_a_layer_says_sets_no_variable():
    """What Ansible takes for facts, statistics or its own is a host's say in no place but its own."""
    evil = {**does("x"), "ansible_facts": {"a": 1}, "ansible_stats": {}, "add_host": {}, "skipped": True}
    result = converge(FOUR, look={"gpu": evil}, runs={"gpu_settings": evil}).result()
    ours = {"changed", "failed", "layers", "diff", "reboot_required", "facts", "left", "called"}
    assert set(result) == ours
