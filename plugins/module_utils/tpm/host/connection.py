# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Talking to a TPM through tpm2-tools: one tool after the other, with what they load taken away again."""

from __future__ import annotations

import contextlib
import os
import tempfile
from typing import Callable, Iterator, List, Optional

from ...common.errors import EdgesiteError
from ...common.host import command, device_files
from ...common.unanswered import Unanswered
from .. import errors, properties
from .. import public as tpm_public
from ..errors import TpmError
from ..public import Public
from . import patience as tpm_patience
from . import read

# Slow TPMs take up to two seconds for one command, and a tool sends several
_SECONDS = 30.0
# a chip that looks for primes of an RSA key
SECONDS_FOR_A_KEY = 120.0
STDIN, STDOUT = "/dev/stdin", "/dev/stdout"
_INSTALL = "Install the package tpm2-tools on the host"


class Connection:
    """One TPM. Raises EdgesiteError, of which TpmError is the kind that the TPM itself raised."""

    def __init__(
        self, run: command.Run, tcti: Optional[str] = None, root: str = "/", patience: float = tpm_patience.SECONDS
    ) -> None:
        self.run = tpm_patience.patient(run, patience)
        self.root = root
        found = tcti or read.default_tcti(root)
        if found is None:
            raise EdgesiteError(
                "This host has no TPM: neither /dev/tpmrm0 nor /dev/tpm0 exists",
                "Enable the TPM in the firmware's setup, or remove the variables that need one for this host",
            )
        self.tcti = found
        # With a resource manager each program has the TPM for itself, and what it loaded goes when it ends.
        self.managed = found.startswith(("tabrmd", "device:/dev/tpmrm"))

    def ask(
        self,
        tool: str,
        *arguments: str,
        data: Optional[bytes] = None,
        timeout: float = _SECONDS,
        what: str = "",
        password: str = "owner",
    ) -> bytes:
        """A tool's output. what: what it does, for a message; password: whose the TPM will ask for."""
        path = command.find(tool)
        if path is None:
            raise EdgesiteError("{0} is not installed on this host".format(tool), _INSTALL)
        try:
            answer = self.run([path, "-T", self.tcti, *arguments], data, timeout)
        except Unanswered as error:
            raise Unanswered("{0}: {1}{2}".format(what or tool, error.problem, self._holder()), error.fix) from error
        if not answer.ok:
            raise self._error(tool, answer, what, password)
        return answer.stdout

    def persistent(self) -> List[int]:
        """The handles of what is kept in the TPM."""
        return self._handles("handles-persistent")

    def read_public(self, handle: int) -> Optional[Public]:
        """The public area of what is at a handle; None where nothing is."""
        try:
            return self.public(properties.index(handle))
        except TpmError as error:
            if error.tpm_status == "no_object":
                return None
            raise

    def public(self, name: str) -> Public:
        """The public area of an object, by its name as tools take it."""
        data = self.ask("tpm2_readpublic", "-Q", "-c", name, "-o", STDOUT, what="reading " + name)
        try:
            return tpm_public.parse(data)
        except tpm_public.NotPublic as error:
            raise EdgesiteError(
                "The key at {0} cannot be used: {1}".format(name, error),
                "Look at it with 'tpm2_readpublic -c {0}' on the host, and use another key".format(name),
            ) from error

    @contextlib.contextmanager
    def folder(self) -> Iterator[str]:
        """A folder for this user alone, in memory where there is /run."""
        place = os.path.join(self.root, "run")
        where = place if os.access(place, os.W_OK) else None
        try:
            with tempfile.TemporaryDirectory(prefix="edgesite-tpm-", dir=where) as made:
                yield made
        except OSError as error:
            raise EdgesiteError(
                "cannot use a temporary folder: {0}".format(error), "Free space in /run and /tmp on the host"
            ) from error

    @contextlib.contextmanager
    def loading(
        self,
        folder: str,
        ours: Callable[[Public], bool],
        tool: str,
        *arguments: str,
        data: Optional[bytes] = None,
        what: str = "",
        password: str = "owner",
    ) -> Iterator[str]:
        """What a tool loads, as other tools take it; afterwards it is no longer loaded. ours tells it from the others.

        Without a resource manager it stays where the tool left it, which the tool does not say; and to use it by its
        context file would load it once more.
        """
        context = os.path.join(folder, "context")
        before = [] if self.managed else self._handles("handles-transient")
        try:
            ask = {"data": data, "timeout": SECONDS_FOR_A_KEY, "what": what, "password": password}
            self.ask(tool, "-Q", *arguments, "-c", context, **ask)
        except EdgesiteError:
            # it may have failed after it had loaded it
            with contextlib.suppress(EdgesiteError):
                self._flush(self._new(before, ours))
            raise
        handle = self._new(before, ours)
        try:
            yield context if handle is None else properties.index(handle)
        finally:
            self._flush(handle)

    def _new(self, before: List[int], ours: Callable[[Public], bool]) -> Optional[int]:
        """The handle of the object that was loaded meanwhile. Other programs may have loaded theirs."""
        if self.managed:
            return None
        for handle in self._handles("handles-transient"):
            # not that of another program, whatever kind of object it is
            with contextlib.suppress(EdgesiteError):
                public = None if handle in before else self.read_public(handle)
                if public is not None and ours(public):
                    return handle
        return None

    def _flush(self, handle: Optional[int]) -> None:
        if handle is not None:
            self.ask("tpm2_flushcontext", "-Q", properties.index(handle), what="unloading the key")

    def _handles(self, kind: str) -> List[int]:
        return properties.parse_handles(self.ask("tpm2_getcap", kind).decode("utf-8", "replace"))

    def _error(self, tool: str, answer: command.Result, what: str, password: str) -> EdgesiteError:
        what = what or tool
        known = errors.explain(answer.error, what, password)
        if known is not None:
            holder = self._holder() if known.tpm_status == "busy" else ""
            known.problem += holder
            return known
        if answer.rc is None:
            return EdgesiteError("{0}: {1}".format(what, answer.error), _INSTALL)
        said = properties.parse_error(answer.error)
        return EdgesiteError("{0}: {1} says: {2}".format(what, tool, said), "Run 'dmesg | grep -i tpm' on the host")

    def _holder(self) -> str:
        """Who holds the TPM, for the end of a message."""
        kind, _colon, device = self.tcti.partition(":")
        found = device_files.holders_of(device, self.root) if kind == "device" and device else []
        return "".join(": {0} (process {1})".format(one.name or "a program", one.pid) for one in found)
