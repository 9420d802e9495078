# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""apt and dpkg, whatever is installed with them. What they print is read in apt.py."""

from __future__ import annotations

import contextlib
import fcntl
import glob
import os
import struct
import tempfile
import time
from typing import Dict, Iterator, List, Mapping, Sequence, Set, Tuple

from .. import apt
from ..apt import Transaction
from ..errors import EdgesiteError
from . import command, processes
from .command import Result, Run
from .packages import Note, Patience, Program

LOCKS = ("/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock", "/var/lib/apt/lists/lock", "/var/cache/apt/archives/lock")
# struct flock of Linux: type, whence, start, length, pid
_FLOCK = "hhqqi4x"
_KEEP = ["-oDpkg::Options::=--force-confdef", "-oDpkg::Options::=--force-confold"]
# dpkg in apt's own group of processes, so that it ends with it where it has to be ended
_GET = ["-oDpkg::Use-Pty=0"]
_FIX = "Fix what it names, and run again; 'apt-get check' on the host lists broken dependencies"
_PAUSE = 2.0
_PARTS = "/etc/apt/sources.list.d/*"


def lockers() -> List[Tuple[int, str]]:
    """Who holds the locks of dpkg and apt, by pid and name. Asking for a lock's holder does not take it."""
    pids: List[int] = []
    for path in LOCKS:
        try:
            with open(path, "rb") as lock:
                asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
                kind, _whence, _start, _length, pid = struct.unpack(_FLOCK, fcntl.fcntl(lock, fcntl.F_GETLK, asked))
        except OSError:
            continue
        if kind != fcntl.F_UNLCK and pid not in pids:
            pids.append(pid)
    return [(pid, processes.name(pid) or "unknown") for pid in pids]


def policy(run: Run, names: Sequence[str]) -> str:
    """What apt-cache tells of the packages, without waiting for anybody; empty where there is no apt."""
    program = command.find("apt-cache")
    return run([program, "policy", *names]).text if program else ""


