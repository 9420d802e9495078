# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tls_services on real files, with a systemd that is a few variables: what ends a run anywhere, the next finishes."""

from __future__ import annotations

import json
import os
import time
from itertools import count

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.boot.host import ready
from ansible_collections.edgesite.gpu.plugins.module_utils.common import effects
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import command, owned_files
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host.command import Result
from ansible_collections.edgesite.gpu.plugins.module_utils.converge import ApplyError, converge
from ansible_collections.edgesite.gpu.plugins.module_utils.tls import files, options
from ansible_collections.edgesite.gpu.plugins.module_utils.tls import services as tls_services
from ansible_collections.edgesite.gpu.plugins.module_utils.tls.host import services as backend
from ansible_collections.edgesite.gpu.plugins.module_utils.tls.host.domain import TlsServicesDomain

NGINX, PROXY = "nginx.service", "edgesite-tls-proxy@node.service"
NODE = {"name": "node", "listen": "0.0.0.0:9443", "upstream": "127.0.0.1:9100"}


class Killed(BaseException):
    """The run ends here, and takes nothing back."""


class Host:
    """A folder, and units: state, whether enabled, which start it is, and the identity and settings it has loaded."""

    def __init__(self, folder):
        self.folder, self.identity = folder, folder / "identity"
        self.units = {NGINX: self.unit("active")}
        self.fault, self.effects, self.ran, self.starts = None, 0, [], count(1)
        self.broken = ()
        # unit files as systemd has read them
        self.read = {}
        self.issue("one")

    def unit(self, active, start=0):
        return {"active": active, "enabled": False, "start": start, "loaded": None, "settings": None}

    def issue(self, text):
        (self.identity / "current").mkdir(parents=True, exist_ok=True)
        for name in ("current/cert.pem", "current/fullchain.pem", "current/key.pem", "trust.pem", "crl.pem"):
            (self.identity / name).write_text(text)

    def now(self):
        return (self.identity / "current/cert.pem").read_text()

    def effect(self, change):
        self.effects += 1
        at, kind, before = self.fault or (None, None, None)
        if self.effects == at and before:
            raise kind("here")
        change()
        if self.effects == at:
            raise kind("here")

    def run(self, argv, data=None, timeout=0):
        verb, *names = argv[1:]
        if verb == "show":
            return Result(0, "\n".join(map(self.shown, names[2:])).encode(), "")
        if verb == "reset-failed":
            return Result(0, b"", "")
        try:
            self.effect(lambda: self.do(verb, *names))
        except EdgesiteError as error:
            return Result(1, b"", str(error))
        return Result(0, b"", "")

    def shown(self, name):
        unit = self.units.get(name)
        found = {"Id": name, "LoadState": "not-found" if unit is None else "loaded"}
        if unit is not None:
            found["ActiveState"] = unit["active"]
            found["UnitFileState"] = "enabled" if unit["enabled"] else "disabled"
            found["NeedDaemonReload"] = "yes" if self.read.get(name) != self.unit_file(name) else "no"
            found["InvocationID"] = str(unit["start"])
            found["InactiveExitTimestampMonotonic"] = str(unit["start"])
        return "".join("{0}={1}\n".format(*pair) for pair in found.items())

    def do(self, verb, name=None):
        self.ran.append((verb, name))
        if verb == "daemon-reload":
            self.read = {known: self.unit_file(known) for known in self.units}
            return
        if name not in self.units:
            self.read[name] = self.unit_file(name)
        unit = self.units.setdefault(name, self.unit("inactive"))
        if verb in ("enable", "disable"):
            unit["enabled"] = verb == "enable"
        elif verb == "stop":
            unit["active"] = "inactive"
        else:
            if verb != "reload" and not (verb == "start" and unit["active"] == "active"):
                unit.update(active="active", start=next(self.starts), settings=self.settings(self.read.get(name)))
            unit["loaded"] = self.now()
            if name in self.broken:
                unit["active"] = "failed"

    def unit_file(self, name):
        dropin = self.folder / "units" / (name + ".d") / files.DROPIN
        file = self.folder / "units/edgesite-tls-proxy@.service" if files.proxy_name(name) else dropin
        return owned_files.read_text(str(file))

    def settings(self, unit_file):
        return owned_files.read_text(str(self.folder / "tls/openssl.cnf")), unit_file

    def wish(self, services=(NGINX,), proxies=(NODE,)):
        return options.wanted(
            str(self.folder / "tls"),
            str(self.identity),
            "device:/dev/tpmrm0",
            "root",
            [{"unit": unit} for unit in services],
            list(proxies),
        )

    def converged(self, check=False, fault=None, identity="", **wish):
        self.fault, self.effects, self.ran = fault, 0, []
        return converge(TlsServicesDomain(self.run, self.wish(**wish), identity), check)

    def assert_done(self):
        for name in (NGINX, PROXY):
            unit = self.units[name]
            assert (unit["active"], unit["loaded"]) == ("active", self.now()), name
            assert unit["settings"] == self.settings(self.unit_file(name)), name
        assert self.units[PROXY]["enabled"]
        assert self.converged().actions == []
        assert self.ran == []


