# SPDX-License-Identifier: GPL-3.0-or-later
"""A change of ECC takes a reboot, which the site allows; it takes the other settings, which are set again."""

from __future__ import annotations

import json

UNIT = "edgesite-gpu-settings.service"


def test_ecc_is_off_and_waits_for_nothing(ecc, cards):
    assert all(card["ecc"]["current"] == card["ecc"]["pending"] == 0 for card in cards(ecc).all())


def test_what_the_reboot_took_is_set_again(ecc, cards):
    assert all(card["persistence"] for card in cards(ecc).all())
    assert [card["power_limit_mw"] for card in cards(ecc).all()] == [300000, 300000]
    assert ecc.service(UNIT).is_enabled
    assert ecc.check_output("systemctl is-active %s", UNIT) == "active"
    assert UNIT not in ecc.check_output("systemctl --failed --plain --no-legend")


def test_configuration_is_readable_and_owned_by_root(ecc):
    file = ecc.file("/etc/edgesite-gpu/settings.json")
    assert (file.user, file.mode) == ("root", 0o644)
    assert json.loads(file.content_string)["settings"][0]["power_limit"] == "300"


def test_host_that_persists_nothing_has_only_a_note_of_what_was_changed(exclusive, cards):
    assert {card["compute_mode"] for card in cards(exclusive).all()} == {3}
    assert not exclusive.file("/usr/local/lib/edgesite-gpu").exists
    assert exclusive.file("/etc/edgesite-gpu").listdir() == ["gpu-changed.json"]


def test_hub_has_nothing_of_ours(hub):
    assert not hub.file("/usr/local/lib/edgesite-gpu").exists
    assert not hub.file("/etc/edgesite-gpu").exists
