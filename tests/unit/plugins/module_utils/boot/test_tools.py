# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.boot import tools
from ansible_collections.edgesite.gpu.plugins.module_utils.boot.tools import Entry, Install, State
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from hypothesis import given
from hypothesis import strategies as st

manifests = st.dictionaries(st.sampled_from(["a.py", "b.py", "c.py"]), st.sampled_from(["1", "2"]))
MANIFEST = {"__main__.py": "1", "a/b.py": "2"}


@given(manifests, manifests)
def test_plan_is_empty_just_where_the_files_are_the_wanted_ones(wanted, present):
    actions = tools.plan(wanted, State(present, tools.version_of(present), bool(present)))
    assert bool(actions) == (wanted != present)
    assert len(actions) <= 1


def test_rest_of_a_removal_is_removed():
    assert tools.plan({}, State({}, None, True)) == [Install(None, None)]
    assert tools.plan({}, State({}, None, False)) == []


@given(manifests, manifests)
def test_version_names_exactly_these_files(first, second):
    assert (tools.version_of(first) == tools.version_of(second)) == (first == second)


def test_actions_are_described_by_what_they_replace():
    assert tools.describe(Install("new", None)) == "install the host tools new"
    assert tools.describe(Install("new", "old")) == "replace the host tools old by new"
    assert tools.describe(Install("old", "old")) == "repair the host tools old"
    assert tools.describe(Install(None, "old")) == "remove the host tools old"
    assert tools.describe(Install(None, None)) == "remove the host tools that are left over from an earlier run"


def test_tools_that_nobody_named_are_not_taken_for_tools_to_remove():
    with pytest.raises(EdgesiteError, match="manifest.*is empty.*Run edgesite.gpu.host_tools as a task"):
        tools.demanded(True, {})
    assert tools.demanded(True, MANIFEST) == MANIFEST
    assert tools.demanded(False, MANIFEST) == {}


def entries(*names, size=1, plain=True):
    return [Entry(name, size, plain) for name in names]


def test_archive_of_the_manifests_files_is_good_in_any_order():
    tools.check_archive(entries("a/b.py", "__main__.py"), MANIFEST)


@pytest.mark.parametrize(
    ("archive", "problem"),
    [
        (entries(*MANIFEST, "json.py"), "it has 'json.py', which is not in the manifest"),
        (entries(*MANIFEST, "a/"), "it has 'a/', which is not in the manifest"),
        (entries("__main__.py"), "it lacks 'a/b.py'"),
        (entries(*MANIFEST, "a/b.py"), "it has 'a/b.py' more than once"),
        ([*entries("a/b.py"), *entries("__main__.py", plain=False)], "it has '__main__.py' as something other than"),
        (entries(*MANIFEST, size=40 * 1024 * 1024), "it unpacks to more than 64 MiB"),
    ],
)
def test_archive_of_anything_else_is_refused(archive, problem):
    with pytest.raises(EdgesiteError) as refused:
        tools.check_archive(archive, MANIFEST)
    assert problem in str(refused.value) and "Run again" in str(refused.value)


@pytest.mark.parametrize(
    "path", ["../evil.py", "/evil.py", "a/../b.py", "a//b.py", "./a.py", "a\\b.py", "a.pyc", "a.so", "a.py\n", "a\0.py"]
)
def test_path_that_leads_elsewhere_is_refused_also_where_the_manifest_names_it(path):
    with pytest.raises(EdgesiteError, match="not the path of a Python file"):
        tools.check_archive(entries(path), {path: "1"})
