# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import dnf
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host.command import Result
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host.packages import Patience


@pytest.mark.parametrize(
    ("method", "given", "problem"),
    [
        ("offered", ["a"], "Cannot list available versions"),
        ("unhold", ["a"], "Cannot unlock versions"),
        ("download", ["a"], "Cannot download packages"),
    ],
)
def test_what_fails_has_a_fix(method, given, problem):
    def failing(*_argv, **_options):
        return Result(1, b"", "Error: nothing works")

    backend = dnf.Dnf(failing, [].append, Patience(60.0, "package_timeout", 5.0, "lock_timeout"))
    with pytest.raises(EdgesiteError, match=f"{problem}: .*nothing works.*'dnf check' on the host"):
        getattr(backend, method)(given)
