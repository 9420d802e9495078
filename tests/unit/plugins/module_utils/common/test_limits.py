# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers of seconds and days that no clock, program or library could work with."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common import limits
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host.packages import Patience


@pytest.mark.parametrize(
    ("check", "option", "number", "words"),
    [
        (limits.timeout, "gpu_reboot_timeout", 0, "is 0, but has to be 1 to 86400 seconds"),
        (limits.timeout, "gpu_reboot_timeout", 86401, "1 to 86400 seconds"),
        (limits.timeout, "driver_lock_timeout", -1, "is -1, but has to be 0 to 86400 seconds"),
        (limits.days, "identity_days", 0, "is 0, but has to be 1 to 36500 days"),
        (limits.days, "identity_days", 10**30, "is a huge number, but"),
        (limits.tolerance, "identity_clock_tolerance", -1, "is -1, but has to be 0 to 3153600000 seconds"),
    ],
)
def test_a_number_outside_its_limits(check, option, number, words):
    with pytest.raises(EdgesiteError) as caught:
        check(option, number)
    assert caught.value.problem.startswith(option + " is ") and words in caught.value.problem
    assert caught.value.fix


@pytest.mark.parametrize(
    ("check", "option", "number"),
    [
        (limits.timeout, "gpu_reboot_timeout", 86400),
        (limits.timeout, "driver_lock_timeout", 0),
        (limits.days, "identity_days", 36500),
        (limits.tolerance, "identity_clock_tolerance", 0),
    ],
)
def test_a_number_within_its_limits(check, option, number):
    assert check(option, number) == number


@pytest.mark.parametrize(("command", "lock"), [(0, 0), (-5, 0), (10**30, 0), (60, -1), (60, 10**30)])
def test_a_package_manager_is_given_time_that_there_is(command, lock):
    with pytest.raises(EdgesiteError, match=r"^(package|lock)_timeout is "):
        Patience.of(command, "package_timeout", lock, "lock_timeout")
