# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a look at a whole host is given for its identity: the options of identity_store and of tpm_info."""

from __future__ import annotations

from typing import Any, Dict

_STORE = {
    "directory": {"type": "path", "required": True},
    "trust": {"type": "str"},
    "crl": {"type": "str"},
    "clock": {"type": "float", "required": True},
}
_TPM = {
    "gather": {"type": "list", "elements": "str", "required": True},
    "keys": {"type": "list", "elements": "str", "required": True, "no_log": False},
    "tcti": {"type": "str"},
}

OPTIONS = {
    "store": {"type": "dict", "required": True, "options": _STORE},
    "tpm": {"type": "dict", "required": True, "options": _TPM},
}
# Between them, as Ansible checks them
RULES: Dict[str, Any] = {}
