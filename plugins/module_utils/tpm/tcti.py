# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How programs reach a TPM, as users write it: the TSS's name of a library, and what that one is told."""

from __future__ import annotations

import re

from ..common import lines
from ..common.lines import Kind

DEFAULT = "device:/dev/tpmrm0"
# Those of tpm2-tss 4
_LIBRARIES = (
    *("device", "tabrmd", "swtpm", "mssim", "cmd", "libtpms", "pcap"),
    *("spi-helper", "spi-ftdi", "spi-ltt2go", "i2c-helper", "i2c-ftdi"),
)
_KIND = Kind(
    re.compile(r"(?:{0})(?::[A-Za-z0-9_./:=,@+-]*)?".format("|".join(_LIBRARIES))),
    "a TCTI such as device:/dev/tpmrm0 or tabrmd:bus_type=system",
    "Begin it with the name of a TCTI library ({0}) and a colon; use letters, digits and _ . / : = , @ + -".format(
        ", ".join(_LIBRARIES)
    ),
)


def checked(option: str, written: str) -> str:
    """What was written, where it can be a TCTI."""
    return lines.checked(option, written, _KIND)
