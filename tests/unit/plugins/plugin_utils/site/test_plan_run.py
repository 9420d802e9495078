# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan is applied only where and while it was meant to be."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.plugin_utils import collection
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site import chosen, plan_run, plan_time
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site.plan_run import Run, Share
from ansible_collections.edgesite.gpu.tests.unit.places import ROOT
from ansible_collections.edgesite.gpu.tests.unit.plans import HEAD, MODE, layer, look, plan, unread
from hypothesis import given
from hypothesis import strategies as st

HOSTS = ["gpu-a", "gpu-b", "gpu-c"]
NOON = datetime(2026, 11, 29, 12, tzinfo=timezone.utc)
RUN = Run("1.2.0", NOON + timedelta(hours=1), HOSTS, HOSTS, ["all"])
PLAN = plan(look(layer("mig", MODE)), unread())
NEW = "Make a new plan: ansible-playbook edgesite.gpu.plan -i INVENTORY -e edgesite_plan_out='my plan.json'"


def refused(run, document=PLAN):
    with pytest.raises(EdgesiteError) as error:
        plan_run.verify("my plan.json", document, run)
    return str(error.value)


def test_head_of_a_plan():
    run = RUN._replace(now=NOON, tags=("mig", "all", "gpu"))
    assert plan_run.head(run, ["site-2"], "24h") == {**HEAD, "limit": ["site-2"], "tags": ["gpu", "mig"]}


def test_hosts_of_a_plan_and_of_a_run():
    assert plan_run.verify("plan.json", PLAN, RUN) == Share(
        ("gpu-a",), {"gpu-b": "Connection timed out. Check the cable"}
    )


def test_a_narrower_limit():
    share = plan_run.verify("plan.json", PLAN, RUN._replace(hosts=["gpu-a"]))
    assert share == Share(("gpu-a",), {})


def test_another_version():
    assert refused(RUN._replace(collection="1.3.0")) == (
        "The plan my plan.json was made by edgesite.gpu 1.2.0, and this controller has 1.3.0, to which its actions may "
        "mean something else. {0}. Or install that version: ansible-galaxy collection install --force "
        "edgesite.gpu:==1.2.0.".format(NEW)
    )


@pytest.mark.parametrize("hours", [24, 25, 10000])
def test_expired(hours):
    assert refused(RUN._replace(now=NOON + timedelta(hours=hours))) == (
        "The plan my plan.json has expired: it was to be applied before 2026-11-30T12:00:00Z. {0}; "
        "-e edgesite_plan_expires=7d gives it more time.".format(NEW)
    )


@pytest.mark.parametrize("seconds", [0, 24 * 3600 - 1])
def test_not_yet_expired(seconds):
    plan_run.verify("plan.json", PLAN, RUN._replace(now=NOON + timedelta(seconds=seconds)))


def test_clock_before_the_plan():
    assert refused(RUN._replace(now=NOON - timedelta(seconds=1))) == (
        "The plan my plan.json was made at 2026-11-29T12:00:00Z, but by this controller's clock it is "
        "2026-11-29T11:59:59Z. Set the clock (chrony, systemd-timesyncd) of this controller, or of the one that made "
        "the plan."
    )


@pytest.mark.parametrize("name", ["made", "expires"])
@pytest.mark.parametrize(
    "time", ["", "tomorrow", "2026-11-29", "2026-11-29T12:00:00", "2026-02-30T12:00:00Z", "2026-1-1T1:0:0Z"]
)
def test_no_time(name, time):
    told = "The plan my plan.json was changed: {0} is '{1}', which is no time. {2}.".format(name, time, NEW)
    assert refused(RUN, {**PLAN, name: time}) == told


def test_another_inventory():
    others = ["kiel-1", "kiel-2"]
    assert refused(RUN._replace(inventory=others, hosts=others)) == (
        "The plan my plan.json was made for another inventory, or hosts of this one have come or gone since: it has no "
        "gpu-a, gpu-b. Give the inventory of the plan run. {0}.".format(NEW)
    )


@pytest.mark.parametrize("hosts", [[*HOSTS, "gpu-d"], HOSTS[:2]])
def test_hosts_that_have_come_or_gone(hosts):
    assert refused(RUN._replace(inventory=hosts)) == (
        "The plan my plan.json was made for another inventory, or hosts of this one have come or gone since. Give the "
        "inventory of the plan run. {0}.".format(NEW)
    )


