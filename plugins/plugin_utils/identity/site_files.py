# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a site's CA on the controller, as hosts get them."""

from __future__ import annotations

import os
from typing import Any, List, Mapping, Sequence

from ...module_utils.common.errors import EdgesiteError


def missing(authority: Mapping[str, Any], lists: Sequence[str]) -> List[str]:
    """Those that are not there; authority: as tpm_certificate has it; lists: of what is revoked."""
    own = [authority.get(name) for name in ("certificate", "privatekey")]
    needed = [path for path in own if path] if authority.get("privatekey") else []
    return [path for path in [*authority["roots"], *lists, *needed] if not os.path.exists(path)]


def joined(paths: Sequence[str]) -> str:
    """What is in the files, one after the other."""
    return "\n".join(_read(path).rstrip() for path in paths)


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as stream:
            return stream.read()
    except (OSError, UnicodeDecodeError) as error:
        raise EdgesiteError(
            "{0} cannot be read: {1}".format(path, getattr(error, "strerror", None) or "it is not text"),
            "Make it a readable PEM file on the controller; see identity_authority and identity_crl_files",
        ) from error
