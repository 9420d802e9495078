# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import command
from ansible_collections.edgesite.gpu.plugins.module_utils.driver.actions import Reload
from ansible_collections.edgesite.gpu.plugins.module_utils.driver.host import modules


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        ("", "modprobe --remove: it exited with code 1"),
        ("FATAL: Module nvidia is in use.", "modprobe --remove: FATAL: Module nvidia is in use."),
    ],
)
def test_why_a_module_was_not_unloaded(says, reason):
    action = Reload((), ("nvidia",), ("nvidia",), (), "reload the driver")
    assert modules.reload(lambda *_argv, **_options: command.Result(1, b"", says), action) == reason
