# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a TPM stands, from `tpm2_getcap properties-variable`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Dict

_VALUE = re.compile(r"^\s*(\w+):\s*(0x[0-9A-Fa-f]{1,8}|\d{1,10})\s*\Z", re.ASCII)


@dataclass(frozen=True)
class Lockout:
    """What wrong passwords did. recovery_seconds: after so long one of them is forgotten."""

    in_lockout: bool
    counter: int
    max_tries: int
    recovery_seconds: int


@dataclass(frozen=True)
class Standing:
    """What changes about a TPM."""

    lockout: Lockout
    owner_auth_set: bool
    endorsement_auth_set: bool


def parse(text: str) -> Standing:
    """The output of the tool. What it does not say is taken to be 0."""
    values: Dict[str, int] = {}
    for line in text.splitlines():
        found = _VALUE.match(line)
        if found:
            number = found.group(2)
            values.setdefault(found.group(1), int(number, 16 if number.startswith("0x") else 10))
    get = values.get
    return Standing(
        Lockout(
            in_lockout=bool(get("inLockout", 0)),
            counter=get("TPM2_PT_LOCKOUT_COUNTER", 0),
            max_tries=get("TPM2_PT_MAX_AUTH_FAIL", 0),
            recovery_seconds=get("TPM2_PT_LOCKOUT_INTERVAL", 0),
        ),
        owner_auth_set=bool(get("ownerAuthSet", 0)),
        endorsement_auth_set=bool(get("endorsementAuthSet", 0)),
    )
