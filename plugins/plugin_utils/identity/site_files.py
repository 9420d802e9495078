# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a site's CA on the controller, as hosts get them."""

from __future__ import annotations

import contextlib
import os
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from ...module_utils.common.errors import EdgesiteError
from ...module_utils.tpm import der
from .. import controller_file
from .crypto import Encoding, PublicFormat, x509


def of_authority(authority: Mapping[str, Any]) -> List[str]:
    """Those that have to be there to sign. authority: as tpm_certificate has it."""
    own = [authority["certificate"], authority["privatekey"]] if authority.get("privatekey") else []
    return [*authority["roots"], *(path for path in own if path), *(authority["chain"] if own else ())]


def absent(paths: Sequence[str]) -> List[str]:
    """Those that are not there."""
    return [path for path in paths if not os.path.exists(path)]


def joined(paths: Sequence[str], option: str) -> str:
    """What is in the files, one after the other. option: what names them."""
    return "\n".join(_read(path, option).rstrip() for path in paths)


def roots(paths: Sequence[str], option: str) -> str:
    """What is in the files of the roots, one after the other. Raises where two of them cannot be told apart."""
    names: Dict[str, Tuple[str, bytes]] = {}
    for path in paths:
        for one in _certificates(_read(path, option)):
            _check_name(one, path, option, names)
    return joined(paths, option)


def _certificates(written: str) -> List[Any]:
    """What cannot be read is said where it is used."""
    with contextlib.suppress(ValueError):
        return [x509.load_der_x509_certificate(one) for one in der.unpem_all(("CERTIFICATE",), written)]
    return []


def _check_name(one: Any, path: str, option: str, names: Dict[str, Tuple[str, bytes]]) -> None:
    name = one.subject.rfc4514_string()
    key = one.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    first, known = names.setdefault(name, (path, key))
    if key != known:
        raise EdgesiteError(
            "{0}: {1} and {2} have the same name, {3}; programs find a CA's revocation list by its name, and would "
            "refuse the certificates of both".format(option, first, path, name),
            "Create the new CA again in an empty folder, with another site_ca_name",
        )


def revocations(paths: Sequence[str], option: str) -> str:
    """What is in the revocation lists, one after the other. A service that gets anything else does not start again."""
    for path in paths:
        try:
            _check_lists(_read(path, option))
        except ValueError as error:
            raise EdgesiteError(
                "{0}: {1} is not a certificate revocation list in PEM: {2}".format(option, path, error),
                "Name another file, or convert the list: openssl crl -inform DER -in LIST -out LIST.pem",
            ) from error
    return joined(paths, option)


def _check_lists(written: str) -> None:
    lists = der.unpem_all(("X509 CRL",), written)
    if not lists:
        raise ValueError("there is none in it")
    for one in lists:
        x509.load_der_x509_crl(one)


def _read(path: str, option: str) -> str:
    try:
        return controller_file.text(path)
    except (OSError, UnicodeDecodeError) as error:
        raise EdgesiteError(
            "{0}: {1} cannot be read: {2}".format(option, path, getattr(error, "strerror", None) or "it is not text"),
            "Name a file in PEM that the playbook's user can read; a folder is none",
        ) from error
