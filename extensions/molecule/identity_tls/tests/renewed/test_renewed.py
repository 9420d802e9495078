# SPDX-License-Identifier: GPL-3.0-or-later
"""After a revocation, a renewal and a rotation, under load."""

from __future__ import annotations

import json

import pytest

ALL = ["nginx", "go", "haproxy", "mosquitto", "python"]


@pytest.fixture(name="load")
def fixture_load(connect):
    def load(what, service):
        result = json.loads(connect("hub").file(f"/srv/{what}-{service}.json").content_string)
        print(what, service, {**result, "failures": len(result["failures"])})
        return result

    return load


@pytest.mark.parametrize("what", ["renewal", "rotation"])
@pytest.mark.parametrize("service", ["trixie:8443", "trixie:9443", "bookworm:8443", "bookworm:8883", "bookworm:10443"])
def test_certificate_changed_and_no_request_failed(load, what, service):
    result = load(what, service)
    assert result["failures"] == []
    assert result["requests"] > 0
    assert len(result["serials"]) == 2


@pytest.mark.parametrize(("what", "service"), [("renewal", "trixie:8443"), ("rotation", "trixie:9443")])
def test_it_was_a_steady_load(load, what, service):
    """What clients ask for; how fast they are answered is a matter of the machine, and printed."""
    assert load(what, service)["offered"] >= 20


def test_all_services_serve_the_new_certificate(services, connect):
    for name, answer in services.ask("hub").items():
        host = connect("trixie" if name in ("nginx", "go") else "bookworm")
        shown = host.check_output("openssl x509 -noout -serial -in /etc/edgesite-gpu/identity/current/cert.pem")
        assert answer["serial"] == shown.partition("=")[2], name


def test_revoked_client_is_not_let_in_any_more(services):
    assert services.open_to("hub") == ALL
    assert services.open_to("late") == []


def test_programs_that_speak_no_tls_are_clients_with_the_new_key(sent_out):
    assert sent_out() == {
        "trixie": "haproxy TLS_AES_256_GCM_SHA384 trixie",
        "bookworm": "nginx TLS_AES_256_GCM_SHA384 CN=bookworm",
    }


def test_nothing_failed(connect):
    for name in ("trixie", "bookworm"):
        assert connect(name).check_output("systemctl --failed --plain --no-legend") == ""
