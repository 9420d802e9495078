# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that say what a certificate is for."""

from __future__ import annotations

from typing import Any, Dict, Mapping

from ...module_utils.identity import csr

_OWN = csr.Called()
REQUEST: Dict[str, Dict[str, Any]] = {
    "subject": {"type": "dict", "default": {}},
    "subject_alt_name": {"type": "list", "elements": "str", "default": []},
    "key_usage": {"type": "list", "elements": "str", "default": ["digitalSignature"]},
    "extended_key_usage": {"type": "list", "elements": "str", "default": ["serverAuth", "clientAuth"]},
}


def wanted(options: Mapping[str, Any], called: csr.Called = _OWN) -> csr.Request:
    """The request that these options ask for."""
    subject, names, key_usage, extended_key_usage = (options[name] for name in REQUEST)
    return csr.request(subject, names, key_usage, extended_key_usage, called)
