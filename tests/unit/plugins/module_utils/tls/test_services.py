# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tls_services takes for wanted, and what it plans."""

from __future__ import annotations

import re

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.effects import EnableUnit, Link, WriteFile
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.tls import files, options
from ansible_collections.edgesite.gpu.plugins.module_utils.tls import services as tls_services
from ansible_collections.edgesite.gpu.plugins.module_utils.tls.services import (
    Change,
    Note,
    Software,
    State,
    Unit,
)
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.common.line_cases import unit, values, words
from hypothesis import given
from hypothesis import strategies as st

PROXY = "edgesite-tls-proxy@node.service"
BASE = {"directory": "/etc/t/", "identity": "/etc/i", "tcti": "device:/dev/tpmrm0", "group": "tss"}
NODE = {"name": "node", "listen": "0.0.0.0:9443", "upstream": "127.0.0.1:9100"}
OUT = {"name": "out", "side": "client", "listen": "127.0.0.1:9444", "upstream": "gpu-1:9443"}
SOFTWARE = Software(True, False, True, True)


def wanted(*units, proxies=(), **changes):
    services = [unit if isinstance(unit, dict) else {"unit": unit} for unit in units]
    return options.wanted(**{**BASE, "services": services, "proxies": list(proxies), **changes})


def state(units=None, **changes):
    """A host on which nothing was done yet."""
    known = {name: Unit(True, active, True, "first " + name) for name, active in (units or {}).items()}
    links = {"/etc/t/identity.pem": None, "/etc/t/identity.pem.key": None}
    return State(**{**dict(files={}, links=links, units=known, notes={}, identity="one", software=SOFTWARE), **changes})


def told(actions):
    return [(action.unit, action.verb) for action in actions if isinstance(action, Change)]


def done(wish, found):
    return tls_services.after(found, tls_services.plan(wish, found))


def test_a_service_gets_its_drop_in_and_is_restarted_with_it():
    wish = wanted("mosquitto.service")
    actions = tls_services.plan(wish, state({"mosquitto.service": "active"}))
    assert [type(action) for action in actions] == [WriteFile, WriteFile, Link, Link, Change]
    assert told(actions) == [("mosquitto.service", "restart")]
    assert [tls_services.describe(action) for action in actions] == [
        "write /etc/systemd/system/mosquitto.service.d/50-edgesite-tls.conf",
        "write /etc/t/openssl.cnf",
        "link /etc/t/identity.pem to /etc/i/current/fullchain.pem",
        "link /etc/t/identity.pem.key to /etc/i/current/key.pem",
        "restart mosquitto.service",
    ]


def test_a_proxy_is_enabled_and_started_and_has_to_serve():
    wish = wanted(proxies=[NODE, OUT])
    actions = tls_services.plan(wish, state())
    assert [action for action in actions if isinstance(action, (EnableUnit, Change))] == [
        EnableUnit(PROXY, True),
        Change(
            PROXY,
            "start",
            *tls_services.digests(wish, state(), tls_services.files(wish, SOFTWARE), PROXY),
            "0.0.0.0:9443",
        ),
        EnableUnit("edgesite-tls-proxy@out.service", True),
        # It serves no certificate.
        Change(
            "edgesite-tls-proxy@out.service",
            "start",
            *tls_services.digests(wish, state(), tls_services.files(wish, SOFTWARE), "edgesite-tls-proxy@out.service"),
        ),
    ]


@pytest.mark.parametrize(
    ("entry", "verb"),
    [
        ({"unit": "nginx.service"}, "reload"),
        ({"unit": "haproxy.service"}, "reload"),
        ({"unit": "java.service", "change": "restart"}, "restart"),
    ],
)
def test_another_identity_is_told_as_the_service_takes_it(entry, verb):
    wish = wanted(entry, proxies=[NODE])
    settled = done(wish, state({entry["unit"]: "active", PROXY: "active"}))
    assert tls_services.plan(wish, settled) == []
    renewed = State(**{**settled.__dict__, "identity": "two"})
    assert told(tls_services.plan(wish, renewed)) == [(PROXY, "reload"), (entry["unit"], verb)]
    assert tls_services.show(wish, renewed)["units"][PROXY]["current"] is False
    assert tls_services.show(wish, settled)["units"][PROXY]["current"] is True


