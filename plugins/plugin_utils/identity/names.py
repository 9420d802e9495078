# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names in a certificate or a request."""

from __future__ import annotations

from typing import Set

from .crypto import Signed, x509


def names_of(signed: Signed) -> Set[x509.GeneralName]:
    """Its subject alternative names, in any order."""
    try:
        return set(signed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        return set()
