# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.edgesite.gpu.plugins.module_utils.core import host_tools
from ansible_collections.edgesite.gpu.plugins.module_utils.core.host_tools import Install, State
from hypothesis import given
from hypothesis import strategies as st

manifests = st.dictionaries(st.sampled_from(["a.py", "b.py", "c.py"]), st.sampled_from(["1", "2"]))


@given(manifests, manifests)
def test_plan_is_empty_just_where_the_files_are_the_wanted_ones(wanted, present):
    actions = host_tools.plan(wanted, State(present, host_tools.version_of(present)))
    assert bool(actions) == (wanted != present)
    assert len(actions) <= 1


@given(manifests, manifests)
def test_version_names_exactly_these_files(first, second):
    assert (host_tools.version_of(first) == host_tools.version_of(second)) == (first == second)


def test_actions_are_described_by_what_they_replace():
    assert host_tools.describe(Install("new", None)) == "install the host tools new"
    assert host_tools.describe(Install("new", "old")) == "replace the host tools old by new"
    assert host_tools.describe(Install(None, "old")) == "remove the host tools old"
