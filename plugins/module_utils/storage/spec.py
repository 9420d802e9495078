# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The form of luks_volume's option volumes, for the module and for those who judge variables before a run."""

from __future__ import annotations

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
