# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services that use the key in a TPM: their files, and systemd's view of them."""

from __future__ import annotations

import glob
import grp
import hashlib
import json
import os
import posixpath
import socket
import ssl
import time
from typing import Dict, List, Optional, Sequence, Tuple

from ...common import effects as common_effects
from ...common.errors import EdgesiteError
from ...common.host import command, effects, owned_files, systemctl
from ...common.host.command import Run
from .. import files, services
from ..options import Wanted
from ..services import Action, Change, Note, Software, State, Unit

# In /run: after a boot every unit has loaded what is there.
NOTES = "/run/edgesite-gpu/tls-loaded.json"
_MODULES = (
    "/usr/lib/*/ossl-modules",
    "/usr/lib64/ossl-modules",
    "/usr/lib/ossl-modules",
    "/usr/local/lib*/ossl-modules",
)
_IDENTITY = ("current/cert.pem", "current/fullchain.pem", "current/key.pem", "trust.pem", "crl.pem")
_OWNED = ("openssl.cnf", "nginx-main.conf", "nginx-server.conf", "nginx-reload", "proxy-*.cfg")
_PROPERTIES = (
    *("Id", "LoadState", "ActiveState", "UnitFileState", "InvocationID", "InactiveExitTimestampMonotonic"),
    "NeedDaemonReload",
)
_SERVED_SECONDS = 20.0


def observe(run: Run, wish: Wanted) -> State:
    """What is there of what is wanted, and of what was wanted before."""
    installed = software(wish)
    paths = sorted({*existing(wish), *services.files(wish, installed)})
    names = sorted({*services.units(wish), *proxies(paths)})
    units, started = _units(run, names)
    identity, identity_changed = _identity(wish.layout.identity)
    return State(
        files={path: owned_files.read_text(path) for path in paths},
        links={path: owned_files.read_link(path) for path in (wish.layout.pair, wish.layout.pair + ".key")},
        units=units,
        notes=_notes(names),
        identity=identity,
        software=installed,
        started=started,
        changed={path: os.stat(path).st_ctime for path in paths if os.path.exists(path)},
        identity_changed=identity_changed,
    )


def existing(wish: Wanted) -> List[str]:
    """The files that are there of what was wanted before."""
    places = [posixpath.join(wish.layout.directory, name) for name in _OWNED]
    places += [files.PROXY_TEMPLATE, posixpath.join(common_effects.UNITS, "*.d", files.DROPIN)]
    return [path for place in places for path in glob.glob(place)]


def proxies(paths: Sequence[str]) -> List[str]:
    """The units of the proxies whose configuration is among these files."""
    names = [posixpath.basename(path) for path in paths]
    return [
        files.proxy_unit(name[len("proxy-") : -len(".cfg")])
        for name in names
        if name.startswith("proxy-") and name.endswith(".cfg")
    ]


def software(wish: Wanted) -> Software:
    """What is installed."""
    provider = next((path for place in _MODULES for path in glob.glob(posixpath.join(place, "tpm2.so"))), None)
    try:
        grp.getgrnam(wish.layout.group)
        group = True
    except KeyError:
        group = False
    return Software(provider is not None, _prefers(wish, provider), command.find("haproxy") is not None, group)


def _prefers(wish: Wanted, provider: Optional[str]) -> bool:
    """Whether it is one that has to be asked first: releases before 1.2.0, which hash in the TPM as well.

    One that is still to be installed is most likely as the one before, if there was one.
    """
    if provider is None:
        return owned_files.read_text(wish.layout.openssl) == files.openssl(True)
    with open(provider, "rb") as stream:
        return b"tpm2.digest" in stream.read()


def _identity(folder: str) -> Tuple[Optional[str], float]:
    digest, newest = hashlib.sha256(), 0.0
    try:
        newest = os.lstat(posixpath.join(folder, "current")).st_ctime
        for name in _IDENTITY:
            path = posixpath.join(folder, name)
            with open(path, "rb") as stream:
                digest.update(hashlib.sha256(stream.read()).digest())
            newest = max(newest, os.stat(path).st_ctime)
    except FileNotFoundError:
        return None, newest
    except OSError as error:
        raise EdgesiteError(
            "cannot read {0}: {1}".format(error.filename, error.strerror), "Run the task as root (become: true)"
        ) from error
    return digest.hexdigest(), newest


