# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a look at a host says beside what the host answered."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.plugin_utils import host_archive
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site import looking


@pytest.mark.parametrize("actions, fails", [([{"does": "install the host tools"}], True), ([], False)])
def test_host_tools_that_the_controller_cannot_send_are_a_problem(monkeypatch, actions, fails):
    assert looking._sendable({"actions": actions}) == {"actions": actions}
    monkeypatch.setattr(host_archive, "pynvml", dict)
    told = looking._sendable({"actions": actions})
    assert bool(told.get("failed")) is fails
    assert not fails or "pip install nvidia-ml-py" in told["msg"]
