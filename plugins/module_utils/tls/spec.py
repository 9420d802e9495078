# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of tls_services, for the module, a look at a whole host, and judgements before a run."""

from __future__ import annotations

from typing import Any, Dict

from ..common import action_options

SERVICES = {
    "type": "list",
    "elements": "dict",
    "default": [],
    "options": {
        "unit": {"type": "str", "required": True},
        "change": {"type": "str", "choices": ["reload", "restart", "upgrade"]},
        "user": {"type": "str"},
    },
}
PROXIES = {
    "type": "list",
    "elements": "dict",
    "default": [],
    "options": {
        "name": {"type": "str", "required": True},
        "listen": {"type": "str", "required": True},
        "upstream": {"type": "str", "required": True},
        "side": {"type": "str", "choices": ["server", "client"], "default": "server"},
        "server_name": {"type": "str"},
        "client_certificates": {"type": "str", "choices": ["required", "optional", "none"], "default": "required"},
        "names": {"type": "list", "elements": "str", "default": []},
    },
}

OPTIONS = {
    **action_options.INSTALLS,
    "identity": {"type": "path", "default": "/etc/edgesite-gpu/identity"},
    "directory": {"type": "path", "default": "/etc/edgesite-gpu/tls"},
    "tcti": {"type": "str", "default": "device:/dev/tpmrm0"},
    "group": {"type": "str", "default": "tss"},
    "services": SERVICES,
    "proxies": PROXIES,
}
# Between them, as Ansible checks them
RULES: Dict[str, Any] = {}
