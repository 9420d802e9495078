# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A CA whose key is on the controller: whether its files are those of one CA that can sign."""

from __future__ import annotations

import os
from typing import Any, List, Mapping, NamedTuple, Sequence

from ...module_utils.common.errors import EdgesiteError
from ...module_utils.tpm import certificate, der
from . import ca_keys, chains, device_certificate
from .crypto import Encoding, PublicFormat, x509


class Names(NamedTuple):
    """What users know the CA and the passphrase of its key by. fix: what to do about files that do not go together."""

    authority: str
    passphrase: str
    fix: str


def named(authority: str) -> Names:
    """Those of an option that has all of them."""
    return Names(
        authority,
        authority + ".passphrase",
        "Set {0}.certificate, {0}.privatekey, {0}.chain and {0}.roots to the files of one CA".format(authority),
    )


OF_MODULE = named("authority")


def check(options: Mapping[str, Any], names: Names) -> None:
    """Raises where the CA's key, its certificate and the roots are not those of one CA that can sign now."""
    path = options["certificate"]
    if os.path.isdir(path):
        raise EdgesiteError("{0}: {1} is a folder, not a certificate".format(names.authority, path), names.fix)
    own, *between = _read([path, *options["chain"]], names)
    _check_is_ca(own, path, names)
    _check_key(own, options, names)
    why = chains.refusal(own, between, _read(options["roots"], names))
    if why:
        raise EdgesiteError(
            "{0}: the certificate in {1} does not lead to a root that hosts trust: {2}".format(
                names.authority, path, why
            ),
            names.fix,
        )


def _read(paths: Sequence[str], names: Names) -> List[str]:
    try:
        return chains.read(paths)
    except EdgesiteError as error:
        raise EdgesiteError("{0}: {1}".format(names.authority, error.problem), error.fix) from error


def _check_is_ca(own: str, path: str, names: Names) -> None:
    if not certificate.signs_for_others(certificate.parse(der.unpem("CERTIFICATE", own))):
        raise EdgesiteError("{0}: the certificate in {1} is not a CA's".format(names.authority, path), names.fix)


def _check_key(own: str, options: Mapping[str, Any], names: Names) -> None:
    path, passphrase = options["privatekey"], options["passphrase"]
    try:
        key = ca_keys.opened(path, passphrase)
    except ValueError as error:
        raise EdgesiteError(
            "{0} does not open {1}: {2}".format(names.passphrase, path, error),
            "Correct the passphrase, or the vault that it is from",
        ) from error
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if public != device_certificate.spki(x509.load_pem_x509_certificate(own.encode())):
        raise EdgesiteError(
            "{0}: {1} is not the key of the certificate in {2}".format(names.authority, path, options["certificate"]),
            names.fix,
        )
