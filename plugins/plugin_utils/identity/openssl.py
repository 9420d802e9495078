# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What openssl on the controller says of chains of certificates: the only place that runs it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from typing import Optional, Sequence, Tuple

from ...module_utils.common.errors import EdgesiteError

# 112 bits of security: no MD5, no SHA-1, no RSA key under 2048 bits. What a trust anchor is signed with does not count.
_LEVEL = ("-auth_level", "2")
_REASON = re.compile(r"(?:(?P<name>\S.*)\n)?error \d+ at \d+ depth lookup: (?P<why>.*)", re.ASCII)
_SECONDS = 30.0


def refusal(leaf: str, intermediates: Sequence[str], roots: Sequence[str]) -> Optional[str]:
    """Why a certificate does not lead to one of the roots, all in PEM; None where it does."""
    return _verified(leaf, (("-trusted", roots), ("-untrusted", intermediates)))


def refusal_alone(leaf: str) -> Optional[str]:
    """Why a certificate is not valid now, whoever has signed it: dates, extensions and the strength of its key."""
    return _verified(leaf, (("-trusted", [leaf]),), "-partial_chain")


def _verified(leaf: str, given: Sequence[Tuple[str, Sequence[str]]], *options: str) -> Optional[str]:
    openssl = shutil.which("openssl")
    if openssl is None:
        raise EdgesiteError(
            "openssl is not installed on the controller",
            "Install the package openssl there; it checks chains of certificates",
        )
    with tempfile.TemporaryDirectory() as folder:
        argv = [openssl, "verify", "-nameopt", "RFC2253", *_LEVEL, *options]
        for option, content in (*given, (None, [leaf])):
            if content:
                path = os.path.join(folder, "{0}.pem".format(option or "certificate"))
                with open(path, "w", encoding="ascii") as stream:
                    stream.write("".join(content))
                argv += [option, path] if option else [path]
        answer = _run(argv)
    return None if not answer.returncode else _reason(answer)


def _reason(answer: subprocess.CompletedProcess[str]) -> str:
    """The first that openssl says, and of which certificate; that of an endorsement key often has no name."""
    # CN=TPM maker
    # error 20 at 0 depth lookup: unable to get local issuer certificate
    found = _REASON.search(answer.stderr)
    if found is None:
        return answer.stderr.strip() or "openssl exited with code {0}".format(answer.returncode)
    return "{0} ({1})".format(found["why"], found["name"]) if found["name"] else found["why"]


def _run(argv: Sequence[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(argv, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise EdgesiteError(
            "openssl did not answer within {0:g} s on the controller".format(_SECONDS),
            "Run 'openssl version' there to see what it waits for",
        ) from error
