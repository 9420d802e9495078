# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services that use the key in a host's TPM, and proxies for those that cannot: what is to be done for them.

A service has loaded what is noted for this start of it, or, where nothing is noted, what was there when it started.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field, replace
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from ..common import effects
from ..common.disruption import NONE, RESTART, by
from ..common.effects import Effect, EnableUnit, ReadUnits, WriteFile
from ..common.errors import EdgesiteError
from . import files as tls_files
from .files import PROXY_TEMPLATE
from .options import Wanted

# Of a look at a host, what is to be done where its certificate is about to be another one, and where it stays
RENEWED, KEPT = "renewed", "kept"

ACTIVE = ("active", "activating", "reloading")


class Unit(NamedTuple):
    """A unit as systemd sees it: whether there is one, its state, whether it starts at boot, which start this is.

    stale: its files have changed since systemd read them.
    """

    exists: bool
    active: str
    enabled: bool
    invocation: str
    stale: bool = False


class Note(NamedTuple):
    """What a start of a unit was last given: its settings, which take a restart, and the rest, which does not."""

    invocation: str
    settings: str
    content: str


class Software(NamedTuple):
    """provider: OpenSSL can use the TPM. prefer_tpm: that provider wants to be asked first. group: it exists."""

    provider: bool
    prefer_tpm: bool
    haproxy: bool
    group: bool


@dataclass(frozen=True)
class State:
    """What there is. files, links: by path, None for one that is missing. identity: a digest; None if incomplete.

    changed, identity_changed: when a unit's settings, and when the rest, was last changed; started: when a unit was.
    They are no part of what is compared: what was taken back is as it was, and was changed just now.
    """

    files: Dict[str, Optional[str]]
    links: Dict[str, Optional[str]]
    units: Dict[str, Unit]
    notes: Dict[str, Note]
    identity: Optional[str]
    software: Software
    started: Dict[str, float] = field(default_factory=dict, compare=False)
    changed: Dict[str, float] = field(default_factory=dict, compare=False)
    identity_changed: float = field(default=0.0, compare=False)


class Change(NamedTuple):
    """start, stop, restart or reload a unit, and note what it has then. listen: what a proxy then has to serve."""

    unit: str
    verb: str
    settings: str = ""
    content: str = ""
    listen: str = ""


Action = Union[Effect, Change]


def files(wish: Wanted, software: Software) -> Dict[str, str]:
    """All files that are wanted, by path."""
    layout = wish.layout
    if not wish.services and not wish.proxies:
        return {}
    content = {layout.openssl: tls_files.openssl(software.prefer_tpm)}
    for service in wish.services:
        content[layout.dropin(service.unit)] = tls_files.dropin(layout, service)
        if service.change == "upgrade":
            content.update(tls_files.nginx(layout))
    for proxy in wish.proxies:
        content[PROXY_TEMPLATE] = tls_files.proxy_template(layout)
        content[layout.proxy_config(proxy.name)] = tls_files.proxy_config(layout, proxy)
    return content


def links(wish: Wanted) -> Dict[str, str]:
    """Links that are wanted: haproxy looks for a key beside its certificate."""
    layout = wish.layout
    if not wish.services and not wish.proxies:
        return {}
    return {
        layout.pair: layout.identity + "/current/fullchain.pem",
        layout.pair + ".key": layout.identity + "/current/key.pem",
    }


def units(wish: Wanted) -> List[str]:
    """The units this is about."""
    return [service.unit for service in wish.services] + [tls_files.proxy_unit(proxy.name) for proxy in wish.proxies]


def settings_files(wish: Wanted, unit: str) -> List[str]:
    """The files that a unit takes notice of when it starts anew."""
    name = tls_files.proxy_name(unit)
    return [wish.layout.openssl, PROXY_TEMPLATE if name is not None else wish.layout.dropin(unit)]


def content_files(wish: Wanted, unit: str) -> List[str]:
    """The files, apart from the identity, that a unit takes notice of when it reloads."""
    name = tls_files.proxy_name(unit)
    return [] if name is None else [wish.layout.proxy_config(name)]


