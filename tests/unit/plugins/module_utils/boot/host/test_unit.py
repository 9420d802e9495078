# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.boot.host import unit as boot
from ansible_collections.edgesite.gpu.plugins.module_utils.boot.unit import BootUnit
from ansible_collections.edgesite.gpu.plugins.module_utils.common.effects import EnableUnit, WriteFile
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import command


class Systemctl:
    """Stands in for systemctl; ran holds the arguments of each call."""

    def __init__(self):
        self.answer = command.Result(0, b"", "")
        self.ran = []

    def __call__(self, argv, data=None, timeout=0):
        assert argv[0].endswith("systemctl")
        self.ran.append(list(argv[1:]))
        return self.answer


@pytest.fixture
def systemctl():
    return Systemctl()


def test_unit_is_seen_by_its_files(tmp_path, systemctl):
    unit = str(tmp_path / "x.service")
    boot.apply(systemctl, WriteFile(unit, "[Unit]\n", None))
    assert boot.observe(BootUnit("x.service", {unit: None}, True)) == BootUnit("x.service", {unit: "[Unit]\n"}, False)
    boot.apply(systemctl, WriteFile(unit, None, "[Unit]\n"))
    assert boot.observe(BootUnit("x.service", {unit: None}, True)).files == {unit: None}


@pytest.mark.parametrize(
    "answer, why, fix",
    [
        (command.Result(1, b"", "Failed to enable unit\n"), "x.service: Failed to enable unit", "Repair systemd"),
        (command.Result(1, b"refused\n", ""), "x.service: refused", "Repair systemd"),
        (command.Result(4, b"", ""), "x.service: it exited with code 4", "Repair systemd"),
        (
            command.Result(None, b"", "systemctl: No such file"),
            "x.service: systemctl: No such",
            "Check that systemd is running",
        ),
    ],
)
def test_failure_says_what_systemctl_said(systemctl, answer, why, fix):
    systemctl.answer = answer
    with pytest.raises(EdgesiteError) as raised:
        boot.apply(systemctl, EnableUnit("x.service", True))
    assert "systemctl enable " + why in raised.value.problem
    assert fix in raised.value.fix