@pytest.mark.parametrize(
    ("planned", "tags", "told"),
    [
        ([], ["mig"], "without --tags, and this run is with --tags mig. Run with the same tags: without --tags."),
        (
            ["gpu", "mig"],
            ["all"],
            "with --tags gpu,mig, and this run is without --tags. Run with the same tags: --tags gpu,mig.",
        ),
    ],
)
def test_other_tags(planned, tags, told):
    found = refused(RUN._replace(tags=tags), {**PLAN, "tags": planned})
    assert found == "The plan my plan.json was made " + told


def test_the_same_tags_in_another_order():
    plan_run.verify("plan.json", {**PLAN, "tags": ["gpu", "mig"]}, RUN._replace(tags=["mig", "gpu", "mig"]))


def test_no_host_of_the_run():
    assert refused(RUN._replace(hosts=["gpu-c"])) == (
        "The plan my plan.json is for none of this run's hosts: it has gpu-a, gpu-b. Give the --limit with which the "
        "plan was made. {0}.".format(NEW)
    )


def test_names_of_many_hosts():
    many = plan(*(look(host="gpu-{0}".format(number)) for number in range(9)))
    assert ": it has gpu-0, gpu-1, gpu-2, gpu-3, gpu-4 and 4 more." in refused(RUN, many)
    assert ": it has no hosts." in refused(RUN, plan())


@pytest.mark.parametrize(
    ("expires", "end"),
    [
        ("90m", "2026-11-29T13:30:00Z"),
        (" 24h ", "2026-11-30T12:00:00Z"),
        ("7d", "2026-12-06T12:00:00Z"),
        ("365d", "2027-11-29T12:00:00Z"),
        ("2026-12-01T18:00:00Z", "2026-12-01T18:00:00Z"),
        ("2026-12-01T18:00+02:00", "2026-12-01T16:00:00Z"),
        ("2026-12-01 18:00:00.5+00:00", "2026-12-01T18:00:00Z"),
    ],
)
def test_until_when(expires, end):
    assert plan_time.text(plan_time.end(expires, NOON)) == end


@pytest.mark.parametrize(
    "expires",
    [
        "",
        "0h",
        "-1h",
        "24",
        "24 h",
        "1w",
        "1.5h",
        "٣h",
        "soon",
        None,
        24,
        "2026-12-01T18:00:00",
        "0001-01-01T00:00+23:59",
    ],
)
def test_no_such_time(expires):
    with pytest.raises(EdgesiteError) as error:
        plan_time.end(expires, NOON)
    assert str(error.value).startswith("edgesite_plan_expires is ") and str(error.value).endswith(
        ", but has to be a duration, or a date with its time zone. Write it like 90m, 24h, 7d or 2026-12-01T18:00:00Z."
    )


@pytest.mark.parametrize(
    "expires", ["367d", "999999d", "2026-11-29T12:00:00Z", "2025-01-01T00:00:00Z", "9999-12-31T00:00:00Z"]
)
def test_past_or_far_ahead(expires):
    with pytest.raises(EdgesiteError) as error:
        plan_time.end(expires, NOON)
    assert str(error.value) == (
        "edgesite_plan_expires is '{0}', but has to be in the future, and within a year. Write it like 24h or 7d; by "
        "this controller's clock it is 2026-11-29T12:00:00Z.".format(expires)
    )


@given(st.one_of(st.text(), st.integers(), st.datetimes(), st.from_regex(r"\A[0-9]{1,7}[mhd]\Z")))
def test_every_end_is_a_time_or_refused(expires):
    try:
        assert plan_time.read(plan_time.text(plan_time.end(expires, NOON))) > NOON
    except EdgesiteError as error:
        assert error.fix


def test_the_clock():
    before = plan_time.now()
    assert before <= plan_time.read(plan_time.text(plan_time.now())) <= plan_time.now()


def test_version_of_a_clone_and_of_what_is_installed(tmp_path):
    (tmp_path / "galaxy.yml").write_text("version: 1.2.3\n")
    assert collection.version.__wrapped__(tmp_path) == "1.2.3"
    (tmp_path / "MANIFEST.json").write_text(json.dumps({"collection_info": {"version": "1.2.4"}}))
    assert collection.version.__wrapped__(tmp_path) == "1.2.4"
    assert "version: " + collection.version() in (ROOT / "galaxy.yml").read_text().splitlines()


def test_hosts_without_the_limit():
    class Host:
        def __init__(self, name):
            self.name = name

    class Inventory:
        def get_hosts(self, _patterns, ignore_limits, ignore_restrictions):
            assert ignore_restrictions
            return [Host(name) for name in (HOSTS if ignore_limits else HOSTS[:1])]

    class HostVars:
        _inventory = Inventory()

    assert chosen.hosts(["edgesite"], HostVars()) == ["gpu-a"]
    assert chosen.hosts(["edgesite"], HostVars(), limited=False) == HOSTS
