# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of luks_volume, for the module, a look at a whole host, and judgements before a run."""

from __future__ import annotations

from typing import Any, Dict

from ..common import action_options
from .volume import CIPHERS, FILE_SYSTEMS

VOLUMES = {
    "type": "list",
    "elements": "dict",
    "required": True,
    "options": {
        "name": {"type": "str", "required": True},
        "device": {"type": "str", "required": True},
        "mount": {"type": "str", "required": True},
        "filesystem": {"type": "str", "choices": list(FILE_SYSTEMS), "default": "ext4"},
        "mount_options": {"type": "str", "default": "defaults"},
        "cipher": {"type": "str", "choices": list(CIPHERS), "default": "aes-256-xts"},
    },
}

OPTIONS = {
    **action_options.INSTALLS,
    "escrow_dir": {"type": "path"},
    "volumes": VOLUMES,
    "recovery_certificate": {"type": "str", "required": True},
    "pcrs": {"type": "list", "elements": "int", "default": [7]},
    "signed_pcrs": {"type": "list", "elements": "int", "default": []},
    "pcrlock": {"type": "bool", "default": False},
    "recovery_keys": {"type": "list", "elements": "str", "default": [], "no_log": True},
    "wipe": {"type": "list", "elements": "str", "default": []},
}
# Between them, as Ansible checks them
RULES: Dict[str, Any] = {}