def _units(run: Run, names: Sequence[str]) -> Tuple[Dict[str, Unit], Dict[str, float]]:
    if not names:
        return {}, {}
    units, started = {}, {}
    booted = time.time() - time.clock_gettime(time.CLOCK_MONOTONIC)
    for name, found in zip(names, systemctl.show(run, _PROPERTIES, names)):
        units[name] = Unit(
            found.get("LoadState") in ("loaded", "masked"),
            found.get("ActiveState", ""),
            found.get("UnitFileState") in ("enabled", "enabled-runtime"),
            found.get("InvocationID", ""),
            found.get("NeedDaemonReload") == "yes",
        )
        started[name] = booted + int(found.get("InactiveExitTimestampMonotonic") or 0) / 1e6
    return units, started


def _all_notes() -> Dict[str, List[str]]:
    try:
        found = json.loads(owned_files.read_text(NOTES) or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _notes(names: Sequence[str]) -> Dict[str, Note]:
    found = _all_notes()
    return {
        name: Note(*map(str, found[name]))
        for name in names
        if isinstance(found.get(name), list) and len(found[name]) == len(Note._fields)
    }


def _note(unit: str, note: Optional[Note]) -> None:
    notes = _all_notes()
    notes.pop(unit, None)
    if note is not None:
        notes[unit] = list(note)
    owned_files.write_text(NOTES, json.dumps(notes, sort_keys=True) + "\n")


def apply(run: Run, wish: Wanted, action: Action) -> None:
    """Does one action. Raises EdgesiteError."""
    if isinstance(action, Change):
        _change(run, wish, action)
    else:
        effects.apply(run, action)


def undo(run: Run, action: Action) -> None:
    """Takes one action back. What a service has loaded it keeps; the next run sees that it is not what is there."""
    if not isinstance(action, Change):
        effects.apply(run, common_effects.undo(action))
        return
    _note(action.unit, None)
    if action.verb in ("start", "stop"):
        systemctl.do(run, "stop" if action.verb == "start" else "start", action.unit)


def _change(run, wish, action):
    if action.verb == "restart":
        # One that has failed too often would not be started; where it has not failed this does nothing.
        systemctl.clear_failure(run, action.unit)
    systemctl.do(run, action.verb, action.unit)
    if action.verb == "stop":
        _note(action.unit, None)
        return
    if action.listen:
        _served(wish.layout, action)
    units, ignored = _units(run, [action.unit])
    _note(action.unit, Note(units[action.unit].invocation, action.settings, action.content))


def _served(layout, action):
    """Waits until a proxy serves the certificate that is there: it loads it after systemctl has returned."""
    with open(posixpath.join(layout.identity, "current/cert.pem"), encoding="ascii") as stream:
        wanted = ssl.PEM_cert_to_DER_cert(stream.read())
    problem = ""
    until = time.monotonic() + _SERVED_SECONDS
    while time.monotonic() < until:
        try:
            if _certificate(action.listen) == wanted:
                return
            problem = "it serves another certificate"
        except OSError as error:
            problem = str(error)
        time.sleep(0.2)
    raise EdgesiteError(
        "{0} does not serve the host's certificate at {1}: {2}".format(action.unit, action.listen, problem),
        "Run 'journalctl -u {0}' on the host".format(action.unit),
    )


def _certificate(listen):
    host, port = listen.rsplit(":", 1)
    host = {"*": "127.0.0.1", "0.0.0.0": "127.0.0.1", "[::]": "::1"}.get(host, host.strip("[]"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with socket.create_connection((host, int(port)), timeout=10) as plain, context.wrap_socket(plain) as secured:
        return secured.getpeercert(binary_form=True)
