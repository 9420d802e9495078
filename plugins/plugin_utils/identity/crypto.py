# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is used of the library cryptography. A controller without it can load these plugins, and is told by the task."""

from __future__ import annotations

from typing import Optional, Union

from ...module_utils.common.errors import EdgesiteError

__all__ = (
    "KBKDFHMAC",
    "MISSING",
    "Cipher",
    "ConcatKDFHash",
    "CounterLocation",
    "Encoding",
    "ExtendedKeyUsageOID",
    "InvalidSignature",
    "Mode",
    "PublicFormat",
    "UnsupportedAlgorithm",
    "algorithms",
    "ec",
    "hashes",
    "load_der_public_key",
    "load_pem_private_key",
    "modes",
    "padding",
    "require",
    "rsa",
    "x509",
)

MISSING: Optional[ImportError] = None
try:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
    from cryptography.hazmat.primitives.kdf.kbkdf import KBKDFHMAC, CounterLocation, Mode
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        PublicFormat,
        load_der_public_key,
        load_pem_private_key,
    )
    from cryptography.x509.oid import ExtendedKeyUsageOID
except ImportError as error:
    MISSING = error
    # None in place of each
    globals().update(dict.fromkeys(set(__all__) - {"MISSING", "require"}))

Signed = Union["x509.Certificate", "x509.CertificateSigningRequest"]


def require() -> None:
    """Says what to install where it is missing."""
    if MISSING:
        raise EdgesiteError(
            "The controller's Python lacks the library cryptography: {0}".format(MISSING),
            "Install it for the Python that runs ansible: pip install 'cryptography>=42'",
        )
