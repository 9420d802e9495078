# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

from ansible_collections.edgesite.gpu.plugins.module_utils.core import boot
from hypothesis import given
from hypothesis import strategies as st

WANTED = boot.wanted("settings", "Apply GPU settings", "/usr/bin/python3", {"settings": []})
NONE = boot.wanted("settings", "Apply GPU settings", "/usr/bin/python3", None)


def test_unit_runs_the_verb_on_its_configuration_before_container_runtimes():
    unit = WANTED.files["/etc/systemd/system/edgesite-gpu-settings.service"]
    assert (
        "ExecStart=/usr/bin/python3 /usr/local/lib/edgesite-gpu/current settings /etc/edgesite-gpu/settings.json"
        in unit
    )
    assert "Before=containerd.service docker.service" in unit
    # what comes after it is not held back by a driver that hangs
    assert "\nTimeoutStartSec=300\nTimeoutStopSec=5\n" in unit and "Requires" not in unit
    assert json.loads(WANTED.files["/etc/edgesite-gpu/settings.json"]) == {"settings": []}


def test_unit_that_is_not_there_is_written_and_then_enabled():
    assert [boot.describe(action) for action in boot.plan(WANTED, NONE)] == [
        "write /etc/edgesite-gpu/settings.json",
        "write /etc/systemd/system/edgesite-gpu-settings.service",
        "enable edgesite-gpu-settings.service",
    ]


def test_unit_that_is_not_wanted_is_disabled_and_then_removed():
    assert [boot.describe(action) for action in boot.plan(NONE, WANTED)] == [
        "disable edgesite-gpu-settings.service",
        "remove /etc/edgesite-gpu/settings.json",
        "remove /etc/systemd/system/edgesite-gpu-settings.service",
    ]


def units():
    return st.builds(
        boot.BootUnit,
        unit=st.just(WANTED.unit),
        files=st.fixed_dictionaries({path: st.one_of(st.none(), st.just("a"), st.just("b")) for path in WANTED.files}),
        enabled=st.booleans(),
    )


@given(units(), units())
def test_plan_reaches_the_wanted_unit_and_can_be_taken_back(desired, observed):
    actions = boot.plan(desired, observed)
    reached = boot.after(observed, actions)
    assert reached == desired
    assert boot.plan(desired, reached) == []
    assert boot.after(reached, [boot.undo(action) for action in reversed(actions)]) == observed
