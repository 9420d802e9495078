# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many cases hypothesis generates per property: here, and not in the tests, so that each run can choose."""

from __future__ import annotations

import os

from hypothesis import settings

# `make test-deep PART=cases` asks for many.
# No deadline: a shared machine is slow now and then. Derandomized: an unchanged tree does not fail by luck of the draw.
settings.register_profile(
    "edgesite",
    max_examples=int(os.environ.get("EDGESITE_EXAMPLES", "25")),
    deadline=None,
    derandomize=True,
    database=None,
)
settings.load_profile("edgesite")
