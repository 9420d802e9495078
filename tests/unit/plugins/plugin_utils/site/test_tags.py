# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The layers that tags select; a misspelt tag selects or skips nothing without a word in Ansible."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.site.layers import LAYERS
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site import tags

ALL = [layer.name for layer in LAYERS]


def layers(wanted=("all",), skipped=(), of_task=("always",), **variables):
    given = {"gpu-1": {}, "gpu-2": variables}
    return tags.layers({"ansible_run_tags": wanted, "ansible_skip_tags": skipped}, of_task, given, lambda _host: None)


def test_layers_that_tags_select():
    assert layers() == tags.layers({}, [], {}, print) == ALL
    assert layers(["gpu", "facts"]) == ["gpu"]
    assert layers(skipped=["driver", "mig"]) == [name for name in ALL if name not in ("driver", "mig")]
    assert layers(["report"]) == layers(["untagged"]) == layers(["always"]) == []


@pytest.mark.parametrize("tag", ["gpus", "drvier", "web"])
def test_a_tag_that_no_task_has(tag):
    with pytest.raises(EdgesiteError, match=f"has the tag {tag}"):
        layers([tag])
    assert layers([tag], edgesite_tags_allowed=[tag]) == []


def test_a_host_that_lies_allows_no_tags():
    def guard(host):
        if host == "liar":
            raise EdgesiteError("Facts of liar would take the place of variables", "fix")

    given = {"liar": {"edgesite_tags_allowed": ["web"]}, "good": {"edgesite_tags_allowed": ["shop"]}}
    assert tags.layers({"ansible_run_tags": ["shop"]}, [], given, guard) == []
    with pytest.raises(EdgesiteError, match="has the tag web"):
        tags.layers({"ansible_run_tags": ["web"]}, [], given, guard)


def test_a_tag_to_skip_is_wrong_where_it_is_nearly_ours():
    assert layers(skipped=["notest", "slow"]) == ALL
    with pytest.raises(EdgesiteError, match="has the tag drivr"):
        layers(skipped=["drivr"])


def test_a_playbook_that_imports_ours_with_a_tag():
    assert layers(["edge"], of_task=["edge", "always"]) == ALL
