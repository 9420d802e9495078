# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of nvidia_driver, for the module and for a look at a whole host."""

from __future__ import annotations

from typing import Any, Dict

from ..common import action_options

_MIRROR = {
    "url": {"type": "str"},
    "path": {"type": "path"},
    "suite": {"type": "str", "default": "./"},
    "components": {"type": "str", "default": "main"},
    "layout": {"type": "str", "choices": ["nvidia", "distribution"], "default": "nvidia"},
    "key": {"type": "path", "required": True, "no_log": False},
    "key_base64": {"type": "str", "no_log": False},
    "key_fingerprint": {"type": "str", "required": True, "no_log": False},
    "key_sha256": {"type": "str", "no_log": False},
}

OPTIONS = {
    **action_options.REBOOTS,
    **action_options.WAITS,
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "branch": {"type": "str"},
    "version": {"type": "str"},
    "flavour": {"type": "str", "choices": ["auto", "open", "proprietary"], "default": "auto"},
    "source": {"type": "str", "choices": ["distribution", "nvidia", "mirror"], "default": "distribution"},
    "mirror": {"type": "dict", "options": _MIRROR},
    "distribution_url": {"type": "str", "default": "http://deb.debian.org/debian"},
    "nvidia_key_fingerprint": {"type": "str", "default": "", "no_log": False},
    "headless": {"type": "bool", "default": True},
    "extra_packages": {"type": "list", "elements": "str", "default": []},
    "hold": {"type": "bool", "default": True},
    "persistenced": {"type": "bool", "default": True},
    "while_used": {"type": "bool", "default": False},
    "lock_timeout": {"type": "int", "default": 600},
    "package_timeout": {"type": "int", "default": 3600},
    "pynvml_path": {"type": "path"},
}
# Of these, those that are not of the driver itself
LIMITS = ("state", "lock_timeout", "package_timeout", "pynvml_path", "reboot_timeout", "job")
# Between them, as Ansible checks them
RULES: Dict[str, Any] = {}