def test_other_settings_take_a_restart_and_another_proxy_a_reload():
    wish = wanted("nginx.service", proxies=[NODE])
    settled = done(wish, state({"nginx.service": "active", PROXY: "active"}))
    other_tcti = wanted("nginx.service", proxies=[NODE], tcti="device:/dev/tpmrm1")
    assert told(tls_services.plan(other_tcti, settled)) == [(PROXY, "restart"), ("nginx.service", "restart")]
    other_names = wanted("nginx.service", proxies=[{**NODE, "names": ["hub"]}])
    assert told(tls_services.plan(other_names, settled)) == [(PROXY, "reload")]


def test_a_unit_that_started_after_the_last_change_has_loaded_it():
    wish = wanted("nginx.service")
    settled = done(wish, state({"nginx.service": "active"}))
    changed = dict.fromkeys(settled.files, 100.0)
    booted = {**settled.__dict__, "notes": {}, "changed": changed, "identity_changed": 110.0}
    for started, verbs in ((120.0, []), (105.0, ["reload"]), (90.0, ["restart"])):
        found = State(**{**booted, "started": {"nginx.service": started}})
        assert [verb for unit, verb in told(tls_services.plan(wish, found))] == verbs
    # What is noted of an earlier start says nothing.
    settled.notes["nginx.service"] = Note("earlier", *settled.notes["nginx.service"][1:])
    found = State(**{**booted, "notes": settled.notes, "started": {"nginx.service": 105.0}})
    assert told(tls_services.plan(wish, found)) == [("nginx.service", "reload")]


@pytest.mark.parametrize("active", ["inactive", "deactivating"])
def test_a_service_that_is_stopped_stays_so_and_a_proxy_does_not(active):
    wish = wanted("nginx.service", proxies=[NODE])
    actions = tls_services.plan(wish, state({"nginx.service": active, PROXY: active}))
    assert told(actions) == [(PROXY, "start")]


def test_a_service_that_fails_is_not_taken_for_one_that_was_told():
    wish = wanted("nginx.service")
    settled = done(wish, state({"nginx.service": "failed"}))
    assert tls_services.plan(wish, settled) == []
    settled.units["nginx.service"] = settled.units["nginx.service"]._replace(active="failed")
    assert told(tls_services.plan(wish, settled)) == [("nginx.service", "restart")]


def test_a_service_that_is_not_there_gets_its_drop_in_and_is_named():
    wish = wanted("nginx.service")
    for found in (
        state(),
        state(units=None, **{"notes": {}}),
        State(**{**state().__dict__, "units": {"nginx.service": Unit(False, "inactive", False, "")}}),
    ):
        assert told(tls_services.plan(wish, found)) == []
        assert "/etc/systemd/system/nginx.service.d/50-edgesite-tls.conf" in done(wish, found).files
        assert tls_services.unknown(wish, found) == ["nginx.service"]


def test_what_is_taken_off_the_list_goes():
    before = wanted("nginx.service", proxies=[NODE])
    settled = done(before, state({"nginx.service": "active", PROXY: "active"}))
    nothing = wanted()
    actions = tls_services.plan(nothing, settled)
    assert actions[:2] == [Change(PROXY, "stop"), EnableUnit(PROXY, False)]
    assert all(action.content is None for action in actions if isinstance(action, WriteFile))
    assert told(actions) == [(PROXY, "stop")]
    said = [tls_services.describe(action) for action in actions]
    assert "remove /etc/t/proxy-node.cfg" in said
    assert "remove /etc/t/identity.pem" in said
    assert "disable " + PROXY in said
    left = tls_services.after(settled, actions)
    assert set(left.files.values()) == {None}
    assert [action for action in tls_services.plan(nothing, left) if not isinstance(action, WriteFile)] == []


CHOICES = st.fixed_dictionaries(
    {
        "units": st.lists(st.sampled_from(["nginx.service", "haproxy.service", "a@b.service"]), unique=True),
        "proxies": st.lists(
            st.sampled_from([NODE, OUT, {**NODE, "name": "c", "listen": "[::]:1", "client_certificates": "none"}]),
            unique_by=str,
        ),
        "tcti": st.sampled_from(["device:/dev/tpmrm0", "tabrmd:bus_type=system"]),
    }
)


