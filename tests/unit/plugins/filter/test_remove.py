# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The summary of the playbook remove: whatever one host answers, the others get theirs."""

from __future__ import annotations

from ansible_collections.edgesite.gpu.plugins.filter import remove
from hypothesis import given
from hypothesis import strategies as st

GOOD = {"remove_result": {"actions": [], "kept": [], "in_force": []}}
ODD = st.sampled_from([None, True, 0, "", "text", [], {}, [None], ["text"], [{}], [{"what": 5}]])
ANSWER = ODD | st.dictionaries(st.sampled_from(["actions", "kept", "in_force", "failed", "msg"]), ODD)


@given(ANSWER)
def test_each_host_is_told_of_whatever_one_of_them_answers(answer):
    table = remove.remove_table({"liar": {"remove_result": answer}, "honest": GOOD}, ["liar", "honest"])
    assert table.startswith("liar: ") and table.endswith("honest: nothing was there to remove")


def test_the_filter_has_its_name():
    assert remove.FilterModule().filters() == {"remove_table": remove.remove_table}
