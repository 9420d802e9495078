# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.host import layer
from ansible_collections.edgesite.gpu.plugins.modules import mig_layout
from ansible_collections.edgesite.gpu.tests.unit.plugins.modules.failing_module import Failed, failing


def test_units_that_are_none_are_refused_before_the_host_is_looked_at(monkeypatch):
    quiesce = ["a\n[Service]\nExecStartPre=/bin/true"]
    monkeypatch.setattr(mig_layout, "AnsibleModule", failing(layouts=[], quiesce=quiesce))
    monkeypatch.setattr(layer, "run_all", None)
    with pytest.raises(Failed, match=r"^quiesce\[0\] is .*, which is not the full name of a systemd unit"):
        mig_layout.main()
