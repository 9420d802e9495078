# SPDX-License-Identifier: GPL-3.0-or-later
"""After a boot with a damaged configuration."""

from __future__ import annotations

UNIT = "edgesite-gpu-mig.service"


def test_unit_failed_and_says_what_to_do(ampere):
    assert UNIT in ampere.check_output("systemctl --failed --plain --no-legend")
    with ampere.sudo():
        journal = ampere.check_output("journalctl --boot --unit %s --output cat", UNIT)
    assert "/etc/edgesite-gpu/mig.json is missing, empty or damaged" in journal
    assert "Run the playbook edgesite.gpu.site on this host again" in journal
