# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who signs certificates: the site's own CA, a program, or a URL. All get a request that was checked before."""

from __future__ import annotations

import http.client
import re
import subprocess
import tempfile
import threading
import time
from concurrent.futures import Future
from typing import Any, Callable, Dict, List, Mapping, Tuple, TypeVar
from urllib.error import HTTPError

from ansible.module_utils.urls import open_url

from ...module_utils.common.errors import EdgesiteError, shown
from . import chains, issued, urls
from .issued import Issued, Order
from .texts import text

OPTIONS: Dict[str, Dict[str, Any]] = {
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
_MOST_SECONDS = 86400
_MOST_DAYS = 36500
# Names and values of headers: RFC 9110, 5.1 and 5.5
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z", re.ASCII)
_LINE = re.compile(r"[\t -~]*\Z", re.ASCII)

RunAnyModule = Callable[[str, Dict[str, Any]], Dict[str, Any]]
Returned = TypeVar("Returned")


def sign(options: Mapping[str, Any], order: Order, run_module: RunAnyModule) -> Issued:
    """The certificate for an order, by the one way that the options give."""
    ways = [name for name in ("privatekey", "command", "url") if options[name]]
    if len(ways) != 1:
        raise EdgesiteError(
            "authority needs exactly one of privatekey, command and url, but has {0}".format(", ".join(ways) or "none"),
            "Set one of them",
        )
    _check_number("authority.timeout", options["timeout"], _MOST_SECONDS, "seconds")
    _check_number("days", order.days, _MOST_DAYS, "days")
    roots = chains.read(options["roots"])
    way = {"privatekey": _by_own_key, "command": _by_command, "url": _by_url}[ways[0]]
    return issued.checked(order, *way(options, order, run_module), roots, time.time())


def _check_number(option: str, number: int, most: int, unit: str) -> None:
    """Beyond that, a limit of time or a date is none to the libraries that get it, which say so in Python's words."""
    if not 0 < number <= most:
        raise EdgesiteError(
            "{0} is {1}, but has to be 1 to {2} {3}".format(option, shown(number), most, unit),
            "Remove it to use the default",
        )


def _by_own_key(options: Mapping[str, Any], order: Order, run_module: RunAnyModule) -> Tuple[str, List[str]]:
    if not options["certificate"]:
        raise EdgesiteError(
            "authority.privatekey needs authority.certificate as well", "Set it to the CA's certificate"
        )
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
            "Check that the CA's key, its certificate and the passphrase belong together (role edgesite.gpu.site_ca)",
        )
    return answer["certificate"], between


def _by_command(options: Mapping[str, Any], order: Order, run_module: RunAnyModule) -> Tuple[str, List[str]]:
    """What the program says on standard error may hold secrets, as may its arguments."""
    program = (options["command"][0].split() or [""])[0]
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
            raise _command_failed(program, why) from error
        except (OSError, ValueError) as error:
            raise _command_failed(program, "cannot be run: " + _words(error)) from error
        if done.returncode:
            raise _command_failed(program, "exited with code {0}".format(done.returncode))
        answer.seek(0)
        return _split(answer.read(chains.LONGEST + 1), "authority.command")


def _command_failed(program: str, why: str) -> EdgesiteError:
    return EdgesiteError(
        "authority.command {0!r} {1}".format(program, why),
        "Run it by hand on the controller to see its messages, which are not shown here since they may hold secrets. "
        "It is a list of the program and its arguments, gets the request on standard input, and has to print the "
        "certificate and its chain in PEM",
    )


def _by_url(options: Mapping[str, Any], order: Order, run_module: RunAnyModule) -> Tuple[str, List[str]]:
    shown = urls.shown(options["url"])
    if shown is None:
        raise EdgesiteError(
            "authority.url is not a URL such as https://ca.example/sign; it is not shown, since it may hold a password",
            "Write it as https://HOST[:PORT]/PATH; in a user name or password, write characters other than letters "
            "and digits as % and two hex digits",
        )
    headers = {"Content-Type": "application/pkcs10", **_headers(options["headers"])}

    def post() -> bytes:
        # A redirect would take the headers to somebody else, and the request nowhere.
        with open_url(
            options["url"],
            method="POST",
            data=order.request,
            headers=headers,
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
    return _split(answer, "authority.url " + shown)


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


def _headers(given: Mapping[str, Any]) -> Dict[str, str]:
    """The headers, which are one line each. Python's own message would show the value."""
    headers: Dict[str, str] = {}
    for name, value in {str(name): text(value) for name, value in given.items()}.items():
        if value is None or not (_TOKEN.match(name) and _LINE.match(value)):
            raise EdgesiteError(
                "authority.headers.{0} is not one line of text".format(name),
                "Put its value in quotes; a name is of letters, digits and dashes",
            )
        headers[name] = value
    return headers


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
