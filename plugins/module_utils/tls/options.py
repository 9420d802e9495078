# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What users write of services on a host's certificate, checked."""

from __future__ import annotations

import re
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Sequence, Tuple, TypeVar

from ..common import lines
from ..common.errors import EdgesiteError, combined
from ..common.lines import Kind, checked
from ..tpm import tcti as tpm_tcti
from .files import Layout, Proxy, Service

Entry = TypeVar("Entry", Service, Proxy)

_NAME = Kind(re.compile(r"[a-z0-9][a-z0-9-]{0,40}"), "a name of lower-case letters, digits and dashes")
_ADDRESS = Kind(
    re.compile(r"(\*|[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):([0-9]{1,5})"),
    "ADDRESS:PORT, such as 0.0.0.0:9443 or [::]:9443",
)
_COMMON_NAME = Kind(lines.HOST.pattern, "a common name of letters, digits, dots, dashes and _")
_DNS_NAME = Kind(lines.HOST.pattern, "a DNS name")
_LOOPBACK = re.compile(r"127\.[0-9.]+|localhost|\[::1\]")
_NUMERIC = re.compile(r"[0-9.]+|\[.*\]")


class Called(NamedTuple):
    """What users know the options by."""

    identity: str = "identity"
    tcti: str = "tcti"
    group: str = "group"
    services: str = "services"
    proxies: str = "proxies"


_OWN = Called()


class Wrong(EdgesiteError):
    """All that is wrong with what was asked for. problems: one by one."""

    def __init__(self, problems: Sequence[EdgesiteError]) -> None:
        told = combined(problems)
        super().__init__(told.problem, told.fix)
        self.problems = problems


class Wanted(NamedTuple):
    """What is wanted on a host."""

    layout: Layout
    services: Tuple[Service, ...]
    proxies: Tuple[Proxy, ...]


class _Parts(NamedTuple):
    """What reads each part of what was asked for, and raises where it is wrong. layout: by the names of its fields."""

    layout: Dict[str, Callable[[], str]]
    services: List[Callable[[], Service]]
    proxies: List[Callable[[], Proxy]]


def wanted(
    directory: str,
    identity: str,
    tcti: str,
    group: str,
    services: Sequence[Mapping[str, Any]],
    proxies: Sequence[Any],
    called: Called = _OWN,
) -> Wanted:
    """What was asked for. Raises with all that is wrong with it."""
    parts = _Parts(
        {
            "directory": lambda: checked("directory", directory, lines.FOLDER).rstrip("/"),
            "identity": lambda: checked(called.identity, identity, lines.FOLDER).rstrip("/"),
            "tcti": lambda: tpm_tcti.checked(called.tcti, tcti),
            "group": lambda: checked(called.group, group, lines.ACCOUNT),
        },
        _each(called.services, services, _service),
        _each(called.proxies, proxies, _proxy),
    )
    wrong = _problems([*parts.layout.values(), *parts.services, *parts.proxies])
    if wrong:
        raise Wrong(wrong)
    return _put_together(parts, called)


def _put_together(parts: _Parts, called: Called) -> Wanted:
    proxies = [read() for read in parts.proxies]
    return Wanted(
        Layout(**{name: read() for name, read in parts.layout.items()}),
        tuple(_once(called.services, "unit", [read() for read in parts.services])),
        tuple(_once(called.proxies, "listen", _once(called.proxies, "name", proxies))),
    )


def _each(
    option: str, entries: Sequence[Any], read: Callable[[str, Mapping[str, Any]], Entry]
) -> List[Callable[[], Entry]]:
    return [_later(read, "{0}[{1}]".format(option, place), entry) for place, entry in enumerate(entries)]


def _later(
    read: Callable[[str, Mapping[str, Any]], Entry], where: str, entry: Mapping[str, Any]
) -> Callable[[], Entry]:
    return lambda: read(where, entry)


def _problems(reads: Sequence[Callable[[], Any]]) -> List[EdgesiteError]:
    found = []
    for read in reads:
        try:
            read()
        except EdgesiteError as error:
            found.append(error)
    return found


def _service(where: str, entry: Mapping[str, Any]) -> Service:
    unit = checked(where + ".unit", entry["unit"], lines.SERVICE)
    user = entry.get("user")
    change = entry.get("change") or ("upgrade" if unit == "nginx.service" else "reload")
    return Service(unit, change, checked(where + ".user", user, lines.ACCOUNT) if user else None)


def _proxy(where: str, entry: Mapping[str, Any]) -> Proxy:
    if entry.get("side") == "client":
        return _outgoing(where, entry)
    kind = entry.get("client_certificates") or "required"
    names = tuple(checked(where + ".names", name, _COMMON_NAME) for name in entry.get("names") or ())
    if entry.get("server_name"):
        raise EdgesiteError(
            "{0} has server_name, but does not have side: client".format(where),
            "Set side: client, or remove server_name",
        )
    if names and kind != "required":
        raise EdgesiteError(
            "{0} has names, but client_certificates is {1}".format(where, kind),
            "Names are compared with client certificates: set client_certificates: required, or remove names",
        )
    return Proxy(
        checked(where + ".name", entry["name"], _NAME),
        _address(where + ".listen", entry["listen"]),
        _upstream(where, entry),
        kind,
        names,
    )


def _outgoing(where: str, entry: Mapping[str, Any]) -> Proxy:
    """A proxy that is a client, on behalf of whoever can connect to it."""
    listen, upstream = _address(where + ".listen", entry["listen"]), _upstream(where, entry)
    if not _LOOPBACK.fullmatch(listen.rpartition(":")[0]):
        raise EdgesiteError(
            "{0} listens on {1}, so anyone who can connect there can act as this host".format(where, listen),
            "Set listen to a loopback address, such as 127.0.0.1:9444",
        )
    if entry.get("names") or (entry.get("client_certificates") or "required") != "required":
        raise EdgesiteError(
            "{0} has names or client_certificates, but with side: client nobody presents a certificate to it".format(
                where
            ),
            "Remove them, or set side: server",
        )
    server = entry.get("server_name") or upstream.rpartition(":")[0]
    if _NUMERIC.fullmatch(server):
        raise EdgesiteError(
            "{0} needs the name that is in the certificate of {1}".format(where, upstream),
            "Set server_name to it",
        )
    name = checked(where + ".name", entry["name"], _NAME)
    return Proxy(name, listen, upstream, "none", (), checked(where + ".server_name", server, _DNS_NAME))


def _address(option: str, text: str) -> str:
    text = checked(option, text, _ADDRESS)
    if not 0 < int(text.rpartition(":")[2]) < 65536:
        raise EdgesiteError(
            "{0} is {1}, whose port is not 1 to 65535".format(option, text), "Use a port in that range, such as 9443"
        )
    return text


def _upstream(where: str, entry: Mapping[str, Any]) -> str:
    text = _address(where + ".upstream", entry["upstream"])
    if text.startswith("*"):
        raise EdgesiteError(
            "{0}.upstream is {1}, which nobody can connect to".format(where, text),
            "Use one address, such as 127.0.0.1:9100",
        )
    return text


def _once(option: str, key: str, entries: List[Entry]) -> List[Entry]:
    values = [getattr(entry, key) for entry in entries]
    double = sorted({value for value in values if values.count(value) > 1})
    if double:
        raise EdgesiteError(
            "{0} has two entries with {1} {2}".format(option, key, double[0]),
            "Remove one of them, or give it another {0}".format(key),
        )
    return entries
