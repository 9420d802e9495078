# SPDX-License-Identifier: GPL-3.0-or-later
"""After check, converge, converge and check."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest

ALL = ["nginx", "go", "haproxy", "mosquitto", "python"]


@pytest.mark.parametrize("client", ["hub", "late"])
def test_clients_of_the_site_are_let_in(services, client):
    assert services.open_to(client) == ALL


@pytest.mark.parametrize("client", [None, "foreign"])
def test_others_are_not(services, client):
    assert services.open_to(client) == []


def test_nothing_older_than_tls_1_3_is_spoken(services):
    assert services.open_to("hub", "TLSv1_2") == []


def test_aes_256_gcm_is_negotiated(services):
    answers = services.ask("hub")
    assert {(answer["version"], answer["cipher"]) for answer in answers.values()} == {
        ("TLSv1.3", "TLS_AES_256_GCM_SHA384")
    }


@pytest.mark.parametrize("port", [8443, 9443])
def test_client_in_go_takes_the_chain(connect, port):
    shown = connect("hub").check_output(
        "python3 -c 'import sys, urllib.request as r; sys.stdout.write(r.urlopen(sys.argv[1]).read().decode())' %s",
        f"http://127.0.0.1:9115/probe?module=mutual&target=https://trixie:{port}/metrics",
    )
    assert "\nprobe_success 1\n" in shown
    assert 'probe_tls_version_info{version="TLS 1.3"} 1' in shown


def test_program_that_speaks_no_tls_is_a_client_with_the_hosts_certificate(sent_out):
    assert sent_out() == {
        "trixie": "haproxy TLS_AES_256_GCM_SHA384 trixie",
        "bookworm": "nginx TLS_AES_256_GCM_SHA384 CN=bookworm",
    }


def test_key_is_in_the_tpm(services, connect):
    for name, answer in services.ask("hub").items():
        host = connect("trixie" if name in ("nginx", "go") else "bookworm")
        with host.sudo():
            folder = "/etc/edgesite-gpu/identity/current/"
            serial = host.check_output("openssl x509 -noout -serial -in %scert.pem", folder)
            assert answer["serial"] == serial.partition("=")[2]
            assert host.file(folder + "key.pem").content_string.startswith("-----BEGIN TSS2 PRIVATE KEY-----\n")


def test_program_behind_the_proxy_cannot_be_reached_beside_it(connect):
    assert not connect("hub").addr("trixie").port(9100).is_reachable


def test_settings_are_of_these_services_alone(connect):
    for name in ("trixie", "bookworm"):
        host = connect(name)
        shown = host.run("env | grep OPENSSL_CONF; grep -rl edgesite /etc/ssl /etc/environment /etc/default").stdout
        assert shown == ""


# The last run before this one is the plan of a converged site.
def test_idle_run_takes_one_round_trip_a_host_and_finds_nothing_to_do():
    rows = json.loads(Path(os.environ["TASK_TIMES_FILE"]).read_text())
    reached = Counter(row["host"] for row in rows if row["reaches_host"])
    assert reached == {"trixie": 1, "bookworm": 1}
    assert [row["task"] for row in rows if row["changed"]] == []
