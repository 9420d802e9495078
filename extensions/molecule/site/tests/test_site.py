# SPDX-License-Identifier: GPL-3.0-or-later
"""After converging and a reboot."""

from __future__ import annotations

import json

UNIT = "edgesite-gpu-settings.service"


def gpus(host):
    with host.sudo():
        return json.loads(host.check_output("nvmlsim show --json"))["gpus"]


def test_boot_unit_ran_and_nothing_failed(ampere, mixed):
    for host in (ampere, mixed):
        assert host.service(UNIT).is_enabled
        assert host.check_output("systemctl is-active %s", UNIT) == "active"
        assert UNIT not in host.check_output("systemctl --failed --plain --no-legend")


def test_settings_are_there_again(ampere, mixed):
    assert [gpu["power_limit_mw"] for gpu in gpus(ampere)] == [300000, 300000]
    assert all(gpu["persistence"] for gpu in gpus(ampere))
    assert [gpu["power_limit_mw"] for gpu in gpus(mixed)] == [400000, 700000, 280000, 70000]


def test_configuration_is_readable_and_owned_by_root(ampere):
    file = ampere.file("/etc/edgesite-gpu/settings.json")
    assert (file.user, file.mode) == ("root", 0o644)
    assert json.loads(file.content_string)["settings"][0]["power_limit"] == "300"


def test_hub_has_nothing_of_ours(hub):
    assert not hub.file("/usr/local/lib/edgesite-gpu").exists
    assert not hub.file("/etc/edgesite-gpu").exists
