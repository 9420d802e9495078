# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report over a whole site: whatever one host answers, the others get their rows."""

from __future__ import annotations

from ansible_collections.edgesite.gpu.plugins.filter import site
from ansible_collections.edgesite.gpu.plugins.module_utils.site.report import LAYERS
from hypothesis import given
from hypothesis import strategies as st

# one of each kind, as it is the kind that counts
ODD = st.sampled_from([None, True, 0, -1.5, "", "text", [], {}, [None], ["text"], [{}], [{"name": 5}], {"model": []}])
# names that our modules give things, so that the nonsense goes deep
KEYS = ["failed", "msg", "actions", "gpus", "name", "accelerators", "driver", "nvml_status", "unread", "jetson", "tpm"]
ANSWER = ODD | st.dictionaries(st.sampled_from(KEYS), ODD, max_size=4)
GOOD = {"facts_result": {"gpus": [], "tpm": {}, "driver": {"nvml_status": "ok"}}}


@given(st.dictionaries(st.sampled_from([layer + "_result" for layer in ("facts", *LAYERS)]), ANSWER))
def test_a_row_for_each_host_whatever_one_of_them_answers(answers):
    rows = site.site_rows({"liar": answers, "honest": GOOD}, ["liar", "honest"])
    assert [row["host"] for row in rows] == ["liar", "honest"]
    assert rows[1]["status"] == "done"
    assert "honest" in site.site_table(rows)


def test_an_answer_without_meaning_is_said_to_be_one():
    hosts = {"liar": {"facts_result": {"gpus": 5}, "gpu_settings": []}}
    row = site.site_rows(hosts, ["liar"])[0]
    assert row["status"] == "failed" and "'ansible liar -m edgesite.gpu.gpu_info'" in row["why"]
    assert "TypeError" not in row["why"]