def plan(wish: Wanted, state: State) -> List[Action]:
    """Proxies that are not wanted end first; then files; then units are told."""
    content, targets = files(wish, state.software), links(wish)
    actions: List[Action] = []
    gone = [unit for unit in sorted(state.units) if tls_files.proxy_name(unit) and unit not in units(wish)]
    for unit in gone:
        if state.units[unit].active in ACTIVE:
            actions.append(Change(unit, "stop"))
        if state.units[unit].enabled:
            actions.append(EnableUnit(unit, False))
    # What is there and not wanted goes.
    writes = effects.writes(_all(content, state.files), state.files)
    actions += [write._replace(mode=tls_files.mode(write.path)) for write in writes]
    actions += effects.links(_all(targets, state.links), state.links)
    stale = any(state.units[unit].stale for unit in units(wish) if unit in state.units)
    if stale and not any(effects.is_unit_file(write.path) for write in writes):
        # an earlier run ended before systemd had read what it wrote
        actions.append(ReadUnits())
    for proxy in wish.proxies:
        unit = tls_files.proxy_unit(proxy.name)
        known = state.units.get(unit)
        if known is None or not known.enabled:
            actions.append(EnableUnit(unit, True))
        verb = "start" if known is None or known.active not in ACTIVE else _verb(wish, state, content, unit, "reload")
        if verb is not None:
            actions.append(Change(unit, verb, *digests(wish, state, content, unit), listen=proxy.served))
    for service in wish.services:
        known = state.units.get(service.unit)
        # One that is stopped stays so. One that has failed may have done so for want of these settings; and one that
        # fails with them has not been told with success.
        if known is None or not known.exists or known.active not in (*ACTIVE, "failed"):
            continue
        change = "restart" if service.change == "restart" else "reload"
        verb = "restart" if known.active == "failed" else _verb(wish, state, content, service.unit, change)
        if verb is not None:
            actions.append(Change(service.unit, verb, *digests(wish, state, content, service.unit)))
    return actions


def with_new_certificate(state: State) -> State:
    """The state once the host has another certificate, which none of the units has loaded."""
    return replace(state, identity=RENEWED, identity_changed=math.inf)


def _all(wanted: Mapping[str, str], there: Mapping[str, Optional[str]]) -> Dict[str, Optional[str]]:
    return {path: wanted.get(path) for path in sorted({*wanted, *there})}


def _verb(wish: Wanted, state: State, content: Mapping[str, str], unit: str, change: str) -> Optional[str]:
    """What a unit needs, None for nothing."""
    settings, rest = digests(wish, state, content, unit)
    note = state.notes.get(unit)
    if note is not None and note.invocation == state.units[unit].invocation:
        if note.settings != settings:
            return "restart"
        return None if note.content == rest else change
    if not _started_after(state, content, unit, settings_files(wish, unit)):
        return "restart"
    others = content_files(wish, unit)
    fresh = _started_after(state, content, unit, others) and state.started.get(unit, 0.0) > state.identity_changed
    return None if fresh else change


def _started_after(state: State, content: Mapping[str, str], unit: str, paths: Sequence[str]) -> bool:
    started = state.started.get(unit, 0.0)
    return all(content.get(path) == state.files.get(path) and started > state.changed.get(path, 0.0) for path in paths)


def digests(wish: Wanted, state: State, content: Mapping[str, str], unit: str) -> Tuple[str, str]:
    """What a unit has once it is told: its settings, and the rest."""
    settings = [content.get(path, "") for path in settings_files(wish, unit)]
    rest = [content.get(path, "") for path in content_files(wish, unit)] + [state.identity or ""]
    return _digest(settings), _digest(rest)


def _digest(texts: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(texts).encode("utf-8")).hexdigest()[:16]


def missing(wish: Wanted, state: State) -> List[str]:
    """Programs that are wanted and not there, by the names of their packages."""
    found = []
    if (wish.services or wish.proxies) and not state.software.provider:
        found.append("tpm2-openssl")
    if wish.proxies and not state.software.haproxy:
        found.append("haproxy")
    return found


