# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity import openssl


def test_openssl_that_never_returns(tmp_path, monkeypatch):
    program = tmp_path / "openssl"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setattr(openssl.shutil, "which", lambda _name: str(program))
    monkeypatch.setattr(openssl, "_SECONDS", 0.2)
    with pytest.raises(EdgesiteError, match=r"openssl did not answer within 0\.2 s on the controller"):
        openssl.refusal("certificate", [], ["root"])
