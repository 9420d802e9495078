# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a run knows that a plan is the one that was approved: by a key that both runs have, or by the file's SHA-256."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Any, Dict, Mapping, NamedTuple

from ...module_utils.common import writable
from ...module_utils.common.errors import EdgesiteError, shown
from ...module_utils.site import plan_file
from ..identity import texts

# The key of the document
NAME = "hmac"
# The file is no secret, so whoever has it can try keys.
_LEAST = 32
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_NEW_KEY = "Set a text of at least {0} characters, such as that of 'openssl rand -hex 32'".format(_LEAST)


class Proof(NamedTuple):
    """What the run was given; each is empty where it was not."""

    key: str = ""
    sha256: str = ""


def given(key: Any, sha256: Any) -> Proof:
    """By edgesite_plan_key and edgesite_plan_sha256, one of which has to be there to apply a plan."""
    found = Proof(checked_key(key), _checked_sha256(sha256))
    if found == Proof():
        raise EdgesiteError(
            "edgesite_plan_file is set, but nothing that shows that the plan is the one that was approved",
            "Set edgesite_plan_key to the key with which it was made, or edgesite_plan_sha256 to what its run printed",
        )
    return found


def checked_key(key: Any) -> str:
    """The key, which is not shown; empty where there is none."""
    if key is None or key == "":
        return ""
    written = texts.text(key)
    if written is None:
        raise EdgesiteError("edgesite_plan_key is not text", _NEW_KEY + ", in quotes")
    writable.check({"edgesite_plan_key": written})
    if len(written) < _LEAST:
        raise EdgesiteError(
            "edgesite_plan_key has {0} characters: whoever has a plan could guess it".format(len(written)),
            _NEW_KEY,
        )
    return written


def _checked_sha256(sha256: Any) -> str:
    found = "" if sha256 is None else str(sha256).strip().lower()
    if found and not _SHA256.fullmatch(found):
        raise EdgesiteError(
            "edgesite_plan_sha256 is {0}, but has to be a SHA-256: 64 hexadecimal digits".format(shown(sha256)),
            "Set it to what the plan run printed, which is what 'sha256sum FILE' prints on the machine of that run",
        )
    return found


def sealed(document: Mapping[str, Any], key: str) -> Dict[str, Any]:
    """The document with its HMAC, where there is a key."""
    return {**document, NAME: _hmac(document, key)} if key else dict(document)


def check_bytes(content: bytes, path: str, proof: Proof) -> None:
    """Raises where the file has another SHA-256."""
    found = sha256(content)
    if proof.sha256 and not hmac.compare_digest(found, proof.sha256):
        raise EdgesiteError(
            "The SHA-256 of the plan {0} is {1}, and not {2} (edgesite_plan_sha256): it is another plan, or was "
            "changed".format(path, found, proof.sha256),
            "Set edgesite_plan_file to the file that the plan run wrote, and edgesite_plan_sha256 to what it printed",
        )


def check_document(document: Mapping[str, Any], path: str, proof: Proof) -> None:
    """Raises where the document was sealed with another key, with none, or was changed since."""
    if not proof.key:
        return
    if NAME not in document:
        raise EdgesiteError(
            "The plan {0} was made without a key, and edgesite_plan_key is set".format(path),
            "Set edgesite_plan_sha256 instead, or make a new plan with edgesite_plan_key set",
        )
    unsealed = {name: value for name, value in document.items() if name != NAME}
    if not hmac.compare_digest(_hmac(unsealed, proof.key), document[NAME]):
        raise EdgesiteError(
            "The plan {0} was made with another key than edgesite_plan_key, or was changed".format(path),
            "Set edgesite_plan_key to the key of the plan run, or make a new plan with this one",
        )


def sha256(content: bytes) -> str:
    """In hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def _hmac(document: Mapping[str, Any], key: str) -> str:
    return hmac.new(key.encode("utf-8"), plan_file.canonical(document), hashlib.sha256).hexdigest()
