# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a site: what is shown, written and kept; and a run that applies what was kept."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from ansible_collections.edgesite.gpu.plugins.action import site_plan
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site import planned
from ansible_collections.edgesite.gpu.tests.unit.plans import KEY, MODE, layer, look

CHANGES = look(layer("mig", MODE))
IN_ORDER = look(layer("gpu"), host="gpu-b")
PROBLEM = look(layer("gpu", state="problem", problem="It is odd", fix="Even it"), host="gpu-b")
UNREACHABLE = {"unreachable": True, "msg": "Connection timed out"}
NOTHING = {"report_file": None, "plan_out": None, "plan_key": None, "plan_expires": None, "select": None}


class Hostvars(dict):
    """As Ansible's, with no fact of any host."""

    _variable_manager = SimpleNamespace(_fact_cache={})
    raw_get = dict.__getitem__

    @property
    def _inventory(self):
        def get_hosts(patterns, ignore_limits, ignore_restrictions):
            assert ignore_restrictions
            return [
                SimpleNamespace(name=name) for name in self if name != "localhost" and {"edgesite", "all"} & {*patterns}
            ]

        return SimpleNamespace(get_hosts=get_hosts)


def site(**looks):
    """The variables of a run with hosts of which these looks were registered."""
    found = {name.replace("_", "-"): {"edgesite_plan": one} for name, one in looks.items()}
    hosts = {"ansible_play_hosts_all": list(found)}
    return {"hostvars": Hostvars({**found, "localhost": {}}), "ansible_run_tags": ["all"], **hosts}


def show(variables, **options):
    action = site_plan.ActionModule.__new__(site_plan.ActionModule)
    defaults = {"hosts": ["edgesite"], "registered": "edgesite_plan", "exit_on_changes": False, **NOTHING}
    return action.work({**defaults, **options}, variables)


@pytest.mark.parametrize(
    ("other", "more", "failed"),
    [
        (IN_ORDER, {}, False),
        (IN_ORDER, {"exit_on_changes": True}, True),
        (PROBLEM, {}, True),
        (UNREACHABLE, {}, True),
        (None, {}, True),
        ({"failed": False, "msg": "took too long"}, {}, True),
    ],
)
def test_changes_are_no_failure_and_problems_are(other, more, failed, capsys):
    result = show(site(gpu_a=CHANGES, gpu_b=other), **more)
    assert bool(result.get("failed")) == failed and not result["changed"]
    shown = capsys.readouterr().out
    assert MODE["does"] in shown and "gpu-b" in shown


def test_no_fact_of_a_host_stands_in_for_its_look(monkeypatch, capsys):
    """A task with run_once, of somebody else's playbook, gives what one host answers to all of them as variables."""
    monkeypatch.setattr(Hostvars, "_variable_manager", SimpleNamespace(_fact_cache={"gpu-b": {"edgesite_plan": 1}}))
    result = show(site(gpu_a=CHANGES, gpu_b=IN_ORDER))
    assert result["failed"] and MODE["does"] in capsys.readouterr().out


def test_a_site_in_order_may_be_asked_to_have_no_changes():
    assert not show(site(gpu_b=IN_ORDER), exit_on_changes=True).get("failed")


def test_a_part_of_it_is_shown(capsys):
    show(site(gpu_a=CHANGES), select="hosts[].host")
    assert json.loads(capsys.readouterr().out) == ["gpu-a"]
    with pytest.raises(EdgesiteError):
        show(site(gpu_a=CHANGES), select="hosts[")


@pytest.mark.parametrize("name", ["plan.md", "plan.json"])
def test_it_is_written(tmp_path, name):
    show(site(gpu_a=CHANGES), report_file=str(tmp_path / name))
    text = (tmp_path / name).read_text()
    assert MODE["does"] in text and (name == "plan.md" or json.loads(text)["hosts"])
    with pytest.raises(EdgesiteError, match="edgesite_report_file .* cannot be written"):
        show(site(gpu_a=CHANGES), report_file=str(tmp_path))


def of(variables, host, **more):
    base = SimpleNamespace(
        variables={**variables, "inventory_hostname": host, **more},
        templar=SimpleNamespace(template=lambda value: value),
    )
    return planned.of(base)


@pytest.fixture
def kept(tmp_path, capsys):
    """A plan that was kept, and what proves it."""
    path = tmp_path / "plan.json"
    variables = site(gpu_a=CHANGES, gpu_b=PROBLEM)
    result = show(variables, plan_out=str(path))
    assert result["plan_sha256"] in capsys.readouterr().out
    return variables, {"edgesite_plan_file": str(path), "edgesite_plan_sha256": result["plan_sha256"]}


def test_a_run_has_what_was_kept_for_its_host(kept):
    variables, given = kept
    found = of(variables, "gpu-a", **given)
    assert [one["does"] for one in found.entry["layers"][0]["actions"]] == [MODE["does"]]
    left = of(variables, "gpu-b", **given)
    assert left.entry is None and left.failed and "The plan leaves gpu-b out: gpu: It is odd. Even it." in left.why
    assert of(variables, "gpu-a") is None


def test_a_plan_for_another_run_is_refused(kept):
    variables, given = kept
    with pytest.raises(EdgesiteError, match="was changed|SHA-256"):
        of(variables, "gpu-a", **{**given, "edgesite_plan_sha256": "0" * 64})
    more = {**variables, "hostvars": Hostvars({**variables["hostvars"], "gpu-c": {}})}
    with pytest.raises(EdgesiteError, match="inventory"):
        of(more, "gpu-a", **given)
    with pytest.raises(EdgesiteError, match="tags"):
        of({**variables, "ansible_run_tags": ["mig"]}, "gpu-a", **given)


def test_a_plan_with_a_key(tmp_path):
    variables, path = site(gpu_a=CHANGES), str(tmp_path / "plan.json")
    show(variables, plan_out=path, plan_key=KEY)
    assert KEY not in (tmp_path / "plan.json").read_text()
    assert of(variables, "gpu-a", edgesite_plan_file=path, edgesite_plan_key=KEY).entry["apply"]
    with pytest.raises(EdgesiteError):
        of(variables, "gpu-a", edgesite_plan_file=path, edgesite_plan_key=KEY[::-1])


def test_a_host_that_lies_is_no_traceback(tmp_path, capsys):
    for lie in ({"layers": 7}, {"layers": [7], "facts": 3, "left": {}}, {"layers": [{"actions": "x"}], "left": [{}]}):
        result = show(site(gpu_a=CHANGES, gpu_b=lie), plan_out=str(tmp_path / "plan.json"))
        assert result["failed"] and set(json.loads((tmp_path / "plan.json").read_text())["hosts"]) == {"gpu-a", "gpu-b"}
    assert MODE["does"] in capsys.readouterr().out
