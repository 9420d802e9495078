# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One at a time: a run that reaches a host while it boots must not work on its GPUs beside the boot units."""

from __future__ import annotations

from typing import ContextManager

from ...common.host import run_lock

LOCK = "/run/edgesite-gpu/gpu.lock"
# A boot unit waits up to a minute for the driver, and a layout of many cards takes its time.
SECONDS = 180.0


def held(seconds: float = SECONDS) -> ContextManager[None]:
    """Holds the host's GPUs for this process. Raises EdgesiteError where another one keeps them for longer."""
    return run_lock.held(
        LOCK,
        "changing the GPUs of this host",
        "Wait for it to finish; it may be a boot unit: systemctl status 'edgesite-gpu-*' on the host shows it",
        seconds,
    )
