# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which version of this collection runs on the controller."""

from __future__ import annotations

import functools
import json
from pathlib import Path

import yaml

_ROOT = Path(__file__).resolve().parents[2]


@functools.lru_cache(maxsize=None)
def version(root: Path = _ROOT) -> str:
    """That of an installed collection is in its manifest; a clone has none."""
    manifest = root / "MANIFEST.json"
    if manifest.exists():
        return str(json.loads(manifest.read_text(encoding="utf-8"))["collection_info"]["version"])
    return str(yaml.safe_load((root / "galaxy.yml").read_text(encoding="utf-8"))["version"])