def check_ready(wish: Wanted, state: State) -> None:
    """Raises EdgesiteError where services would be told to use what is not there."""
    check_packages(wish, state)
    check_group(wish, state)
    check_identity(wish, state)


def check_packages(wish: Wanted, state: State) -> None:
    """Raises EdgesiteError where programs are missing."""
    lacking = missing(wish, state)
    if lacking:
        raise EdgesiteError(
            "Not installed on this host: " + ", ".join(lacking),
            "Install these packages, or set install: true (tls_install)",
            {"missing_packages": list(lacking)},
        )


def check_group(wish: Wanted, state: State) -> None:
    """Raises EdgesiteError where the TPM's device cannot be told from others."""
    if (wish.services or wish.proxies) and not state.software.group:
        raise EdgesiteError(
            "There is no group {0} on this host, which the TPM's device should belong to".format(wish.layout.group),
            "Install tpm-udev or tpm2-abrmd, or set group (tls_group) to the group of the TPM's device: "
            "'ls -l /dev/tpmrm0' on the host shows it",
        )


def check_identity(wish: Wanted, state: State) -> None:
    """Raises EdgesiteError where there is no certificate that services could use."""
    if (wish.services or wish.proxies) and state.identity is None:
        raise EdgesiteError(
            "There is no complete identity (key and certificate) in {0}".format(wish.layout.identity),
            "Set identity_ca_dir, and run 'ansible-playbook edgesite.gpu.site -i INVENTORY --tags identity' first",
        )


def unknown(wish: Wanted, state: State) -> List[str]:
    """Services that the host does not have."""
    return [
        service.unit
        for service in wish.services
        if service.unit not in state.units or not state.units[service.unit].exists
    ]


def after(state: State, actions: Sequence[Action]) -> State:
    """The state that the actions lead to."""
    units_then, notes = dict(state.units), dict(state.notes)
    for action in actions:
        if isinstance(action, ReadUnits) or isinstance(action, WriteFile) and effects.is_unit_file(action.path):
            units_then = {name: unit._replace(stale=False) for name, unit in units_then.items()}
        elif isinstance(action, EnableUnit):
            unit = units_then.get(action.unit, _NEW)
            units_then[action.unit] = unit._replace(enabled=action.enabled, exists=True)
        elif isinstance(action, Change):
            unit = units_then.get(action.unit, _NEW)
            if action.verb == "stop":
                units_then[action.unit] = unit._replace(active="inactive")
                notes.pop(action.unit, None)
            else:
                units_then[action.unit] = unit._replace(active="active", exists=True)
                notes[action.unit] = Note(unit.invocation, action.settings, action.content)
    return replace(
        state,
        files=effects.files_after(state.files, actions),
        links=effects.links_after(state.links, actions),
        units=units_then,
        notes=notes,
    )


_NEW = Unit(True, "inactive", False, "")


def describe(action: Action) -> str:
    """The action for people."""
    if isinstance(action, Change):
        return "{0} {1}".format(action.verb, action.unit)
    return effects.describe(action)


def disruption(action: Action) -> Dict[str, Any]:
    """What the action interrupts: a service that reloads goes on."""
    if isinstance(action, Change):
        return by(RESTART, action.unit) if action.verb in ("stop", "restart") else by(NONE)
    return effects.disruption(action)


def show(wish: Wanted, state: State) -> Dict[str, Any]:
    """Files by digest, and units by what they do and whether they have loaded what is there."""
    content = files(wish, state.software)
    return {
        "files": {path: None if text is None else _digest([text]) for path, text in sorted(state.files.items())},
        "links": dict(sorted(state.links.items())),
        "units": {
            unit: {
                "active": known.active,
                "enabled": known.enabled,
                "current": known.active in ACTIVE and _current(wish, state, content, unit),
            }
            for unit, known in sorted(state.units.items())
        },
    }


def _current(wish: Wanted, state: State, content: Mapping[str, str], unit: str) -> bool:
    return unit in units(wish) and _verb(wish, state, content, unit, "reload") is None
