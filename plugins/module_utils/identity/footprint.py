# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""That a host's identity stays: a key is not to be had again, and its certificate is revoked, not forgotten."""

from __future__ import annotations

from typing import Tuple

from ..common.footprint import Kept
from ..tpm.key import STORAGE_KEY
from ..tpm.properties import index

PACKAGES = ("tpm2-tools",)


def kept(folder: str) -> Tuple[Kept, ...]:
    """What stays of the identity in a folder."""
    handle = index(STORAGE_KEY)
    return (
        Kept(
            folder,
            "keys that only this host's TPM can use, their certificates, trusted roots and revocation list",
            "end the identity first, with the playbook edgesite.gpu.decommission; then rm -r {0}".format(folder),
        ),
        Kept(
            "the TPM's storage key at {0}".format(handle),
            "the keys above are under it, and those of other programs may be",
            "tpm2_evictcontrol -C o -c {0}".format(handle),
        ),
    )
