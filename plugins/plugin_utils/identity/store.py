# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the controller remembers: which TPM is which host's, what proofs are under way, what certificates there are.

A folder, safe for several playbooks at once. A proof is kept from the challenge to the answer, taken once, and
forgotten after some hours: on a site of many hosts it may take that long until one of them has its turn.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import re
import secrets
import stat
import time
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence

from ...module_utils.common import lines
from ...module_utils.common.errors import EdgesiteError, shown
from . import records, state_files

REVOKED, DECOMMISSIONED, READMITTED = "revoked", "decommissioned", "readmitted"
LIFETIME = 4 * 3600
# community.crypto takes 20261122063000Z
_DATE_OF_CRL = re.compile(r"[-:T]")
_ID = re.compile(r"[0-9a-f]{32}\Z", re.ASCII)
_SUFFIX = ".json"


def check_name(host: str) -> None:
    """Refuses a name that could not be that of a file."""
    if not lines.fits(host, lines.HOST):
        raise EdgesiteError(
            "{0} cannot be the name of a device".format(shown(host)),
            "Rename the host in the inventory, with letters, digits, dots, dashes and _",
        )


class Store:
    """The folder identity_state_dir."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Keeps other hosts' tasks and other playbooks out."""
        with self._usable():
            for name in ("challenges", "devices"):
                state_files.make_folder(self._path(name))
            with state_files.locked(self._path("lock")):
                yield

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """For who only reads: makes nothing, and waits for nobody, as records are replaced as a whole."""
        with self._usable():
            if os.path.lexists(self._path("devices")):
                state_files.make_folder(self._path("devices"))
            yield

    def check(self) -> None:
        """Raises where the folder, or what is noted in it of devices, could not be used. Writes nothing."""
        with self._usable():
            if os.path.isdir(self._path("devices")):
                self.devices()

    @contextlib.contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            self._check_folder()
            yield
        except OSError as error:
            place = "{0}: ".format(error.filename) if error.filename else ""
            raise EdgesiteError(
                "Cannot use the folder {0} for records of devices (state_dir): {1}{2}".format(
                    self.folder, place, error.strerror or error
                ),
                "Use a folder on the controller that is permanent, has free space, and that the playbook's user can "
                "write to",
            ) from error

    def _check_folder(self) -> None:
        if not os.path.isdir(self.folder):
            raise EdgesiteError(
                "The folder {0} for records of devices (state_dir) does not exist".format(self.folder),
                "Mount it, or restore it from a backup: it records which TPM belongs to which host. For a new "
                "site the playbook edgesite.gpu.site_ca creates it; with a CA of your own, create it yourself",
            )
        state_files.check_folder(self.folder)

    # --- devices

    def device(self, host: str) -> Optional[Dict[str, Any]]:
        """What is known of a host; None for a new one."""
        check_name(host)
        return _record(
            self._path("devices", host + _SUFFIX),
            records.device,
            "Restore it from a backup; if it does not belong to a device, move it out of this folder. Until then no "
            "host gets a certificate, since it could name a TPM that was decommissioned",
        )

    def record_certificate(self, host: str, proof: Mapping[str, Any], record: Mapping[str, Any], now: float) -> None:
        """Notes a certificate that was issued after a proof, and the TPM that gave it."""
        new: Dict[str, Any] = {
            "ek_sha256": [],
            "certificates": [],
            "enrolled": _date(now),
            "retired": [],
            "decommissioned": None,
        }
        known = self.device(host) or new
        known["certificates"].append({**record, "issued": _date(now)})
        endorsement = {key: proof[key] for key in ("ek_trust", "ek_issuer")}
        keys = _together(known["ek_sha256"], proof["ek_sha256"])
        self._write(self._path("devices", host + _SUFFIX), {**known, **endorsement, "ek_sha256": keys})

    def check_device(self, host: str, ek_sha256: Sequence[str], pins: Sequence[str]) -> None:
        """Refuses a TPM that was decommissioned, another host's, and one that replaced the host's and is not pinned.

        ek_sha256: all its endorsement keys that are trusted. One of them is enough to know the TPM again.
        """
        shown = set(ek_sha256)
        for other, known in self.devices().items():
            if shown.intersection(known["retired"]):
                raise EdgesiteError(
                    "The TPM that {0} shows was decommissioned as {1} at {2}".format(
                        host, other, known["decommissioned"]
                    ),
                    "Remove the host from the inventory. If the machine is to come back, readmit it: ansible-playbook "
                    "edgesite.gpu.decommission -e edgesite_hosts={0} -e edgesite_identity_end=readmitted".format(other),
                )
            if other != host and shown.intersection(known["ek_sha256"]):
                raise EdgesiteError(
                    "The TPM that {0} shows belongs to {1}".format(host, other),
                    "Check which machine answers at the address of {0}; if it is {1} with a new name, decommission "
                    "{1} and readmit it (playbook edgesite.gpu.decommission)".format(host, other),
                )
        before = (self.device(host) or {}).get("ek_sha256", [])
        if before and shown.isdisjoint([*before, *pins]):
            raise EdgesiteError(
                "The TPM of {0} is not the one that was enrolled: it was known by {1}, and shows {2}".format(
                    host, ", ".join(before), ", ".join(ek_sha256)
                ),
                "If its board was swapped, set identity_ek_sha256 of this host to what it shows now, and run again; if "
                "not, another machine answers in its place",
            )

    def devices(self) -> Dict[str, Dict[str, Any]]:
        """What is known of each host. Files with names that no host can have, such as an editor's, do not count."""
        folder = self._path("devices")
        names = [os.path.splitext(name) for name in sorted(os.listdir(folder))] if os.path.lexists(folder) else []
        found = {
            host: self.device(host) for host, suffix in names if suffix == _SUFFIX and lines.fits(host, lines.HOST)
        }
        return {host: known for host, known in found.items() if known is not None}

    def end(self, host: str, how: str, now: float, check: bool) -> bool:
        """Notes that a host's certificates are revoked, its TPM decommissioned as well, or that TPM readmitted.

        Returns whether that was news; with check, nothing is written.
        """
        known = self.device(host)
        if known is None:
            return False
        after = dict(known)
        if how == READMITTED:
            after.update(retired=[], decommissioned=None)
        else:
            after["certificates"] = [
                {**one, "revoked": one.get("revoked") or _date(now)} for one in known["certificates"]
            ]
        if how == DECOMMISSIONED and known["ek_sha256"]:
            after.update(ek_sha256=[], retired=known["retired"] + known["ek_sha256"], decommissioned=_date(now))
        if after != known and not check:
            self._write(self._path("devices", host + _SUFFIX), after)
        return after != known

    def revoked(self) -> List[Dict[str, Any]]:
        """All certificates that were revoked, as community.crypto.x509_crl takes them."""
        return [
            {"serial_number": int(one["serial"], 16), "revocation_date": _DATE_OF_CRL.sub("", one["revoked"])}
            for known in self.devices().values()
            for one in known["certificates"]
            if one.get("revoked")
        ]

    # --- challenges

    def keep_challenge(
        self, host: str, csr_der: bytes, expected_answer: str, more: Mapping[str, Any], name: str
    ) -> None:
        """Remembers a proof that was asked for; of the answer no more than a hash."""
        self._forget_old()
        challenge = {
            "host": host,
            "csr_sha256": hashlib.sha256(csr_der).hexdigest(),
            "answer_sha256": _sha256(expected_answer),
            "made": int(time.time()),
        }
        self._write(self._path("challenges", name + _SUFFIX), {**more, **challenge})

    def take_challenge(self, name: str, host: str, csr_der: bytes, answer: str) -> Dict[str, Any]:
        """The proof of this name, which can be taken once: whatever follows, the next try takes a new one."""
        path = self._path("challenges", name + _SUFFIX)
        again = "Run the role identity again: it asks for a new proof"
        challenge = _record(path, records.challenge, "Remove it. " + again) if _ID.match(name) else None
        if challenge is None:
            raise EdgesiteError(
                "There is no open challenge {0}: it was already answered, or this controller never created it".format(
                    name
                ),
                again,
            )
        os.unlink(path)
        if time.time() - challenge["made"] > LIFETIME:
            raise EdgesiteError(
                "The answer came more than {0} hours after the challenge".format(LIFETIME // 3600), again
            )
        if challenge["host"] != host:
            raise EdgesiteError("The challenge was created for {0}, not for {1}".format(challenge["host"], host), again)
        if challenge["csr_sha256"] != hashlib.sha256(csr_der).hexdigest():
            raise EdgesiteError("The challenge was created for another certificate request", again)
        if not hmac.compare_digest(challenge["answer_sha256"], _sha256(answer)):
            raise EdgesiteError(
                "The answer is wrong: the host did not show that its TPM holds the key of the request",
                "Check the TPM of the host (edgesite.gpu.tpm_info); if it is the right machine, run again",
            )
        return challenge

    def _forget_old(self) -> None:
        for name in os.listdir(self._path("challenges")):
            stem, suffix = os.path.splitext(name)
            if suffix == _SUFFIX and _ID.match(stem):
                _forget(self._path("challenges", name))

    # --- files

    def _path(self, *names: str) -> str:
        return os.path.join(self.folder, *names)

    def _write(self, path: str, content: Mapping[str, Any]) -> None:
        state_files.write(path, content, draft=self._path(".draft"))


def _record(path: str, understood: Callable[[Any], Dict[str, Any]], fix: str) -> Optional[Dict[str, Any]]:
    """What was noted in a file; None where there is none. One that is damaged is never passed over."""
    try:
        return understood(state_files.read(path))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise EdgesiteError("{0} is damaged: {1}".format(path, error), fix) from error


def _forget(path: str) -> None:
    """Takes an old challenge away; what is no file is left to whoever put it there."""
    with contextlib.suppress(FileNotFoundError):
        found = os.lstat(path)
        if time.time() - found.st_mtime > LIFETIME and not stat.S_ISDIR(found.st_mode):
            os.unlink(path)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _together(known: Sequence[str], shown: Sequence[str]) -> List[str]:
    """The endorsement keys of a device: all that its TPM ever showed, or those of the new one where it was replaced."""
    return list(shown) if set(known).isdisjoint(shown) else [*known, *(one for one in shown if one not in known)]


def _date(now: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))


def new_challenge_id() -> str:
    """A name that nobody can guess."""
    return secrets.token_hex(16)
