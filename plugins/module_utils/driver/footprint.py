# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the layer driver keeps on a host beside packages: what goes with a removal, and what these need yet.

removal.py, in contrast, takes the packages away, and then all of it.
"""

from __future__ import annotations

from typing import List, Mapping, Optional, Sequence, Tuple

from ..common import effects
from ..common.footprint import InForce, Kept
from . import files, parts

MASK = effects.UNITS + "/{0}.service"
# Written with a comment at their beginning; keys have none, and are this collection's by their name
MARKED = (
    *(files.APT_SOURCE, files.APT_PIN, files.UNATTENDED),
    *(files.DNF_REPOSITORY, files.PERSISTENCED_DROP_IN),
)
# dnf locks versions with it
PLUGIN = "python3-dnf-plugin-versionlock"
PLAIN = (files.APT_KEY, files.DNF_KEY, files.TRANSACTION, files.INITRAMFS)
FOLDERS = (files.PERSISTENCED_DROP_IN.rpartition("/")[0],)
_FILES = {
    files.NOUVEAU: (
        "without it nouveau may take the cards from the driver at the next boot",
        "rm {0}, then update-initramfs -u -k all, or dracut --force --regenerate-all".format(files.NOUVEAU),
    ),
    files.DNF_STREAM: (
        "it belongs to dnf, and names the stream of the driver's packages",
        "dnf module reset nvidia-driver",
    ),
    files.DNF_KEY: (
        "rpm has imported the key in {0}, and keeps it".format(files.DNF_KEY),
        "rpm -q gpg-pubkey --qf '%{NAME}-%{VERSION} %{SUMMARY}\\n' lists keys; rpm -e removes one",
    ),
    files.TRANSACTION: (
        "an earlier run was interrupted while it changed packages",
        "dpkg --configure --pending, or dnf check",
    ),
    files.INITRAMFS: (
        "an earlier run did not get to rebuild the initramfs",
        "update-initramfs -u -k all, or dracut --force --regenerate-all",
    ),
}
# What stays of a file that itself goes
_INSTEAD = {
    files.DNF_KEY: "the key of the driver's packages, in rpm's database",
    files.TRANSACTION: "driver packages that may be incomplete",
    files.INITRAMFS: "an outdated initramfs",
}


def read() -> Sequence[str]:
    """Every file that has to be read for this."""
    return [*MARKED, *PLAIN, files.NOUVEAU, files.DNF_STREAM, files.HOLDS]


def kept(
    packages: Sequence[str], there: Mapping[str, str], links: Mapping[str, str], masked: Sequence[str]
) -> Tuple[Kept, ...]:
    """there: files by path. links: that start services of the driver at boot. masked: such services."""
    found: List[Kept] = []
    if packages:
        by_hand = "the module edgesite.gpu.nvidia_driver with state: absent"
        found.append(Kept("packages: " + " ".join(sorted(packages)), "packages stay, whoever installed them", by_hand))
    found += [Kept(_INSTEAD.get(path, path), *words) for path, words in _FILES.items() if path in there]
    found += [_service(path, "disable", "starts at boot, as the driver needs it") for path in sorted(links)]
    return (*found, *(_service(path, "unmask", "is masked, whoever did it") for path in sorted(masked)))


def _service(path: str, verb: str, words: str) -> Kept:
    unit = path.rpartition("/")[2]
    return Kept(path, "{0} {1}".format(unit, words), "systemctl {0} {1}".format(verb, unit))


def in_force(there: Mapping[str, Optional[str]]) -> Tuple[InForce, ...]:
    """What the drop-in has set."""
    if there.get(files.PERSISTENCED_DROP_IN) is None:
        return ()
    return (
        InForce("persistence mode of all GPUs", "on", "a reboot or a reload of the driver", "nvidia-smi -pm 0", True),
    )


def masks() -> List[str]:
    """The links by which a service of the driver is masked."""
    return [MASK.format(service) for service in (parts.PERSISTENCED, parts.FABRIC_MANAGER)]