@given(CHOICES, CHOICES, st.booleans(), st.sampled_from(["one", "two"]))
def test_whatever_is_wanted_after_whatever_it_is_reached(first, then, prefers, identity):
    found = state(dict.fromkeys(first["units"], "active"))
    wishes = [wanted(*choice["units"], proxies=choice["proxies"], tcti=choice["tcti"]) for choice in (first, then)]
    found = done(wishes[0], found)
    assert tls_services.plan(wishes[0], found) == []
    units = {**{name: Unit(True, "active", True, "x") for name in then["units"]}, **found.units}
    found = State(
        **{**found.__dict__, "units": units, "identity": identity, "software": SOFTWARE._replace(prefer_tpm=prefers)}
    )
    reached = done(wishes[1], found)
    assert tls_services.plan(wishes[1], reached) == []
    running = {name for name, unit in reached.units.items() if files.proxy_name(name) and unit.active == "active"}
    assert running == {files.proxy_unit(proxy["name"]) for proxy in then["proxies"]}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"services": [{"unit": "nginx"}]}, r"^services\[0\]\.unit.*nginx.service"),
        ({"services": [{"unit": "../nginx.service"}]}, r"^services\[0\]\.unit"),
        (
            {"services": [{"unit": "nginx.service"}, {"unit": "nginx.service"}]},
            r"services\[1\]\.unit is 'nginx.service', as is services\[0\]",
        ),
        ({"services": [{"unit": "nginx.service", "user": "a b"}]}, r"^services\[0\]\.user"),
        ({"proxies": [{**NODE, "name": "Node"}]}, r"^proxies\[0\]\.name"),
        ({"proxies": [{**NODE, "listen": "9443"}]}, r"^proxies\[0\]\.listen.*ADDRESS:PORT"),
        ({"proxies": [{**NODE, "listen": "*:0"}]}, "port is not 1 to 65535"),
        ({"proxies": [{**NODE, "upstream": "*:80"}]}, "nobody can connect to"),
        ({"proxies": [{**NODE, "upstream": "a:80\n    bind"}]}, r"^proxies\[0\]\.upstream"),
        ({"proxies": [NODE, {**NODE, "listen": "*:1"}]}, r"^proxies\[1\]\.name is 'node', as is proxies\[0\]"),
        ({"proxies": [NODE, {**NODE, "name": "b"}]}, r"^proxies\[1\]\.listen is '0.0.0.0:9443', as is proxies"),
        ({"proxies": [{**NODE, "names": ["a b"]}]}, r"^proxies\[0\]\.names"),
        ({"proxies": [{**NODE, "names": ["a"], "client_certificates": "none"}]}, "set client_certificates: required"),
        ({"proxies": [{**NODE, "server_name": "a"}]}, "Set side: client"),
        ({"proxies": [{**OUT, "listen": "0.0.0.0:9444"}]}, "can act as this host"),
        ({"proxies": [{**OUT, "listen": "*:9444"}]}, "can act as this host"),
        ({"proxies": [{**OUT, "names": ["a"]}]}, "nobody presents a certificate"),
        ({"proxies": [{**OUT, "client_certificates": "none"}]}, "nobody presents a certificate"),
        ({"proxies": [{**OUT, "upstream": "10.0.0.1:1"}]}, "Set server_name"),
        ({"proxies": [{**OUT, "upstream": "[fd00::1]:1"}]}, "Set server_name"),
        ({"proxies": [{**OUT, "server_name": "a b"}]}, "a DNS name"),
        ({"tcti": "a b"}, "tcti"),
        ({"tcti": ""}, "tcti"),
        ({"tcti": "/dev/tpmrm0"}, "^tcti is '/dev/tpmrm0', which is not a TCTI .*Begin it with the name of a TCTI"),
        ({"tcti": "devcie:/dev/tpmrm0"}, "^tcti is 'devcie:/dev/tpmrm0', which is not a TCTI"),
        ({"group": "a b"}, "group"),
    ],
)
def test_what_cannot_be_is_refused(given, words):
    with pytest.raises(EdgesiteError) as caught:
        options.wanted(**{**BASE, "services": [], "proxies": [], **given})
    error = caught.value
    assert re.search(words, error.problem + ". " + error.fix, re.IGNORECASE)


