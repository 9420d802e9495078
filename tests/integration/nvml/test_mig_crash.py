# SPDX-License-Identifier: GPL-3.0-or-later
"""mig_layout, interrupted at every call that changes state: it says what is left, and the next run ends as wanted.

Whatever happens, instances with processes stay the same instances.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

import pytest
from ansible_collections.edgesite.gpu.tests.integration.nvml import mig_runs, mig_sweep
from ansible_collections.edgesite.gpu.tests.integration.nvml.mig_relayouts import WITH_MIG, relayouts


@pytest.fixture(scope="module")
def workers(library):
    """Processes that sweep side by side."""
    count, context = len(os.sched_getaffinity(0)), multiprocessing.get_context("fork")
    with ProcessPoolExecutor(count, context, initializer=mig_runs.prepare, initargs=[library]) as pool:
        yield pool


@pytest.fixture(scope="module")
def points(closing_words):
    """Points by kind and busy instances, over all models; told at the end of the tests."""
    counts, busy = Counter(), Counter()
    began = time.monotonic()
    yield counts, busy
    closing_words += [
        f"mig_layout was interrupted at {sum(counts.values())} points in {time.monotonic() - began:.0f} s:",
        *(f"{number:7} {kind}" for kind, number in counts.items()),
        f"{busy['lost']:7} of {busy['all']} instances in use at these points were lost",
    ]


# One that is reset for its mode, and has to be pinned by nobody for that
OFTEN = "A100-40"


@pytest.mark.parametrize(
    "model", [pytest.param(model, marks=[] if model == OFTEN else [pytest.mark.deep]) for model in WITH_MIG]
)
def test_no_interruption_leaves_the_next_run_short_or_touches_what_is_busy(model, workers, points):
    started = [workers.submit(mig_sweep.sweep, kind, each) for each in relayouts(model) for kind in mig_sweep.KINDS]
    outcomes = [future.result() for future in started]
    wrong = [text for outcome in outcomes for text in outcome.wrong]
    for outcome in outcomes:
        for counts, more in zip(points, (outcome.points, outcome.busy)):
            counts.update(more)
    assert not wrong, "\n".join([f"{len(wrong)} points failed, the first:", *wrong[:10]])
