# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who signs certificates: the site's own CA, a program, or a URL. All get a request that was checked before."""

from __future__ import annotations

import subprocess
from typing import Any, Callable, Dict, List, NamedTuple, Tuple

from ansible.module_utils.urls import open_url

from ...module_utils.core.errors import EdgesiteError
from . import chains
from .crypto import Encoding, PublicFormat, x509
from .names import names_of

OPTIONS = {
    "certificate": {"type": "path"},
    "privatekey": {"type": "path"},
    "passphrase": {"type": "str", "no_log": True},
    "chain": {"type": "list", "elements": "path", "default": []},
    "command": {"type": "list", "elements": "str"},
    "url": {"type": "str"},
    "headers": {"type": "dict", "no_log": True, "default": {}},
    "roots": {"type": "list", "elements": "path", "required": True},
    "timeout": {"type": "int", "default": 60},
}
# Clocks at the edge may be behind a little.
_NOT_BEFORE = "-1h"

RunModule = Callable[[str, Dict[str, Any]], Dict[str, Any]]


class Issued(NamedTuple):
    """certificate: PEM. chain: PEM of what lies between it and the root, from the bottom."""

    certificate: str
    chain: str
    parsed: x509.Certificate


def sign(options: Dict[str, Any], request: str, days: int, run_module: RunModule) -> Issued:
    """A certificate for a request in PEM."""
    ways = [name for name in ("privatekey", "command", "url") if options[name]]
    if len(ways) != 1:
        raise EdgesiteError(
            "authority needs one of privatekey, command and url, and has {0}".format(", ".join(ways) or "none"),
            "Give one",
        )
    roots = chains.read(options["roots"])
    way = {"privatekey": _by_own_key, "command": _by_command, "url": _by_url}[ways[0]]
    return _checked(request, *way(options, request, days, run_module), roots)


def _by_own_key(options, request, days, run_module) -> Tuple[str, List[str]]:
    if not options["certificate"]:
        raise EdgesiteError("authority.privatekey needs authority.certificate too", "Give the CA's certificate")
    between = chains.read([options["certificate"]] + options["chain"])
    answer = run_module(
        "community.crypto.x509_certificate_pipe",
        {
            "provider": "ownca",
            "csr_content": request,
            "ownca_path": options["certificate"],
            "ownca_privatekey_path": options["privatekey"],
            "ownca_privatekey_passphrase": options["passphrase"],
            "ownca_not_before": _NOT_BEFORE,
            "ownca_not_after": "+{0}d".format(days),
        },
    )
    if answer.get("failed"):
        raise EdgesiteError(
            "The CA could not sign: {0}".format(answer.get("msg", "no message")),
            "See that the CA's key, its certificate and the passphrase belong together (role edgesite.gpu.site_ca)",
        )
    return answer["certificate"], between


def _by_command(options, request, days, run_module):
    try:
        answer = subprocess.run(
            options["command"], input=request, capture_output=True, text=True, timeout=options["timeout"], check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EdgesiteError("authority.command could not be run: {0}".format(error)) from error
    if answer.returncode:
        raise EdgesiteError(
            "authority.command ended with {0}: {1}".format(answer.returncode, answer.stderr.strip() or "no message"),
            "It gets the request on standard input, and has to print the certificate and its chain in PEM",
        )
    return _split(answer.stdout, "authority.command")


def _by_url(options, request, days, run_module):
    headers = {"Content-Type": "application/pkcs10", **options["headers"]}
    try:
        with open_url(
            options["url"], method="POST", data=request, headers=headers, timeout=options["timeout"]
        ) as answer:
            return _split(answer.read().decode("utf-8", "replace"), "authority.url")
    except (OSError, ValueError) as error:
        raise EdgesiteError(
            "authority.url {0} did not sign: {1}".format(options["url"], error),
            "It gets the request in PEM by POST, and has to answer with the certificate and its chain in PEM",
        ) from error


def _split(text, source):
    try:
        found = [chains.pem(one) for one in x509.load_pem_x509_certificates(text.encode())]
    except ValueError as error:
        raise EdgesiteError("What {0} gave is no certificate in PEM: {1}".format(source, error)) from error
    return found[0], found[1:]


def _checked(request, certificate, chain, roots) -> Issued:
    """What was signed has to be for the request's key and names, and to lead to a root that hosts trust."""
    asked = x509.load_pem_x509_csr(request.encode())
    parsed = x509.load_pem_x509_certificate(certificate.encode())
    if _key(parsed) != _key(asked):
        raise EdgesiteError("The CA signed a certificate for another key than the request's")
    if parsed.subject != asked.subject or names_of(parsed) != names_of(asked):
        raise EdgesiteError(
            "The CA signed a certificate with other names than the request's",
            "See that the CA takes subject and subjectAltName from the request",
        )
    between = [one for one in chain if one not in roots]
    if _is_authority(parsed):
        raise EdgesiteError("The CA signed a certificate that could sign others")
    why = chains.refusal(certificate, between, roots)
    if why:
        raise EdgesiteError("The CA's certificate does not lead to authority.roots: {0}".format(why))
    return Issued(certificate, "".join(between), parsed)


def _is_authority(certificate):
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _key(signed):
    return signed.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
