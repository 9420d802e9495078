# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""dnf, whatever is installed with it. What it prints is read in dnf.py."""

from __future__ import annotations

import re
from typing import Dict, List, Sequence

from .. import dnf
from ..errors import EdgesiteError
from . import command
from .command import Result, Run
from .packages import Note, Patience, Program

_FIX = "Fix what it names, and run again; 'dnf check' on the host lists problems of installed packages"
_NOT_LOCKED = re.compile(r"(no|not) .*lock", re.IGNORECASE)


class Dnf:
    """Each method raises EdgesiteError where dnf fails, with what it complained about.

    dnf itself waits for others that work with packages, for as long as it may take at all.
    """

    def __init__(self, run: Run, note: Note, patience: Patience) -> None:
        self._program = Program(run, note, patience, {})

    def offered(self, names: Sequence[str]) -> Dict[str, List[str]]:
        """Versions by package, the newest first."""
        done = self._dnf(["--refresh", "list", "--showduplicates", *names], "list available versions")
        # It fails where none of them is there; a source that does not answer is told as such.
        if not done.ok and "No matching Packages" not in done.error:
            raise EdgesiteError("Cannot list available versions: {0}".format(said(done)), _FIX)
        return dnf.offered(done.text)

    def stream(self, module: str, name: str) -> None:
        """Enables a stream of a module, and changes no package yet."""
        self._done(["module", "reset", module], "reset the stream of " + module)
        self._done(["module", "enable", name], "enable the stream " + name)

    def download(self, arguments: Sequence[str]) -> None:
        """Gets the packages, and installs none."""
        self._done(["--downloadonly", "install", *arguments], "download packages")

    def install(self, arguments: Sequence[str]) -> None:
        """Installs packages, also older ones than are there."""
        self._done(["install", *arguments], "install packages")

    def dependents(self, names: Sequence[str]) -> Sequence[str]:
        """What would go with packages, as it needs them."""
        argv = [command.find("dnf") or "dnf", "--assumeno", "--noautoremove", "remove", *names]
        return dnf.dependents(self._program(argv, "see what dnf would remove").text)

    def remove(self, names: Sequence[str]) -> None:
        """Removes packages, and nothing that only they needed; none are fine."""
        if names:
            self._done(["--noautoremove", "remove", *names], "remove packages")

    def hold(self, names: Sequence[str]) -> None:
        """Locks the versions of packages; none are fine."""
        if not names:
            return
        if self._dnf(["versionlock", "list"], "list locked versions").rc != 0:
            # Only then, as this needs a repository that answers.
            self._done(["install", "python3-dnf-plugin-versionlock"], "install the versionlock plugin")
        self._done(["versionlock", "add", *names], "lock versions")

    def unhold(self, names: Sequence[str]) -> None:
        """Lets packages change again; none, and those that are not locked, are fine."""
        if names:
            done = self._dnf(["versionlock", "delete", *names], "unlock versions")
            if not done.ok and not _NOT_LOCKED.search(done.text + done.error):
                raise EdgesiteError("Cannot unlock versions: {0}".format(said(done)), _FIX)

    def _done(self, arguments: Sequence[str], doing: str) -> None:
        done = self._dnf(arguments, doing)
        if not done.ok:
            raise EdgesiteError("Cannot {0}: {1}".format(doing, said(done)), _FIX)

    def _dnf(self, arguments: Sequence[str], doing: str) -> Result:
        return self._program([command.find("dnf") or "dnf", "--assumeyes", *arguments], doing)


def said(result: Result) -> str:
    """What dnf complained about, in one line."""
    found = dnf.complaints(result.text + "\n" + result.error)
    return " ".join(found) or result.error.strip() or "it exited with code {0} and said nothing".format(result.rc)
