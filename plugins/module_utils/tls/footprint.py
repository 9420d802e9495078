# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of services on the host's key stays in force when they are told of it no more."""

from __future__ import annotations

from typing import Sequence, Tuple

from ..common.footprint import InForce
from .files import DROPIN

PACKAGES = ("haproxy", "tpm2-openssl")
_END = ".d/" + DROPIN


def in_force(paths: Sequence[str], directory: str) -> Tuple[InForce, ...]:
    """By the drop-ins among these files: of a service that runs, what it was started with."""
    units = sorted(path[: -len(_END)].rpartition("/")[2] for path in paths if path.endswith(_END))
    return tuple(
        InForce(
            unit,
            "on the key in the TPM, if it runs",
            "it restarts, which fails where its own configuration names the key, or files of {0}".format(directory),
            "remove these from its configuration, then systemctl restart {0}".format(unit),
            False,
        )
        for unit in units
    )
