# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates in files, and whether one leads to a trusted root."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from typing import List, Optional, Sequence

from ...module_utils.core.errors import EdgesiteError
from .crypto import Encoding, x509

_SUFFIXES = (".pem", ".crt", ".cer")
_SECONDS = 30.0


def read(paths: Sequence[str]) -> List[str]:
    """The certificates in files, and in the .pem, .crt and .cer files of folders, as PEM."""
    found: List[str] = []
    for path in paths:
        names = [path]
        if os.path.isdir(path):
            names = sorted(os.path.join(path, name) for name in os.listdir(path) if name.endswith(_SUFFIXES))
        for name in names:
            found += _certificates_in(name)
    return found


def pem(certificate: x509.Certificate) -> str:
    """A certificate as PEM."""
    return certificate.public_bytes(Encoding.PEM).decode("ascii")


def refusal(certificate: str, intermediates: Sequence[str], roots: Sequence[str]) -> Optional[str]:
    """Why openssl does not find that a certificate leads to one of the roots, all in PEM; None where it does."""
    if not roots:
        # Without any, openssl would take those of the machine.
        return "no root is trusted"
    openssl = shutil.which("openssl")
    if openssl is None:
        raise EdgesiteError(
            "openssl is not installed on the controller", "Install it; it checks chains of certificates"
        )
    with tempfile.TemporaryDirectory() as folder:
        argv = [openssl, "verify"]
        for option, content in (("-trusted", roots), ("-untrusted", intermediates), (None, [certificate])):
            if content:
                path = os.path.join(folder, "{0}.pem".format(option or "certificate"))
                with open(path, "w", encoding="ascii") as stream:
                    stream.write("".join(content))
                argv += [option, path] if option else [path]
        answer = _run(argv)
    if not answer.returncode:
        return None
    # error 20 at 0 depth lookup: unable to get local issuer certificate
    reasons = [line.partition(": ")[2] for line in answer.stderr.splitlines() if line.startswith("error ")]
    return reasons[0] if reasons else answer.stderr.strip() or "openssl ended with {0}".format(answer.returncode)


def _run(argv):
    try:
        return subprocess.run(argv, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise EdgesiteError(
            "openssl did not answer within {0:g} s on the controller".format(_SECONDS),
            "Run 'openssl version' there to see what it waits for",
        ) from error


def _certificates_in(path):
    try:
        with open(path, "rb") as stream:
            data = stream.read()
        if b"-----BEGIN" not in data:
            return [pem(x509.load_der_x509_certificate(data))]
        return [pem(one) for one in x509.load_pem_x509_certificates(data)]
    except OSError as error:
        raise EdgesiteError("Cannot read the certificates in {0}: {1}".format(path, error.strerror)) from error
    except ValueError as error:
        raise EdgesiteError("{0} holds no certificate: {1}".format(path, error)) from error