class Apt:
    """Each method raises EdgesiteError where its program fails, with what that complained about."""

    def __init__(self, run: Run, note: Note, patience: Patience, options: Sequence[str] = ()) -> None:
        self._run = run
        self._program = Program(run, note, patience, {"DEBIAN_FRONTEND": "noninteractive"})
        self._note = note
        self._patience = patience
        self._options = options

    @contextlib.contextmanager
    def aside(self, sources: Mapping[str, str]) -> Iterator[Apt]:
        """apt with package lists of its own, which are empty and go away, so that check mode can update them.

        sources: texts of further files of sources, by path.
        """
        with tempfile.TemporaryDirectory(prefix="edgesite-gpu-") as folder:
            lists, parts = os.path.join(folder, "lists"), os.path.join(folder, "sources")
            os.mkdir(lists)
            os.mkdir(parts)
            for path in {*glob.glob(_PARTS)} - {*sources}:
                os.symlink(path, os.path.join(parts, os.path.basename(path)))
            for path, text in sources.items():
                with open(os.path.join(parts, os.path.basename(path)), "w", encoding="utf-8") as stream:
                    stream.write(text)
            options = ["-oDir::State::Lists=" + lists, "-oDir::Cache::pkgcache=", "-oDir::Cache::srcpkgcache="]
            yield Apt(self._run, self._note, self._patience, [*options, "-oDir::Etc::SourceParts=" + parts])

    def broken(self) -> bool:
        """Whether an earlier installation was not finished, or what is installed does not fit together."""
        return not self._get(["check"], "check for broken packages").ok

    def repair(self) -> None:
        """Finishes what an earlier installation left, as far as that can be done."""
        dpkg = [_path("dpkg"), "--force-confdef", "--force-confold", "--configure", "--pending"]
        self._locking(dpkg, "finish an interrupted installation")
        self._get([*_KEEP, "--yes", "--fix-broken", "install"], "finish an interrupted installation")

    def run_triggers(self) -> None:
        """Has packages do what they have to do yet for others."""
        done = self._locking([_path("dpkg"), "--triggers-only", "--pending"], "run package triggers")
        self._done(done, "run package triggers")

    def components(self) -> Set[str]:
        """Of the sources, such as main."""
        argv = [_path("apt-get"), "indextargets", "--format", "$(COMPONENT)", "Created-By: Packages"]
        return set(self._program(argv, "read the package sources").text.split())

    def update(self, source: str = "") -> str:
        """Gets the lists of packages, of one source alone where that is named; what apt complains about, empty for
        nothing. That may be of sources that do not matter."""
        only = ["-oDir::Etc::SourceList=" + source, "-oDir::Etc::SourceParts=-", "-oAPT::Get::List-Cleanup=0"]
        quick = ["-oAcquire::Retries=2", "-oAcquire::http::Timeout=20", "-oAcquire::https::Timeout=20"]
        strict = ["-oAPT::Update::Error-Mode=any", *quick, *only] if source else []
        done = self._get(["update", *strict], "update the package lists")
        # Older releases know no Error-Mode, and call old lists a success.
        return "" if done.ok and "\nErr:" not in "\n" + done.text else said(done)

    def offered(self, names: Sequence[str]) -> Dict[str, List[str]]:
        """Versions by package, the newest first."""
        found = self._program([_path("apt-cache"), *self._options, "madison", *names], "list available versions")
        return apt.offered(found.text)

    def candidate(self, name: str) -> str:
        """What apt-cache policy tells of a package."""
        return self._program([_path("apt-cache"), "policy", name], "list available versions").text

    def simulate(self, arguments: Sequence[str]) -> Transaction:
        """What apt would do."""
        done = self._get([*_KEEP, "--assume-no", *arguments], "see what apt would do")
        return apt.transaction(done.text + "\n" + done.error)

    def download(self, arguments: Sequence[str]) -> None:
        """Gets the packages, and installs none."""
        self._done(
            self._get([*_KEEP, "--yes", "--download-only", *arguments], "download packages"), "download packages"
        )

    def install(self, arguments: Sequence[str]) -> None:
        """Does what simulate() told of."""
        self._done(self._get([*_KEEP, "--yes", *arguments], "install packages"), "install packages")

    def simulate_removal(self, names: Sequence[str]) -> Transaction:
        """What remove() would do."""
        done = self._get(["--assume-no", "purge", *names], "see what apt would do")
        return apt.transaction(done.text + "\n" + done.error)

    def remove(self, names: Sequence[str]) -> None:
        """Removes packages with their configuration; none are fine."""
        if names:
            self._done(self._get(["--yes", "purge", *names], "remove packages"), "remove packages")

    def mark(self, how: str, names: Sequence[str]) -> None:
        """Holds packages (hold) or lets them go (unhold); none are fine."""
        if names:
            done = self._locking([_path("apt-mark"), how, *names], how + " packages")
            self._done(done, how + " packages")

    def _get(self, arguments: Sequence[str], doing: str) -> Result:
        return self._locking([_path("apt-get"), *_GET, *self._options, *arguments], doing)

    def _locking(self, argv: Sequence[str], doing: str) -> Result:
        """Runs what takes a lock, again where another program has it."""
        end = time.monotonic() + self._patience.lock
        while True:
            done = self._program(argv, doing)
            if done.ok or not apt.locked(done.error):
                return done
            who = ", ".join("{1} (pid {0})".format(*one) for one in lockers()) or "another program"
            if time.monotonic() >= end:
                raise EdgesiteError(
                    "{0} has been changing packages for more than {1:.0f} s".format(who, self._patience.lock),
                    "Run again when it has finished, or set {0} higher".format(self._patience.lock_option),
                )
            self._note("wait for {0}, which is changing packages".format(who))
            time.sleep(min(_PAUSE, max(0.0, end - time.monotonic())))

    @staticmethod
    def _done(result: Result, what: str) -> None:
        if not result.ok:
            raise EdgesiteError("Cannot {0}: {1}".format(what, said(result)), _FIX)


def said(result: Result) -> str:
    """What a program of apt's complained about, in one line."""
    found = apt.complaints(result.text + "\n" + result.error)
    return " ".join(found) or result.error.strip() or "it exited with code {0} and said nothing".format(result.rc)


def _path(program: str) -> str:
    return command.find(program) or program
