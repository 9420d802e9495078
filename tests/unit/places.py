# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the tests find the clone and what they are fed with, wherever they are themselves."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = Path(__file__).resolve().parent / "fixtures"
