# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings packages to the wanted driver, by apt or by dnf, and brings the earlier ones back."""

from __future__ import annotations

from typing import Callable, List, Mapping, Optional, Protocol, Sequence, Tuple

from ...common.errors import EdgesiteError, sentence
from ...common.host import apt, dnf, packages
from .. import apt as driver_apt
from ..files import APT_SOURCE
from ..options import MIRROR
from ..packages import DISTRIBUTION, is_driver_package
from ..plan import Packages

# What apt is told besides: pins and holds are ours here, and what is pinned may be older
_ARGUMENTS = [
    "--no-install-recommends",
    "--allow-downgrades",
    "--allow-change-held-packages",
    "--ignore-hold",
]
_FOLDERS = (driver_apt.ARCHIVES, driver_apt.USR, driver_apt.VAR, driver_apt.BOOT)
_NOT_THERE = (
    "Run 'curl -I' with its URL on the host to see whether it answers; driver_mirror.key has to be the key that a "
    "mirror is signed with"
)


class Manager(Protocol):
    """One package manager. repaired: whether an earlier installation was finished on the way."""

    repaired: bool

    def install(self, wanted: Packages, begin: Callable[[], None]) -> None:
        """Brings packages to the wanted driver; begin() is called when packages begin to change."""

    def foresee(self, wanted: Packages, sources: Mapping[str, str]) -> Optional[str]:
        """Check mode: the version that install() would bring, None where that cannot be known yet.

        Raises where it would not find the packages. sources: texts of files that it writes.
        """

    def restore(self, before: Sequence[str]) -> None:
        """Brings these packages back, with their versions, as far as that can be done."""

    def remove(self, names: Sequence[str]) -> None:
        """Removes packages."""

    def run_triggers(self) -> None:
        """Has packages do what they have to do yet for others."""

    def hold(self, names: Sequence[str], held: bool) -> None:
        """Holds packages, or lets them go."""


class AptManager:
    """See Manager."""

    def __init__(self, backend: apt.Apt, source: str) -> None:
        self.repaired = False
        self._apt = backend
        self._source = source

    def install(self, wanted: Packages, begin: Callable[[], None]) -> None:
        self._repair()
        names = self._names(self._apt, wanted)
        everything = [*_ARGUMENTS, "install", *names, *(name + "-" for name in wanted.remove)]
        driver_apt.check(self._apt.simulate(everything), wanted, packages.room(_FOLDERS))
        self._apt.download(everything)
        begin()
        # apt changes a held package only where it is named, and what it depends on is not.
        self._apt.mark("unhold", wanted.held)
        self._apt.install(everything)

    def foresee(self, wanted: Packages, sources: Mapping[str, str]) -> Optional[str]:
        # What is behind a key that the host does not have yet is known when it is there.
        if sources and self._source != DISTRIBUTION:
            return None
        with self._apt.aside(sources) as aside:
            offered, _names = self._offered(aside, wanted)
        return driver_apt.version(offered, wanted)

    def _names(self, backend: apt.Apt, wanted: Packages) -> List[str]:
        return self._offered(backend, wanted)[1]

    def _offered(self, backend: apt.Apt, wanted: Packages) -> Tuple[Mapping[str, Sequence[str]], List[str]]:
        """What there is, and what apt-get install is told, by lists of packages that are updated for it."""
        complaints = self._update(backend)
        offered = backend.offered([*wanted.strict, *wanted.loose])
        try:
            return offered, driver_apt.arguments(offered, wanted)
        except EdgesiteError as error:
            raise EdgesiteError(" ".join([sentence(error.problem), complaints]).strip(), error.fix) from error

    def _repair(self) -> None:
        if self._apt.broken():
            self.repaired = True
            self._apt.repair()

    def _update(self, backend: apt.Apt) -> str:
        """Gets the lists of packages; returns what apt complains about there.

        First those of the source alone: those of the internet are of no use on a site without, and take long to fail.
        """
        if self._source != DISTRIBUTION:
            complaints = backend.update(APT_SOURCE)
            if complaints:
                raise EdgesiteError(
                    "driver_source {0} cannot be used: {1}".format(self._source, complaints), _NOT_THERE
                )
        # What others lack does not matter as long as the driver is to be had.
        return "" if self._source == MIRROR else backend.update()

    def restore(self, before: Sequence[str]) -> None:
        self._apt.install([*_ARGUMENTS, "install", *before])

    def remove(self, names: Sequence[str]) -> None:
        self._repair()
        _refuse_strangers(self._apt.simulate_removal(names).removed, "apt-get remove")
        self._apt.remove(names)

    def run_triggers(self) -> None:
        self._apt.run_triggers()

    def hold(self, names: Sequence[str], held: bool) -> None:
        self._apt.mark("hold" if held else "unhold", names)


class DnfManager:
    """See Manager."""

    def __init__(self, backend: dnf.Dnf) -> None:
        self.repaired = False
        self._dnf = backend

    def install(self, wanted: Packages, begin: Callable[[], None]) -> None:
        chosen = driver_apt.choose(self._streamed(wanted), wanted)
        names = ["{0}-{1}".format(*one) for one in chosen.items()] + list(wanted.loose)
        erase = ["--allowerasing"] if wanted.remove else []
        self._dnf.unhold(wanted.held)
        self._dnf.download([*erase, *names])
        begin()
        self._dnf.install([*erase, *names])
        # After the others are there, as what needs one of the two would go with it.
        self._dnf.remove(wanted.remove)

    def foresee(self, wanted: Packages, sources: Mapping[str, str]) -> Optional[str]:
        # What another stream of a module offers, or another repository, shows once it is enabled.
        if wanted.stream is not None or sources:
            return None
        return driver_apt.version(self._dnf.offered(wanted.strict), wanted)

    def _streamed(self, wanted: Packages) -> Mapping[str, Sequence[str]]:
        if wanted.stream is not None:
            self._dnf.stream(wanted.stream.partition(":")[0], wanted.stream)
        return self._dnf.offered(wanted.strict)

    def restore(self, before: Sequence[str]) -> None:
        self._dnf.install(["--allowerasing", *before])

    def remove(self, names: Sequence[str]) -> None:
        _refuse_strangers(self._dnf.dependents(names), "dnf remove")
        self._dnf.remove(names)

    def run_triggers(self) -> None:
        """rpm's run with the transaction."""

    def hold(self, names: Sequence[str], held: bool) -> None:
        (self._dnf.hold if held else self._dnf.unhold)(names)


def _refuse_strangers(removed: Sequence[str], command: str) -> None:
    strangers = [name for name in removed if not is_driver_package(name)]
    if strangers:
        raise EdgesiteError(
            "Removing the driver would also remove packages that need it: {0}".format(", ".join(strangers)),
            "If nobody needs them, remove them first: run '{0} {1}' on the host".format(command, " ".join(strangers)),
        )
