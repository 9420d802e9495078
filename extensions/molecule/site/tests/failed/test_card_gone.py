# SPDX-License-Identifier: GPL-3.0-or-later
"""After a boot with one of the two cards."""

from __future__ import annotations

UNIT = "edgesite-gpu-mig.service"


def journal(host):
    with host.sudo():
        return host.check_output("journalctl --boot --unit %s --output cat", UNIT)


def failed_units(host):
    return host.check_output("systemctl --failed --plain --no-legend")


def test_unit_failed_and_says_what_is_missing(monitored):
    assert UNIT in failed_units(monitored)
    assert "matches no GPU of this host, which has: 0 NVIDIA A100-SXM4-80GB" in journal(monitored)


def test_other_card_has_its_layout(monitored, cards):
    assert cards(monitored).layouts() == [["1g.10gb@0", "1g.10gb@1", "1g.10gb@2", "1g.10gb@3", "3g.40gb@4"]]


def test_damaged_configuration_is_told_with_what_to_do(monitored):
    with monitored.sudo():
        monitored.run_test("truncate --size 0 /etc/edgesite-gpu/mig.json")
        assert monitored.run("systemctl restart %s", UNIT).failed
    assert UNIT in failed_units(monitored)
    assert "/etc/edgesite-gpu/mig.json is missing, empty or damaged" in journal(monitored)
    assert "Run the playbook edgesite.gpu.site on this host again" in journal(monitored)
