# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the keys of a site's CA are encrypted, and those that are still to be created will be."""

from __future__ import annotations

import os
import shlex
from typing import Any, Mapping, Optional

from ...module_utils.common import lines, writable
from ...module_utils.common.errors import EdgesiteError
from .. import controller_file
from . import crypto
from .texts import text

_KEYS = ("root.key", "issuing.key")
_ENCRYPT = "openssl pkcs8 -topk8 -in {0} -out {0}.new && mv {0}.new {0}"


def check(passphrases: Mapping[str, Any], folder: str) -> None:
    """Refuses what would leave a key as it is for everybody to use. passphrases: by the names of their options."""
    if not isinstance(passphrases, Mapping):
        raise EdgesiteError(
            "site_ca_problem takes passphrases by the names of their variables, as a mapping",
            "Write {'site_ca_passphrase': site_ca_passphrase} | edgesite.gpu.site_ca_problem(site_ca_dir)",
        )
    writable.check({**passphrases, "site_ca_dir": folder})
    for option, value in passphrases.items():
        wrong = _wrong(value)
        if wrong:
            raise EdgesiteError(
                "{0} is {1}, but the CA's keys have to be encrypted".format(option, wrong),
                "Set it to text in quotes, and keep it in a vault; the playbooks pass identity_ca_passphrase as "
                "site_ca_passphrase",
            )
    folder = os.path.expanduser(os.path.expandvars(lines.checked("site_ca_dir", folder, lines.TEXT)))
    bare = [path for path in (os.path.join(folder, name) for name in _KEYS) if _is_bare(path)]
    if bare:
        raise EdgesiteError(
            "Not encrypted: {0}; an earlier run had no passphrase".format(", ".join(bare)),
            "If nothing was issued yet, remove root.* and issuing.* from {0} and run again. Otherwise encrypt with "
            "the passphrase of the inventory: {1}".format(
                folder, "; ".join(_ENCRYPT.format(shlex.quote(path)) for path in bare)
            ),
        )


def opened(path: str, passphrase: Optional[str]) -> Any:
    """A private key. passphrase: None for a key that is not encrypted. Raises ValueError, which says why it cannot be.

    The library says the same of a wrong passphrase and of a file that is no key.
    """
    try:
        secret = None if passphrase is None else str(passphrase).encode()
        return crypto.load_pem_private_key(controller_file.read(path), secret)
    except OSError as error:
        raise ValueError(error.strerror or "it cannot be read") from error
    except TypeError as error:
        raise ValueError(
            "the key is encrypted, and there is none" if passphrase is None else "the key is not encrypted"
        ) from error
    except (ValueError, crypto.UnsupportedAlgorithm) as error:
        raise ValueError("it is not the key's passphrase, or the file is not a private key in PEM") from error


def _wrong(value: Any) -> Optional[str]:
    written = text("" if value is None else value)
    if written is None:
        return "not text"
    return None if written.strip() else "empty"


def _is_bare(path: str) -> bool:
    """Whether a file holds a private key in PEM that needs no passphrase."""
    try:
        found = controller_file.read(path)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise EdgesiteError(
            "Cannot read {0}: {1}".format(path, error.strerror), "Give the playbook's user access to it"
        ) from error
    return b"PRIVATE KEY-----" in found and b"ENCRYPTED" not in found