def made(folder, monkeypatch):
    host = Host(folder)
    real_write, real_remove = owned_files.write_text, owned_files.remove
    monkeypatch.setattr(
        backend.owned_files, "write_text", lambda *given: host.effect(lambda: real_write(*given)), raising=True
    )
    monkeypatch.setattr(backend.owned_files, "remove", lambda path: host.effect(lambda: real_remove(path)))
    units = str(folder / "units")
    monkeypatch.setattr(effects, "UNITS", units)
    for place in (files, tls_services):
        monkeypatch.setattr(place, "PROXY_TEMPLATE", units + "/edgesite-tls-proxy@.service")
    monkeypatch.setattr(backend, "NOTES", str(folder / "run/notes.json"))
    monkeypatch.setattr(backend, "_served", lambda layout, action: None)
    monkeypatch.setattr(command, "find", lambda program: "/usr/bin/" + program)
    provider = folder / "ossl-modules/tpm2.so"
    provider.parent.mkdir()
    provider.write_bytes(b"no digests here")
    monkeypatch.setattr(backend, "_MODULES", (str(provider.parent),))
    monkeypatch.setattr(ready.os, "geteuid", lambda: 0)
    return host


@pytest.fixture
def host(tmp_path, monkeypatch):
    return made(tmp_path, monkeypatch)


def test_check_says_what_a_run_does_and_does_nothing(host):
    planned = host.converged(check=True)
    assert host.effects == 0
    assert sorted(os.listdir(str(host.folder))) == ["identity", "ossl-modules"]
    assert host.converged().actions == planned.actions
    host.assert_done()


def test_a_new_identity_is_told_to_all_and_nothing_else_is_done(host):
    host.converged()
    host.issue("two")
    outcome = host.converged()
    assert sorted(action["does"] for action in outcome.actions) == ["reload " + PROXY, "reload " + NGINX]
    host.assert_done()


FAULTS = [(kind, before) for kind in (Killed, EdgesiteError) for before in (True, False)]


@pytest.mark.parametrize(("kind", "before"), FAULTS)
@pytest.mark.parametrize("what", ["first", "renewal", "other settings", "end"])
def test_a_run_that_ends_anywhere_is_finished_by_the_next(tmp_path, monkeypatch, kind, before, what):
    for at in count(1):
        folder = tmp_path / str(at)
        folder.mkdir()
        with monkeypatch.context() as patch:
            host = made(folder, patch)
            wish = {}
            if what != "first":
                host.converged()
            if what == "renewal":
                host.issue("two")
            if what == "other settings":
                (folder / "ossl-modules/tpm2.so").write_bytes(b"tpm2.digest")
            if what == "end":
                wish = {"services": (), "proxies": ()}
            ended = True
            try:
                host.converged(fault=(at, kind, before), **wish)
                ended = False
            except (Killed, ApplyError):
                pass
            host.converged(**wish)
            if what == "end":
                assert host.units[PROXY]["active"] == "inactive"
                assert not host.units[PROXY]["enabled"]
                assert [path for path in folder.glob("tls/*") if not path.name.startswith(".")] == []
                assert list(folder.glob("units/**/*.*.conf")) == []
                assert host.converged(**wish).actions == []
            else:
                host.assert_done()
            if not ended:
                assert at > 2
                return


def test_a_service_that_does_not_stand_it_is_said(host):
    host.broken = (NGINX,)
    with pytest.raises(ApplyError, match="did not take effect: restart nginx.service"):
        host.converged()
    host.broken = ()
    host.converged()
    host.assert_done()


def test_a_boot_changes_nothing(host, monkeypatch):
    host.converged()
    os.unlink(backend.NOTES)
    later = int((time.clock_gettime(time.CLOCK_MONOTONIC) + 60) * 1e6)
    for unit in host.units.values():
        unit["start"] = later
    assert host.converged().actions == []


def test_notes_that_cannot_be_read_cost_a_reload_at_most(host):
    host.converged()
    for text in ("no JSON", "[]", json.dumps({NGINX: ["x"], PROXY: 5})):
        with open(backend.NOTES, "w", encoding="ascii") as stream:
            stream.write(text)
        assert {action["does"].split()[0] for action in host.converged().actions} <= {"reload", "restart"}
        host.assert_done()


def test_what_is_missing_is_named_and_nothing_is_done(host, monkeypatch):
    monkeypatch.setattr(backend, "_MODULES", ("/nowhere",))
    monkeypatch.setattr(command, "find", lambda program: None if program == "haproxy" else "/usr/bin/" + program)
    with pytest.raises(EdgesiteError) as caught:
        host.converged()
    assert caught.value.details == {"missing_packages": ["tpm2-openssl", "haproxy"]}
    assert host.effects == 0


def test_without_an_identity_nothing_is_done(host):
    (host.identity / "crl.pem").unlink()
    with pytest.raises(EdgesiteError, match="There is no complete identity"):
        host.converged()
    assert host.effects == 0


def test_another_file_in_the_place_of_a_link_stays(host):
    (host.folder / "tls").mkdir()
    (host.folder / "tls/identity.pem").write_text("somebody's")
    with pytest.raises(EdgesiteError, match="has to be a symbolic link"):
        host.converged()
    assert (host.folder / "tls/identity.pem").read_text() == "somebody's"


def test_systemd_that_does_not_answer_is_said(host):
    host.run = lambda argv, data=None, timeout=0: Result(1, b"", "no bus")
    with pytest.raises(EdgesiteError, match="no bus"):
        host.converged()
