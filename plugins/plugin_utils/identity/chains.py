# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates in files and texts, and whether one leads to a trusted root by signatures and keys that hold."""

from __future__ import annotations

import contextlib
import os
import shlex
from typing import List, NamedTuple, Optional, Sequence

from ...module_utils.common.errors import EdgesiteError
from ...module_utils.tpm import certificate, der
from .. import controller_file
from . import oaep, openssl

# What others send: a chain has a few certificates of some KiB.
LONGEST = 256 * 1024
MOST = 20
_SUFFIXES = (".pem", ".crt", ".cer")
_LABELS = ("CERTIFICATE", "X509 CERTIFICATE")


class Collected(NamedTuple):
    """Certificates, PEM; and of each file that was left out, why."""

    certificates: List[str]
    left_out: List[str]


def read(paths: Sequence[str]) -> List[str]:
    """The certificates in files, and in the .pem, .crt and .cer files of folders, as PEM."""
    found: List[str] = []
    for path in paths:
        for name in _files_in(path) if os.path.isdir(path) else [path]:
            found += _certificates_in(name)
    return found


def collected(paths: Sequence[str]) -> Collected:
    """As read, but of folders: one file there that nothing can read must not stop hosts that do not need it."""
    certificates: List[str] = []
    left_out: List[str] = []
    for path in paths:
        if not os.path.isdir(path):
            certificates += _certificates_in(path)
            continue
        for name in _files_in(path):
            try:
                certificates += _certificates_in(name)
            except EdgesiteError as error:
                left_out.append(error.problem)
    return Collected(certificates, left_out)


def known(paths: Sequence[str]) -> List[str]:
    """As collected; of a file or a folder that cannot be read none, as whoever needs it says so."""
    found: List[str] = []
    for path in paths:
        with contextlib.suppress(EdgesiteError):
            found += collected([path]).certificates
    return found


def split(text: str) -> List[str]:
    """The certificates in a text that others sent, each as PEM. Raises ValueError."""
    if len(text) > LONGEST:
        raise ValueError("it is longer than {0} KiB".format(LONGEST // 1024))
    found = _blocks(text)
    if len(found) > MOST:
        raise ValueError("it has {0} certificates, but at most {1} are allowed".format(len(found), MOST))
    return found


def pem(encoded: bytes) -> str:
    """A certificate in DER as PEM. Raises ValueError."""
    certificate.parse(encoded)
    return der.pem(_LABELS[0], encoded)


def refusal(leaf: str, intermediates: Sequence[str], roots: Sequence[str]) -> Optional[str]:
    """Why a certificate does not lead to one of the roots, all in PEM; None where it does.

    Openssl judges. Its levels measure all but curves of 224 bits, which it takes for as good as RSA with 2048.
    """
    if not roots:
        # Without any, openssl would take those of the machine.
        return "no root is trusted"
    if oaep.is_marked(leaf):
        return oaep.refusal(leaf, [*intermediates, *roots], lambda signer: refusal(signer, intermediates, roots))
    why = openssl.refusal(leaf, intermediates, roots)
    if why or not any(map(_small, (leaf, *intermediates, *roots))):
        return why
    larger = [[one for one in pems if not _small(one)] for pems in (intermediates, roots)]
    if not _small(leaf) and larger[1] and openssl.refusal(leaf, *larger) is None:
        return None
    return "a key in its chain is on an elliptic curve of fewer than 256 bits"


def no_root(roots: Sequence[str]) -> Optional[str]:
    """Why none of these certificates is a root that is valid now; None where one is."""
    why = "there is none"
    for root in roots:
        refused = refusal(root, [], [root])
        if refused is None:
            return None
        why = refused
    return why


def _small(written: str) -> bool:
    return certificate.has_small_curve(certificate.parse(der.unpem(_LABELS[0], written)))


def _files_in(folder: str) -> List[str]:
    """Those of certificates; what is hidden is not one, but an editor's."""
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise EdgesiteError(
            "Cannot read the folder {0}: {1}".format(folder, error.strerror),
            "Give the playbook's user access to it; 'ls -ld {0}' shows its owner and mode".format(shlex.quote(folder)),
        ) from error
    return [os.path.join(folder, name) for name in names if name.endswith(_SUFFIXES) and not name.startswith(".")]


def _blocks(text: str) -> List[str]:
    found = [pem(one) for one in der.unpem_all(_LABELS, text)]
    if not found:
        raise ValueError("there is no certificate in PEM")
    return found


def _certificates_in(path: str) -> List[str]:
    try:
        data = controller_file.read(path)
        return _blocks(data.decode("utf-8", "replace")) if b"-----BEGIN" in data else [pem(data)]
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise EdgesiteError(
            "Cannot read the certificates in {0}: {1}".format(path, why),
            "Put certificates in PEM or DER there, and nothing else, that the playbook's user can read",
        ) from error
