# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a variable cannot be evaluated, in words for who wrote it."""

from __future__ import annotations

import re
from typing import Any, Mapping

from ...module_utils.common import lines
from ...module_utils.common.errors import EdgesiteError

_PASSWORD = "Give the vault's password, as with --vault-password-file or --ask-vault-pass"
# What Ansible 2.18 to 2.21 says of the commonest reasons, what is said instead, and the fix
_KNOWN = (
    ("no vault secrets found", "it is encrypted, and no vault password was given", _PASSWORD),
    ("no vault secrets were found", "it is encrypted, and no given vault password opens it", _PASSWORD),
    (
        "undecryptable|not vault encrypted|vaulttext|decryption failed|odd-length|non-hexadecimal",
        "its encrypted text is damaged",
        "Encrypt it again with 'ansible-vault encrypt_string --name {0}'",
    ),
    (
        "recursive loop|recursion depth",
        "it refers to itself",
        "Give it a value of its own, or refer to a variable of another name",
    ),
    ("resolved to an omit", "it is omit, which only an option of a task can be", "Remove {0} where it is not wanted"),
)
_BEFORE = re.compile(
    r"(error rendering template|unexpected templating type error occurred on \(.*\)|.*original message): ", re.I
)
_LOOK = "Define what it refers to, or correct it; 'ansible-inventory --host HOST' shows what {0} is set to"


def problem(name: str, error: Exception, spec: Mapping[str, Any]) -> EdgesiteError:
    """The problem of a variable."""
    raw = lines.in_one(str(error))
    for pattern, why, fix in _KNOWN:
        if re.search(pattern, raw, re.I):
            return _problem(name, why, fix)
    if spec.get("no_log"):
        return EdgesiteError(
            "{0} cannot be evaluated; the reason is not shown, as it may hold the secret".format(name),
            "Define what it refers to; write '!unsafe' before a secret with {{ or {% in it",
        )
    return _problem(name, _BEFORE.sub("", raw), _LOOK)


def _problem(name: str, why: str, fix: str) -> EdgesiteError:
    return EdgesiteError("{0} cannot be evaluated: {1}".format(name, why), fix.format(name))
