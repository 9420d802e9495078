# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""That encrypted volumes stay, with what opens them at boot."""

from __future__ import annotations

from typing import Tuple

from ..common.effects import CRYPTTAB, FSTAB
from ..common.footprint import Kept
from . import tab_file
from .plan import CRYPTTAB_END

PACKAGES = ("cryptsetup", "cryptsetup-bin", "systemd-cryptsetup", "xfsprogs")
_WHY = "its data stays, and so do its keys, which are in its header, and the lines in {0} and {1} that open it at boot"


def kept(crypttab: str, fstab: str) -> Tuple[Kept, ...]:
    """The volumes whose line in crypttab is one of this collection."""
    names = {line[0]: line[1] for line in tab_file.entries(crypttab) if line[2:] == CRYPTTAB_END}
    return tuple(
        Kept("volume {0} ({1})".format(name, device), _WHY.format(CRYPTTAB, FSTAB), _by_hand(name, fstab))
        for name, device in sorted(names.items())
    )


def _by_hand(name: str, fstab: str) -> str:
    mount = tab_file.find(fstab, 0, "/dev/mapper/" + name)
    unmount = "umount {0}; ".format(mount[1]) if mount and len(mount) > 1 else ""
    return (
        "save its data; {0}cryptsetup close {1}; remove its lines from {2} and {3}; then cryptsetup erase, with "
        "its device, makes its data unreadable for good"
    ).format(unmount, name, CRYPTTAB, FSTAB)
