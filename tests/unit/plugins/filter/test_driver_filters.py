# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
from pathlib import Path

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.edgesite.gpu.plugins.filter import driver
from ansible_collections.edgesite.gpu.tests.unit.places import FIXTURES

KEY = FIXTURES / "driver" / "rsa.asc"
FINGERPRINT = "DCCBE2A4E8910F03449469498266F3C3BAD71495"
FILTERS = driver.FilterModule().filters()
PLAN = {"strict": ["nvidia-smi"], "loose": [], "headers": [], "glob": "550.*", "words": "driver branch 550"}


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_every_filter_is_documented(name):
    assert (Path(driver.__file__).parent / (name + ".yml")).exists()


def test_a_choice_or_the_problem():
    line = "nvidia-smi | 550.163.01-2 | http://deb.debian.org/debian trixie/non-free amd64 Packages"
    assert FILTERS["driver_choice"](line, PLAN) == {"arguments": ["nvidia-smi=550.163.01-2"], "problem": ""}
    assert "not to be had" in FILTERS["driver_choice"]("", PLAN)["problem"]


def test_room_is_told_before_what_apt_makes_of_it():
    output = "Need to get 145 MB of archives.\nE: You don't have enough free space in /var/cache/apt/archives/.\n"
    free = "Mounted on Avail\n/var/cache 1000\n/ 9999999999\n/ 9999999999\n/ 9999999999\n"
    assert FILTERS["driver_transaction"](output, free, {"dkms": True, "held": []}).startswith(
        "The disk is too full for the driver: /var/cache"
    )


def test_modules_that_come_built_need_no_room_for_a_build():
    free = "Mounted on Avail\n/ 9999999999\n/ 9999999999\n/var/lib 1000\n/ 9999999999\n"
    told = {dkms: FILTERS["driver_transaction"]("", free, {"dkms": dkms, "held": []}) for dkms in (True, False)}
    assert "/var/lib has 0 MiB free" in told[True] and told[False] == ""


def test_a_key_travels_as_base64(tmp_path):
    assert base64.b64decode(FILTERS["driver_key"](str(KEY))) == KEY.read_bytes()
    with pytest.raises(AnsibleFilterError, match="driver_mirror.key .* cannot be read"):
        FILTERS["driver_key"](str(tmp_path / "absent.asc"))


def test_a_key_from_the_internet_is_the_pinned_one():
    key = base64.b64encode(KEY.read_bytes()).decode()
    assert FILTERS["driver_key_problem"](key, {"url": "http://a/key", "fingerprint": FINGERPRINT}) == ""
    assert "pinned is AA" in FILTERS["driver_key_problem"](key, {"url": "http://a/key", "fingerprint": "AA"})
    assert FILTERS["driver_key_problem"]("bm8=", {"url": "http://a/key", "fingerprint": "AA"})