def test_all_that_cannot_be_is_told():
    services = [{"unit": "nginx", "user": "a b"}, {"unit": "nginx.service"}, {"unit": "nginx.service"}]
    proxies = [
        {**NODE, "name": "A", "listen": "9443", "upstream": "*:80", "names": ["a b"], "client_certificates": "none"},
        {**OUT, "listen": "9444", "upstream": "10.0.0.1:1", "names": ["a"]},
        {**OUT, "listen": "0.0.0.0:9444", "server_name": "a b"},
        NODE,
        NODE,
    ]
    with pytest.raises(EdgesiteError) as caught:
        options.wanted("t", "i", "a b", "a b", services, proxies)
    assert [error.problem.split(", ")[0].split(" is ")[0] for error in caught.value.parts] == [
        "directory",
        "identity",
        "tcti",
        "group",
        "services[0].unit",
        "services[0].user",
        "proxies[0].name",
        "proxies[0].listen",
        "proxies[0].upstream",
        "proxies[0].names[0]",
        "proxies[0] has names",
        "proxies[1].listen",
        "proxies[1] has names or client_certificates",
        "proxies[1] has no server_name",
        "proxies[2].listen",
        "proxies[2].server_name",
        "services[2].unit",
        "proxies[2].name",
        "proxies[4].name",
        "proxies[4].listen",
    ]


def test_what_is_not_there_is_named_before_anything_is_done():
    wish = wanted("nginx.service", proxies=[NODE])
    bare = state(software=Software(False, False, False, True))
    with pytest.raises(EdgesiteError, match="tpm2-openssl, haproxy") as caught:
        tls_services.check_ready(wish, bare)
    assert caught.value.details == {"missing_packages": ["tpm2-openssl", "haproxy"]}
    with pytest.raises(EdgesiteError, match="no group tss"):
        tls_services.check_ready(wish, state(software=SOFTWARE._replace(group=False)))
    with pytest.raises(EdgesiteError, match="no complete identity .key and certificate. in /etc/i"):
        tls_services.check_ready(wish, state(identity=None))
    tls_services.check_ready(wish, state())
    # Taking all away needs none of it.
    tls_services.check_ready(wanted(), state(identity=None, software=Software(False, False, False, False)))


# Each option with a value that stands nowhere else, and others like it
PLAIN = {
    "directory": "/d1",
    "identity": "/d2",
    "tcti": "device:/d3",
    "group": "g4",
    "unit": "u5.service",
    "user": "u6",
    "name": "n7",
    "listen": "10.0.0.8:8",
    "upstream": "10.0.0.9:9",
    "names": "c10",
    "out": "o11",
    "inside": "127.0.0.12:12",
    "server": "s13:13",
    "server_name": "s14",
}
ALIKE = {
    "directory": ["/etc/edgesite-gpu/tls", "/d/"],
    "identity": ["/etc/i"],
    "tcti": ["tabrmd:bus_type=system"],
    "group": ["tss"],
    "unit": ["nginx.service", "a@b.service"],
    "user": ["mosquitto"],
    "listen": ["[::]:9443", "*:1"],
    "upstream": ["localhost:80"],
    "names": ["hub.example"],
    "inside": ["[::1]:1"],
}


def rendered(**changes):
    """The files for values, by path."""
    one = {**PLAIN, **changes}
    service = {"unit": one["unit"], "user": one["user"], "change": "upgrade"}
    incoming = {key: one[key] for key in ("name", "listen", "upstream")}
    outgoing = {"name": one["out"], "side": "client", "listen": one["inside"], "upstream": one["server"]}
    wish = options.wanted(
        *(one[key] for key in ("directory", "identity", "tcti", "group")),
        [service],
        [{**incoming, "names": [one["names"]]}, {**outgoing, "server_name": one["server_name"]}],
    )
    return tls_services.files(wish, SOFTWARE)


def shape(path, text):
    """How many entries of which names, or how many words in each line, a file has for its readers."""
    if path.endswith((".service", "50-edgesite-tls.conf")):
        return [entry[:2] for entry in unit(text)]
    return [len(line) for line in words(text)]


@pytest.mark.parametrize("option", sorted(PLAIN))
@given(data=st.data())
def test_a_value_stands_in_the_files_as_it_is_or_is_refused(option, data):
    value = data.draw(values(PLAIN[option], *ALIKE.get(option, [])))
    # without a user nothing is changed to, and a server's name is that of its host
    if not value and option in ("user", "server_name"):
        return
    try:
        found = rendered(**{option: value})
    except EdgesiteError as error:
        assert error.fix and "\n" not in error.problem
        return
    stands = value.rstrip("/") if option in ("directory", "identity") else value
    for path, text in rendered().items():
        changed = path.replace(PLAIN[option], stands)
        assert found[changed] == text.replace(PLAIN[option], stands)
        assert shape(changed, found[changed]) == shape(path, text)
