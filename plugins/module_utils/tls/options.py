# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What users write of services on a host's certificate, checked."""

from __future__ import annotations

import re
from typing import Any, Callable, Mapping, NamedTuple, Optional, Sequence, Tuple, TypeVar

from ..common import lines
from ..common.errors import EdgesiteError, Problems, shown
from ..common.lines import Kind, checked
from ..tpm import tcti as tpm_tcti
from .files import Layout, Proxy, Service

Entry = TypeVar("Entry", Service, Proxy)

_NAME = Kind(
    re.compile(r"[a-z0-9][a-z0-9-]{0,40}"),
    "a name of at most 41 lower-case letters, digits and dashes",
    "Use a name such as node-exporter",
)
_ADDRESS = Kind(
    re.compile(r"(\*|[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):([0-9]{1,5})"),
    "ADDRESS:PORT",
    "Write it like 0.0.0.0:9443 or [::]:9443",
)
_COMMON_NAME = Kind(
    lines.HOST.pattern,
    "a common name of letters, digits, dots, dashes and _",
    "Use the common name in the client's certificate, such as hub.example",
)
_DNS_NAME = Kind(lines.HOST.pattern, "a DNS name", "Use the name in the server's certificate, such as hub.example")
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


class Wanted(NamedTuple):
    """What is wanted on a host."""

    layout: Layout
    services: Tuple[Service, ...]
    proxies: Tuple[Proxy, ...]


def wanted(
    directory: str,
    identity: str,
    tcti: str,
    group: str,
    services: Sequence[Mapping[str, Any]],
    proxies: Sequence[Any],
    called: Called = _OWN,
) -> Wanted:
    """What was asked for. Raises EdgesiteError with all that is wrong with it."""
    problems = Problems()
    with problems:
        layout = _layout(Layout(directory, identity, tcti, group), called)
    with problems:
        running = _each(called.services, _service, services)
    with problems:
        listening = _each(called.proxies, _proxy, proxies)
    for option, key, entries in (
        (called.services, "unit", services),
        (called.proxies, "name", proxies),
        (called.proxies, "listen", proxies),
    ):
        with problems:
            _check_own(option, key, [entry[key] for entry in entries])
    problems.end()
    return Wanted(layout, running, listening)


def _layout(layout: Layout, called: Called) -> Layout:
    """The layout, checked."""
    problems = Problems()
    with problems:
        checked("directory", layout.directory, lines.FOLDER)
    with problems:
        checked(called.identity, layout.identity, lines.FOLDER)
    with problems:
        tpm_tcti.checked(called.tcti, layout.tcti)
    with problems:
        checked(called.group, layout.group, lines.ACCOUNT)
    problems.end()
    return layout._replace(directory=layout.directory.rstrip("/"), identity=layout.identity.rstrip("/"))


def _each(
    option: str, make: Callable[[str, Mapping[str, Any]], Entry], entries: Sequence[Mapping[str, Any]]
) -> Tuple[Entry, ...]:
    made, problems = [], Problems()
    for place, entry in enumerate(entries):
        with problems:
            made.append(make("{0}[{1}]".format(option, place), entry))
    problems.end()
    return tuple(made)


def _service(where: str, entry: Mapping[str, Any]) -> Service:
    unit, user = entry["unit"], entry.get("user") or None
    problems = Problems()
    with problems:
        checked(where + ".unit", unit, lines.SERVICE)
    with problems:
        if user:
            checked(where + ".user", user, lines.ACCOUNT)
    problems.end()
    return Service(unit, entry.get("change") or ("upgrade" if unit == "nginx.service" else "reload"), user)


def _proxy(where: str, entry: Mapping[str, Any]) -> Proxy:
    name, listen, upstream = entry["name"], entry["listen"], entry["upstream"]
    problems = Problems()
    with problems:
        checked(where + ".name", name, _NAME)
    with problems:
        _check_address(where + ".listen", listen)
    with problems:
        _check_upstream(where + ".upstream", upstream)
    with problems:
        ways = _outgoing(where, entry) if entry.get("side") == "client" else _incoming(where, entry)
    problems.end()
    return Proxy(name, listen, upstream, *ways)


def _incoming(where: str, entry: Mapping[str, Any]) -> Tuple[str, Tuple[str, ...], str]:
    """Which client certificates a proxy asks for, and whose."""
    kind, names = entry.get("client_certificates") or "required", tuple(entry.get("names") or ())
    problems = Problems()
    for place, name in enumerate(names):
        with problems:
            checked("{0}.names[{1}]".format(where, place), name, _COMMON_NAME)
    with problems:
        if entry.get("server_name"):
            raise EdgesiteError(
                "{0} has server_name, but does not have side: client".format(where),
                "Set side: client, or remove server_name",
            )
    with problems:
        if names and kind != "required":
            raise EdgesiteError(
                "{0} has names, but client_certificates is {1}".format(where, kind),
                "Names are compared with client certificates: set client_certificates: required, or remove names",
            )
    problems.end()
    return kind, names, ""


def _outgoing(where: str, entry: Mapping[str, Any]) -> Tuple[str, Tuple[str, ...], str]:
    """The name in upstream's certificate, for a proxy that is a client on behalf of whoever can connect to it."""
    problems = Problems()
    with problems:
        _check_loopback(where + ".listen", entry["listen"])
    with problems:
        if entry.get("names") or (entry.get("client_certificates") or "required") != "required":
            raise EdgesiteError(
                "{0} has names or client_certificates, but with side: client nobody presents a certificate to "
                "it".format(where),
                "Remove them, or set side: server",
            )
    with problems:
        server = _server(where, entry.get("server_name"), entry["upstream"])
    problems.end()
    return "none", (), server


def _check_loopback(where: str, listen: str) -> None:
    # What is no address at all is said elsewhere.
    if lines.fits(listen, _ADDRESS) and not _LOOPBACK.fullmatch(listen.rpartition(":")[0]):
        raise EdgesiteError(
            "{0} is {1}, so anyone who can connect there can act as this host".format(where, listen),
            "Set it to a loopback address, such as 127.0.0.1:9444",
        )


def _server(where: str, given: Optional[str], upstream: str) -> str:
    if given:
        return checked(where + ".server_name", given, _DNS_NAME)
    server = upstream.rpartition(":")[0]
    if _NUMERIC.fullmatch(server):
        raise EdgesiteError(
            "{0} has no server_name, and its upstream {1} has an IP address in place of one".format(where, upstream),
            "Set server_name to the DNS name in that server's certificate, such as hub.example",
        )
    return server


def _check_address(where: str, text: str) -> None:
    checked(where, text, _ADDRESS)
    if not 0 < int(text.rpartition(":")[2]) < 65536:
        raise EdgesiteError(
            "{0} is {1}, whose port is not 1 to 65535".format(where, text), "Use a port in that range, such as 9443"
        )


def _check_upstream(where: str, text: str) -> None:
    _check_address(where, text)
    if text.startswith("*"):
        raise EdgesiteError(
            "{0} is {1}, which nobody can connect to".format(where, text),
            "Use one address, such as 127.0.0.1:9100",
        )


def _check_own(option: str, key: str, values: Sequence[str]) -> None:
    problems = Problems()
    for place, value in enumerate(values):
        first = values.index(value)
        with problems:
            if first != place:
                raise EdgesiteError(
                    "{0}[{1}].{2} is {3}, as is {0}[{4}].{2}".format(option, place, key, shown(value), first),
                    "Change one of them, or remove one of the two entries",
                )
    problems.end()
