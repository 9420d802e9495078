# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who signs certificates: the site's own CA, a program, or a URL. All get a request that was checked before."""

from __future__ import annotations

import http.client
import subprocess
import tempfile
import threading
import time
from concurrent.futures import Future
from typing import Any, Callable, Dict, List, Mapping, Tuple, TypeVar
from urllib.error import HTTPError

from ansible.module_utils.urls import open_url

from ...module_utils.common import limits
from ...module_utils.common.errors import EdgesiteError
from . import authority_options, chains, issued, own_ca, urls
from .authority_options import command_failed, headers
from .issued import Issued, Order

# Clocks at the edge may be behind a little.
_NOT_BEFORE = "-1h"

RunAnyModule = Callable[[str, Dict[str, Any]], Dict[str, Any]]
Returned = TypeVar("Returned")


def sign(options: Mapping[str, Any], order: Order, run_module: RunAnyModule) -> Issued:
    """The certificate for an order, by the one way that the options give."""
    way = authority_options.way(options)
    limits.days("days", order.days)
    roots = chains.read(options["roots"])
    signed = {"privatekey": _by_own_key, "command": _by_command, "url": _by_url}[way](options, order, run_module)
    return issued.checked(order, *signed, roots, time.time())


def _by_own_key(options: Mapping[str, Any], order: Order, run_module: RunAnyModule) -> Tuple[str, List[str]]:
    own_ca.check(options, own_ca.OF_MODULE)
    between = chains.read([options["certificate"]] + options["chain"])
    answer = run_module(
        "community.crypto.x509_certificate_pipe",
        {
            "provider": "ownca",
            "csr_content": order.request,
            "ownca_path": options["certificate"],
            "ownca_privatekey_path": options["privatekey"],
            "ownca_privatekey_passphrase": options["passphrase"],
            "ownca_not_before": _NOT_BEFORE,
            "ownca_not_after": "+{0}d".format(order.days),
        },
    )
    if answer.get("failed"):
        raise EdgesiteError(
            "The CA could not sign: {0}".format(answer.get("msg", "no message")),
            "Correct what it names in authority; for the site's own CA, run the playbook edgesite.gpu.site_ca",
        )
    return answer["certificate"], between


def _by_command(options: Mapping[str, Any], order: Order, run_module: RunAnyModule) -> Tuple[str, List[str]]:
    """What the program says on standard error may hold secrets, as may its arguments."""
    with tempfile.TemporaryFile() as answer:
        try:
            done = subprocess.run(
                options["command"],
                input=order.request.encode(),
                stdout=answer,
                stderr=subprocess.DEVNULL,
                timeout=options["timeout"],
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            why = "did not finish within {0} s (authority.timeout)".format(options["timeout"])
            raise command_failed(options, why) from error
        except (OSError, ValueError) as error:
            raise command_failed(options, "cannot be run: " + _words(error)) from error
        if done.returncode:
            raise command_failed(options, "exited with code {0}".format(done.returncode))
        answer.seek(0)
        return _split(answer.read(chains.LONGEST + 1), "authority.command")


def _by_url(options: Mapping[str, Any], order: Order, run_module: RunAnyModule) -> Tuple[str, List[str]]:
    shown = urls.shown(options["url"])
    sent = {"Content-Type": "application/pkcs10", **headers(options["headers"])}

    def post() -> bytes:
        # A redirect would take the headers to somebody else, and the request nowhere.
        with open_url(
            options["url"],
            method="POST",
            data=order.request,
            headers=sent,
            timeout=options["timeout"],
            follow_redirects="none",
        ) as answer:
            written: bytes = answer.read(chains.LONGEST + 1)
            return written

    try:
        answer = _within(options["timeout"], post)
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise EdgesiteError(
            "authority.url {0} did not sign: {1}".format(shown, _words(error)),
            "It gets the request in PEM by POST, and has to answer with the certificate and its chain in PEM",
        ) from error
    return _split(answer, "authority.url {0}".format(shown))


def _within(seconds: float, function: Callable[[], Returned]) -> Returned:
    """What the function returns or raises; TimeoutError where that takes longer.

    A socket's limit is for each of its waits, so somebody who answers byte by byte could take for ever.
    """
    answer: Future[Returned] = Future()

    def work() -> None:
        try:
            answer.set_result(function())
        except Exception as error:
            answer.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    return answer.result(seconds)


def _words(error: Exception) -> str:
    """What happened, without the message of the library: the URL and the arguments may be in that."""
    if isinstance(error, HTTPError):
        return "it answered with status {0}".format(error.code)
    cause = getattr(error, "reason", error)
    if isinstance(cause, TimeoutError):
        return "it took too long (authority.timeout)"
    return getattr(cause, "strerror", None) or type(cause).__name__


def _split(written: bytes, source: str) -> Tuple[str, List[str]]:
    try:
        first, *rest = chains.split(written.decode("ascii", "replace"))
    except ValueError as error:
        raise EdgesiteError(
            "The answer of {0} cannot be used: {1}".format(source, error),
            "It has to be the certificate, followed by the intermediate certificates up to the root",
        ) from error
    return first, rest
