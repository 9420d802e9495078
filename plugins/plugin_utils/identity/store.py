# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the controller remembers: which TPM is which host's, what proofs are under way, what certificates there are.

A folder, safe for several playbooks at once. A proof is kept from the challenge to the answer, taken once, and
forgotten after some hours: on a site of many hosts it may take that long until one of them has its turn.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import hmac
import json
import os
import re
import secrets
import tempfile
import time
from typing import Any, Dict, List, Optional, Sequence

from ...module_utils.core.errors import EdgesiteError

REVOKED, DECOMMISSIONED, READMITTED = "revoked", "decommissioned", "readmitted"
LIFETIME = 4 * 3600
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z", re.ASCII)
# community.crypto takes 20261122063000Z
_DATE_OF_CRL = re.compile(r"[-:T]")
_ID = re.compile(r"[0-9a-f]{32}\Z", re.ASCII)


class Store:
    """The folder identity_state_dir."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    @contextlib.contextmanager
    def alone(self):
        """Keeps other hosts' tasks and other playbooks out."""
        try:
            if not os.path.isdir(self.folder):
                raise EdgesiteError(
                    "There is no folder {0}, the option state_dir".format(self.folder),
                    "Mount it, or bring it back from a backup: it says which TPM is which host's. For a new site the "
                    "playbook edgesite.gpu.site_ca makes it; with a CA of your own, make it yourself",
                )
            for name in ("challenges", "devices"):
                os.makedirs(self._path(name), mode=0o700, exist_ok=True)
            with open(self._path("lock"), "w", encoding="ascii") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise EdgesiteError(
                "Cannot work in {0}, the option state_dir: {1}".format(self.folder, error.strerror or error),
                "Give a folder on the controller that lasts, has free space, and that the playbook's user can write to",
            ) from error

    # --- devices

    def device(self, host: str) -> Optional[Dict[str, Any]]:
        """What is known of a host; None for a new one."""
        if not _HOST.match(host):
            raise EdgesiteError(
                "{0!r} is no name that a device can have".format(host), "Use letters, digits, dots and dashes"
            )
        return self._read(self._path("devices", host + ".json"))

    def record_certificate(self, host: str, proof: Dict[str, Any], record: Dict[str, Any], now: float) -> None:
        """Notes a certificate that was issued after a proof, and the TPM that gave it."""
        new = {"ek_sha256": [], "certificates": [], "enrolled": _date(now), "retired": [], "decommissioned": None}
        known = self.device(host) or new
        known["certificates"].append({**record, "issued": _date(now)})
        endorsement = {key: proof[key] for key in ("ek_trust", "ek_issuer")}
        keys = _together(known["ek_sha256"], proof["ek_sha256"])
        self._write(self._path("devices", host + ".json"), {**known, **endorsement, "ek_sha256": keys})

    def check_device(self, host: str, ek_sha256: Sequence[str], pins: Sequence[str]) -> None:
        """Refuses a TPM that was decommissioned, another host's, and one that replaced the host's and is not pinned.

        ek_sha256: all its endorsement keys that are trusted. One of them is enough to know the TPM again.
        """
        shown = set(ek_sha256)
        for other in self.devices():
            known = self.device(other) or {}
            if shown.intersection(known["retired"]):
                raise EdgesiteError(
                    "The TPM that {0} shows was decommissioned as {1} at {2}".format(
                        host, other, known["decommissioned"]
                    ),
                    "Take the host out of the inventory. If the machine is to come back, readmit it: "
                    "ansible-playbook edgesite.gpu.decommission -e edgesite_hosts={0} "
                    "-e edgesite_identity_end=readmitted".format(other),
                )
            if other != host and shown.intersection(known["ek_sha256"]):
                raise EdgesiteError(
                    "The TPM that {0} shows is that of {1}".format(host, other),
                    "See which machine answers at the address of {0}; if it is {1} with a new name, decommission {1} "
                    "and readmit it (playbook edgesite.gpu.decommission)".format(host, other),
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

    def devices(self) -> List[str]:
        """The hosts that are known."""
        names = sorted(os.listdir(self._path("devices")))
        return [name[: -len(".json")] for name in names if name.endswith(".json")]

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
            after["certificates"] = [{"revoked": _date(now), **one} for one in known["certificates"]]
        if how == DECOMMISSIONED and known["ek_sha256"]:
            after.update(ek_sha256=[], retired=known["retired"] + known["ek_sha256"], decommissioned=_date(now))
        if after != known and not check:
            self._write(self._path("devices", host + ".json"), after)
        return after != known

    def revoked(self) -> List[Dict[str, Any]]:
        """All certificates that were revoked, as community.crypto.x509_crl takes them."""
        return [
            {"serial_number": int(one["serial"], 16), "revocation_date": _DATE_OF_CRL.sub("", one["revoked"])}
            for host in self.devices()
            for one in (self.device(host) or {})["certificates"]
            if "revoked" in one
        ]

    # --- challenges

    def keep_challenge(self, host: str, csr_der: bytes, expected_answer: str, more: Dict[str, Any], name: str) -> None:
        """Remembers a proof that was asked for; of the answer no more than a hash."""
        self._forget_old()
        challenge = {
            "host": host,
            "csr_sha256": hashlib.sha256(csr_der).hexdigest(),
            "answer_sha256": hashlib.sha256(expected_answer.encode()).hexdigest(),
            "made": int(time.time()),
        }
        self._write(self._path("challenges", name + ".json"), {**more, **challenge})

    def take_challenge(self, name: str, host: str, csr_der: bytes, answer: str) -> Dict[str, Any]:
        """The proof of this name, which can be taken once: whatever follows, the next try takes a new one."""
        path = self._path("challenges", name + ".json")
        challenge = self._read(path) if _ID.match(name) else None
        if challenge is None:
            raise EdgesiteError(
                "There is no open challenge {0}: it was answered before, or never made by this controller".format(name),
                "Run the role identity again: it makes a new one",
            )
        os.unlink(path)
        again = "Run the role identity again: it asks for a new proof"
        if time.time() - challenge["made"] > LIFETIME:
            raise EdgesiteError(
                "The answer came more than {0} hours after the challenge".format(LIFETIME // 3600), again
            )
        if challenge["host"] != host:
            raise EdgesiteError("The challenge was made for {0}, not for {1}".format(challenge["host"], host), again)
        if challenge["csr_sha256"] != hashlib.sha256(csr_der).hexdigest():
            raise EdgesiteError("The challenge was made for another certificate request", again)
        if not hmac.compare_digest(challenge["answer_sha256"], hashlib.sha256(answer.encode()).hexdigest()):
            raise EdgesiteError(
                "The answer is wrong: the host did not show that its TPM holds the key of the request",
                "Look at the TPM of the host; if it is the right machine, run again",
            )
        return challenge

    def _forget_old(self):
        for name in os.listdir(self._path("challenges")):
            path = self._path("challenges", name)
            if time.time() - os.stat(path).st_mtime > LIFETIME:
                os.unlink(path)

    # --- files

    def _path(self, *names):
        return os.path.join(self.folder, *names)

    def _read(self, path):
        try:
            with open(path, encoding="utf-8") as stream:
                return json.load(stream)
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise EdgesiteError("{0} is damaged: {1}".format(path, error), "Bring it back from a backup") from error

    def _write(self, path, content):
        descriptor, draft = tempfile.mkstemp(dir=self.folder, prefix=".draft-")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                json.dump(content, stream, indent=2, sort_keys=True)
                stream.write("\n")
                stream.flush()
                os.fsync(stream.fileno())
            os.rename(draft, path)
        except OSError:
            os.unlink(draft)
            raise


def _together(known, shown):
    """The endorsement keys of a device: all that its TPM ever showed, or those of the new one where it was replaced."""
    return list(shown) if set(known).isdisjoint(shown) else [*known, *(one for one in shown if one not in known)]


def _date(now):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))


def new_challenge_id() -> str:
    """A name that nobody can guess."""
    return secrets.token_hex(16)
