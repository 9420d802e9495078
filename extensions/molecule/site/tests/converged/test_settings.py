# SPDX-License-Identifier: GPL-3.0-or-later
"""After converging."""

from __future__ import annotations

import json


def gpus(host):
    with host.sudo():
        return json.loads(host.check_output("nvmlsim show --json"))["gpus"]


def test_ecc_is_off_and_waits_for_nothing(ampere):
    assert all(gpu["ecc"]["current"] == gpu["ecc"]["pending"] == 0 for gpu in gpus(ampere))


def test_what_the_reboot_took_is_set_again(ampere):
    assert all(gpu["persistence"] for gpu in gpus(ampere))
    assert ampere.service("edgesite-gpu-settings.service").is_enabled


def test_host_that_persists_nothing_has_nothing_of_ours(mixed):
    assert {gpu["compute_mode"] for gpu in gpus(mixed)} == {3}
    for path in ("/usr/local/lib/edgesite-gpu", "/etc/edgesite-gpu"):
        assert not mixed.file(path).exists
