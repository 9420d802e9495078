# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What users write of services on a host's certificate, checked."""

from __future__ import annotations

import re
from typing import Any, List, Mapping, NamedTuple, Sequence, Tuple, TypeVar

from ..common import lines
from ..common.errors import EdgesiteError
from ..common.lines import Kind, checked
from .files import Layout, Proxy, Service

Entry = TypeVar("Entry", Service, Proxy)

_TCTI = Kind(
    re.compile(r"[A-Za-z0-9_./:=,@+-]+"), "a TCTI of letters, digits and _ . / : = , @ + -, such as device:/dev/tpmrm0"
)
_NAME = Kind(re.compile(r"[a-z0-9][a-z0-9-]{0,40}"), "a name of lower-case letters, digits and dashes")
_ADDRESS = Kind(
    re.compile(r"(\*|[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):([0-9]{1,5})"),
    "ADDRESS:PORT, such as 0.0.0.0:9443 or [::]:9443",
)
_COMMON_NAME = Kind(lines.HOST.pattern, "a common name of letters, digits, dots, dashes and _")
_DNS_NAME = Kind(lines.HOST.pattern, "a DNS name")
_LOOPBACK = re.compile(r"127\.[0-9.]+|localhost|\[::1\]")
_NUMERIC = re.compile(r"[0-9.]+|\[.*\]")


class Wanted(NamedTuple):
    """What is wanted on a host."""

    layout: Layout
    services: Tuple[Service, ...]
    proxies: Tuple[Proxy, ...]


def wanted(
    directory: str, identity: str, tcti: str, group: str, services: Sequence[Mapping[str, Any]], proxies: Sequence[Any]
) -> Wanted:
    """What was asked for, checked."""
    return Wanted(
        Layout(
            checked("directory", directory, lines.FOLDER).rstrip("/"),
            checked("identity", identity, lines.FOLDER).rstrip("/"),
            checked("tcti", tcti, _TCTI),
            checked("group", group, lines.ACCOUNT),
        ),
        tuple(_once("services", "unit", [_service(entry) for entry in services])),
        tuple(_once("proxies", "listen", _once("proxies", "name", [_proxy(entry) for entry in proxies]))),
    )


def _service(entry: Mapping[str, Any]) -> Service:
    unit = checked("services: unit", entry["unit"], lines.SERVICE)
    user = entry.get("user")
    change = entry.get("change") or ("upgrade" if unit == "nginx.service" else "reload")
    return Service(unit, change, checked("services: user", user, lines.ACCOUNT) if user else None)


def _proxy(entry: Mapping[str, Any]) -> Proxy:
    if entry.get("side") == "client":
        return _outgoing(entry)
    kind = entry.get("client_certificates") or "required"
    names = tuple(checked("proxies: names", name, _COMMON_NAME) for name in entry.get("names") or ())
    if entry.get("server_name"):
        raise EdgesiteError(
            "proxies: {0} has server_name, but does not have side: client".format(entry["name"]),
            "Set side: client, or remove server_name",
        )
    if names and kind != "required":
        raise EdgesiteError(
            "proxies: {0} has names, but client_certificates is {1}".format(entry["name"], kind),
            "Names are compared with client certificates: set client_certificates: required, or remove names",
        )
    return Proxy(
        checked("proxies: name", entry["name"], _NAME),
        _address("listen", entry["listen"]),
        _address("upstream", entry["upstream"]),
        kind,
        names,
    )


def _outgoing(entry: Mapping[str, Any]) -> Proxy:
    """A proxy that is a client, on behalf of whoever can connect to it."""
    listen, upstream = _address("listen", entry["listen"]), _address("upstream", entry["upstream"])
    if not _LOOPBACK.fullmatch(listen.rpartition(":")[0]):
        raise EdgesiteError(
            "proxies: {0} listens on {1}, so anyone who can connect there can act as this host".format(
                entry["name"], listen
            ),
            "Set listen to a loopback address, such as 127.0.0.1:9444",
        )
    if entry.get("names") or (entry.get("client_certificates") or "required") != "required":
        raise EdgesiteError(
            "proxies: {0} has names or client_certificates, but with side: client nobody presents a certificate to "
            "it".format(entry["name"]),
            "Remove them, or set side: server",
        )
    server = entry.get("server_name") or upstream.rpartition(":")[0]
    if _NUMERIC.fullmatch(server):
        raise EdgesiteError(
            "proxies: {0} needs the name that is in the certificate of {1}".format(entry["name"], upstream),
            "Set server_name to it",
        )
    name = checked("proxies: name", entry["name"], _NAME)
    return Proxy(name, listen, upstream, "none", (), checked("proxies: server_name", server, _DNS_NAME))


def _address(option: str, text: str) -> str:
    text = checked("proxies: " + option, text, _ADDRESS)
    if not 0 < int(text.rpartition(":")[2]) < 65536 or (option == "upstream" and text.startswith("*")):
        raise EdgesiteError("proxies: {0} {1} is not a usable address".format(option, text), "Correct it")
    return text


def _once(option: str, key: str, entries: List[Entry]) -> List[Entry]:
    values = [getattr(entry, key) for entry in entries]
    double = sorted({value for value in values if values.count(value) > 1})
    if double:
        raise EdgesiteError("{0}: {1} {2} appears twice".format(option, key, double[0]), "Remove one of them")
    return entries
