# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets in variables, which have to be text."""

from __future__ import annotations

from typing import Any, Optional


def text(value: Any) -> Optional[str]:
    """A variable's text; None for what is none. A number in YAML is not what was written: 0123 is 83."""
    # Ansible 2.18 has a type of its own for what was in a vault.
    return None if isinstance(value, (int, float, list, dict, type(None))) else str(value)
