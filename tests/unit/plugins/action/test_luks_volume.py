# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's side of luks_volume: nothing is encrypted whose recovery key could not be kept."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.edgesite.gpu.plugins.action.luks_volume import ActionModule
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError


def run(host, **arguments):
    """Runs the action; its result, and what the module was run with."""
    calls = []
    action = ActionModule.__new__(ActionModule)
    action._task = SimpleNamespace(args=arguments, check_mode=False)
    action._task_vars = {"inventory_hostname": host}

    def module(more):
        calls.append(more)
        return {"changed": False, "volumes": []}

    try:
        return action.run_with(module), calls
    except EdgesiteError as error:
        return str(error), calls


@pytest.mark.parametrize(
    ("host", "folder", "says"),
    [("gpu-1", "", "escrow_dir is empty"), ("gpu-1", " ", "escrow_dir is empty"), ("a/b", "/srv", "Rename it")],
)
def test_what_cannot_be_kept_is_not_made(host, folder, says):
    told, calls = run(host, escrow_dir=folder)
    assert says in told and not calls


def test_keys_may_be_kept_by_others(tmp_path):
    for arguments in ({}, {"escrow_dir": str(tmp_path)}):
        result, calls = run("gpu-1", **arguments)
        assert not result["changed"] and calls
