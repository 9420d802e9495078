# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What apt offers and would do, and what it means for the driver."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Dict, List, Mapping, Sequence, Set, Tuple

from ..common import apt, lines
from ..common.apt import MIB, Transaction
from ..common.errors import EdgesiteError
from .packages import branch_in_name, is_driver_package
from .plan import Packages
from .versions import driver_version, order

ARCHIVES, USR, VAR, BOOT = "/var/cache/apt/archives", "/usr", "/var/lib", "/boot"
# What DKMS needs to build the modules, and an initramfs made anew, beside what apt says
_BUILD = 700 * MIB
_INITRAMFS = 150 * MIB


def choose(offered: Mapping[str, Sequence[str]], packages: Packages) -> Dict[str, str]:
    """The version of each package that is to be of the driver's; offered: versions by package, the newest first."""
    chosen = version(offered, packages)
    return {name: next(full for full in offered[name] if driver_version(full) == chosen) for name in packages.strict}


def arguments(offered: Mapping[str, Sequence[str]], packages: Packages) -> List[str]:
    """What apt-get install is told: each package with the version to install, others without."""
    chosen = choose(offered, packages)
    lacking = [name for name in packages.headers[:1] if name not in offered]
    if lacking:
        raise EdgesiteError(
            "{0} is needed to build the driver's modules, and no package source has it".format(lacking[0]),
            "Boot a kernel whose headers the package sources have, or add the source that the kernel came from",
        )
    # what follows a kernel's updates is not everywhere
    optional = set(packages.headers[1:])
    loose = [name for name in packages.loose if name in offered or name not in optional]
    return [*("{0}={1}".format(*one) for one in chosen.items()), *loose]


def version(offered: Mapping[str, Sequence[str]], packages: Packages) -> str:
    """The newest version of the driver that fits and that all packages have."""
    fitting = {name: _fitting(offered.get(name, ()), packages.glob) for name in packages.strict}
    lacking = [name for name in packages.strict if not fitting[name]]
    common = set.intersection(*fitting.values())
    if lacking or not common:
        raise EdgesiteError(
            "{0} is not available{1}: {2}".format(
                packages.words,
                "" if lacking else " in one version for all packages",
                "; ".join(_told(name, offered.get(name, ())) for name in lacking or packages.strict),
            ),
            "Set driver_branch or driver_version to what is available, or set another driver_source; if a mirror is "
            "still being filled, wait until it is complete",
        )
    return max(common, key=order)


def _fitting(versions: Sequence[str], glob: str) -> Set[str]:
    return {driver_version(full) for full in versions if fnmatchcase(_without_epoch(full), glob)}


def _without_epoch(full: str) -> str:
    """rpm's versions begin with an epoch where it is not 0, as 3:550.163.01-1.el9."""
    epoch, _colon, version = full.partition(":")
    return version if lines.as_int(epoch) is not None else full


def _told(name: str, versions: Sequence[str]) -> str:
    return "{0} is available as {1}".format(name, ", ".join(versions)) if versions else "there is no package " + name


def check(would: Transaction, packages: Packages, room: Mapping[str, Tuple[str, int]]) -> None:
    """Raises where apt refuses, would change what is not ours, or where a disk has too little room.

    room: the mount point of each folder, and its free bytes.
    """
    _check_branch(would.installed, packages)
    # apt complains of some disks too, but not of all
    needs = {ARCHIVES: would.download, USR: would.added, VAR: _BUILD if packages.dkms else 0, BOOT: _INITRAMFS}
    apt.check_space(needs, room, "the driver")
    if would.problems:
        raise EdgesiteError(
            "apt cannot install the driver: {0}".format(" ".join(would.problems)),
            "Run 'apt-mark showhold' on the host: it lists held packages, which may be the cause",
        )
    foreign = [name for name in would.held if name.partition(":")[0] not in packages.held]
    if foreign:
        raise EdgesiteError(
            "To install the driver, apt would change held packages: {0}".format(", ".join(foreign)),
            "If nobody needs them held, run 'apt-mark unhold {0}' on the host".format(" ".join(foreign)),
        )
    strangers = [name for name in would.removed if not is_driver_package(name)]
    if strangers:
        raise EdgesiteError(
            "To install the driver, apt would remove {0}".format(", ".join(strangers)),
            "If nobody needs them, remove them first: run 'apt-get remove {0}' on the host".format(" ".join(strangers)),
        )


def _check_branch(installed: Sequence[str], packages: Packages) -> None:
    """Ubuntu ends a branch by packages of its names that hold nothing and depend on those of the next branch."""
    wanted = {branch_in_name(name) for name in packages.strict} - {None}
    brought = {name: branch_in_name(name) for name in installed if is_driver_package(name)}
    others = {name: branch for name, branch in brought.items() if branch and branch not in wanted}
    if wanted and others:
        branch = max(others.values(), key=int)
        raise EdgesiteError(
            "{0} is wanted, but its packages only bring branch {1} here ({2}): the distribution has ended the "
            "branch".format(packages.words, branch, ", ".join(sorted(others))),
            "Set driver_branch: '{0}', or driver_source: nvidia".format(branch),
        )
