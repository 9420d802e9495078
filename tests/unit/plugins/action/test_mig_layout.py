# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's side of mig_layout: the file that from_file names."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.edgesite.gpu.plugins.action.mig_layout import ActionModule
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError


@pytest.fixture
def run(tmp_path):
    """Runs the action with these arguments on a controller with this file; gives the module's arguments."""

    def run_with(content, **arguments):
        (tmp_path / "parted.yaml").write_bytes(content)
        action = ActionModule.__new__(ActionModule)
        action._task = SimpleNamespace(check_mode=False, args=arguments)
        action._find_needle = lambda folder, name: str(tmp_path / name)
        return action.run_with(lambda more: {**action._task.args, **more})

    return run_with


def test_content_of_the_file_goes_to_the_module(run):
    assert run(b"version: v1\n", from_file="parted.yaml", config="a") == {
        "mig_parted": {"version": "v1"},
        "config": "a",
    }


def test_other_options_pass_untouched(run):
    assert run(b"", layouts=[]) == {"layouts": []}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"version: [v1\n", "cannot read .*parted.yaml as YAML"),
        (b"\xff\xfe\x00", "cannot read .*parted.yaml as YAML"),
        (b"- version: v1\n", "is not a configuration of nvidia-mig-parted"),
        (b"", "is not a configuration of nvidia-mig-parted, but null"),
        # YAML that would make objects is no configuration.
        (b"!!python/object/apply:os.getcwd []\n", "cannot read .*parted.yaml as YAML"),
    ],
)
def test_what_is_no_configuration_is_told_with_its_path(run, content, says):
    with pytest.raises(EdgesiteError, match=says):
        run(content, from_file="parted.yaml")


def test_file_and_content_exclude_each_other(run):
    with pytest.raises(AnsibleActionFail, match="from_file and mig_parted are both given"):
        run(b"version: v1\n", from_file="parted.yaml", mig_parted={})
