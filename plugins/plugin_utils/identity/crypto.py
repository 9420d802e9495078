# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is used of the library cryptography. A controller without it can load these plugins, and is told by the task."""

from __future__ import annotations

from typing import Any, Optional

MISSING: Optional[ImportError] = None
try:
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
    from cryptography.hazmat.primitives.kdf.kbkdf import KBKDFHMAC, CounterLocation, Mode
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
except ImportError as error:
    MISSING = error
    x509: Any = None
    UnsupportedAlgorithm: Any = None
    hashes: Any = None
    ec: Any = None
    padding: Any = None
    rsa: Any = None
    Cipher: Any = None
    algorithms: Any = None
    modes: Any = None
    ConcatKDFHash: Any = None
    KBKDFHMAC: Any = None
    CounterLocation: Any = None
    Mode: Any = None
    Encoding: Any = None
    PublicFormat: Any = None

__all__ = (
    "KBKDFHMAC",
    "MISSING",
    "Cipher",
    "ConcatKDFHash",
    "CounterLocation",
    "Encoding",
    "Mode",
    "PublicFormat",
    "UnsupportedAlgorithm",
    "algorithms",
    "ec",
    "hashes",
    "modes",
    "padding",
    "rsa",
    "x509",
)
