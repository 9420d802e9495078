# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host import layer
from ansible_collections.edgesite.gpu.plugins.modules import gpu_settings
from ansible_collections.edgesite.gpu.tests.unit.plugins.modules.failing_module import Failed, failing


def test_an_interpreter_that_no_unit_can_run_is_told(monkeypatch):
    monkeypatch.setattr(gpu_settings, "AnsibleModule", failing(settings=[{"gpus": "all", "persistence_mode": True}]))
    monkeypatch.setattr(layer.sys, "executable", "/opt/my venv/bin/python")
    with pytest.raises(Failed, match="^ansible_python_interpreter is '/opt/my venv/bin/python', which is not an abs"):
        gpu_settings.main()
