# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What users write of who signs certificates, checked before a host is asked for anything."""

from __future__ import annotations

import re
import shutil
from typing import Any, Callable, Dict, Mapping

from ...module_utils.common import limits
from ...module_utils.common.errors import EdgesiteError, Problems
from . import urls
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
# Names and values of headers: RFC 9110, 5.1 and 5.5
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z", re.ASCII)
_LINE = re.compile(r"[\t -~]*\Z", re.ASCII)


def way(options: Mapping[str, Any], called: str = "authority") -> str:
    """The one way to sign that the options give. Raises where it could not be gone. called: the name of the option."""
    ways = [name for name in _CHECKS if options[name]]
    if len(ways) != 1:
        raise EdgesiteError(
            "{0} needs exactly one of privatekey, command and url, but has {1}".format(
                called, " and ".join(ways) or "none"
            ),
            "Remove all but one of them from {0}".format(called) if ways else "Add one of them to {0}".format(called),
        )
    problems = Problems()
    for check in (_roots, _timeout, _CHECKS[ways[0]]):
        with problems:
            check(options, called)
    problems.end()
    return ways[0]


def _roots(options: Mapping[str, Any], called: str) -> None:
    if not options["roots"]:
        raise EdgesiteError(
            "{0}.roots is empty".format(called), "Set it to the root certificates that hosts trust, as files"
        )


def _timeout(options: Mapping[str, Any], called: str) -> None:
    limits.timeout(called + ".timeout", options["timeout"])


def headers(given: Mapping[str, Any], called: str = "authority") -> Dict[str, str]:
    """The headers, which are one line each. Python's own message would show the value."""
    problems = Problems()
    found = {str(name): text(value) for name, value in given.items()}
    for name, value in found.items():
        with problems:
            if value is None or not (_TOKEN.match(name) and _LINE.match(value)):
                raise EdgesiteError(
                    "{0}.headers.{1} is not one line of text".format(called, name),
                    "Put its value in quotes; a name is of letters, digits and dashes",
                )
    problems.end()
    return {name: value or "" for name, value in found.items()}


def program(options: Mapping[str, Any]) -> str:
    """The program, without arguments that somebody wrote into its name: they may be secret."""
    return str((options["command"][0].split() or [""])[0])


def command_failed(options: Mapping[str, Any], why: str) -> EdgesiteError:
    """What became of the program, in words."""
    return EdgesiteError(
        "authority.command {0!r} {1}".format(program(options), why),
        "Run it by hand on the controller to see its messages, which are not shown here since they may hold secrets. "
        "It is a list of the program and its arguments, gets the request on standard input, and has to print the "
        "certificate and its chain in PEM",
    )


def _own_key(options: Mapping[str, Any], called: str) -> None:
    if not options["certificate"]:
        raise EdgesiteError(
            "{0}.privatekey is set without {0}.certificate".format(called),
            "Set {0}.certificate to the path of the CA's certificate".format(called),
        )


def _command(options: Mapping[str, Any], called: str) -> None:
    written, name = options["command"][0], program(options)
    if not shutil.which(written) and shutil.which(name):
        raise EdgesiteError(
            "{0}.command[0] has arguments after the program {1}".format(called, name),
            "Write each argument as a further entry of the list",
        )
    if not shutil.which(written):
        raise EdgesiteError(
            "{0}.command {1!r} cannot be run: there is no such program on the controller".format(called, name),
            "Give the path of a program that can be executed; write each of its arguments as a further entry of a list",
        )


def _url(options: Mapping[str, Any], called: str) -> None:
    problems = Problems()
    for check in (_check_url, lambda options, called: headers(options["headers"], called)):
        with problems:
            check(options, called)
    problems.end()


def _check_url(options: Mapping[str, Any], called: str) -> None:
    if urls.shown(options["url"]) is None:
        raise EdgesiteError(
            "{0}.url is not a URL such as https://ca.example/sign; it is not shown, since it may hold a "
            "password".format(called),
            "Write it as https://HOST[:PORT]/PATH; in a user name or password, write characters other than letters "
            "and digits as % and two hex digits",
        )


_CHECKS: Dict[str, Callable[[Mapping[str, Any], str], None]] = {
    "privatekey": _own_key,
    "command": _command,
    "url": _url,
}
