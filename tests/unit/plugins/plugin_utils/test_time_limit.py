# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits of time within a task."""

from __future__ import annotations

import signal
import time

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.plugin_utils import time_limit


@pytest.fixture(autouse=True)
def handler():
    """What was there before is there afterwards, and nothing rings later."""

    def other(_signal, _frame):
        raise AssertionError("the alarm went off afterwards")

    before = signal.signal(signal.SIGALRM, other)
    yield
    assert signal.getsignal(signal.SIGALRM) is other and signal.alarm(0) == 0
    signal.signal(signal.SIGALRM, before)


def test_what_takes_too_long_is_told():
    with pytest.raises(EdgesiteError, match=r"The layer took longer than 1 s\. Look\."), time_limit.limit(
        1, "The layer", "Look"
    ):
        time.sleep(10)


def test_nothing_that_catches_errors_takes_it_for_its_own():
    with pytest.raises(EdgesiteError, match="took longer"), time_limit.limit(1, "It", "Look at it"):
        try:
            time.sleep(10)
        except Exception:
            time.sleep(10)


def test_what_is_done_in_time_is_left_alone():
    with time_limit.limit(60, "It", "Look at it"):
        pass
    with time_limit.limit(0, "It", "Look at it"):
        assert signal.alarm(0) == 0


def test_another_error_stays():
    with pytest.raises(KeyError), time_limit.limit(60, "It", "Look at it"):
        raise KeyError("x")


def test_the_limit_of_the_task_holds_afterwards():
    signal.alarm(100)
    with time_limit.limit(60, "It", "Look at it"):
        time.sleep(1.1)
    assert 98 <= signal.alarm(0) <= 99
    signal.alarm(1)
    with time_limit.limit(60, "It", "Look at it"):
        time.sleep(1.1)
    assert signal.alarm(0) == 1
