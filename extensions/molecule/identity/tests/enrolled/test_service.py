# SPDX-License-Identifier: GPL-3.0-or-later
"""A service in Python, on keys in TPMs: it lets in other hosts of the site, and nobody else."""

from __future__ import annotations

import pytest

FOLDER = "/etc/edgesite-gpu/identity"
ASK = (
    "sh -c 'echo hello | OPENSSL_CONF=/etc/edgesite-gpu/tls/openssl.cnf timeout 20 openssl s_client -quiet -tls1_3 "
    "-connect {server}:10443 -verify_return_error -CAfile {folder}/trust.pem {identity}'"
)
OWN = f"-cert {FOLDER}/current/cert.pem -cert_chain {FOLDER}/current/chain.pem -key {FOLDER}/current/key.pem"


@pytest.mark.parametrize(("client", "server"), [("edge-1", "edge-2"), ("edge-2", "edge-1")])
def test_hosts_of_the_site_are_let_in(connect, client, server):
    with connect(client).sudo():
        answer = connect(client).run(ASK.format(server=server, folder=FOLDER, identity=OWN))
    assert answer.stdout == f"python TLS_AES_256_GCM_SHA384 {client}\n", answer.stderr


def test_others_are_not(connect):
    with connect("edge-1").sudo():
        answer = connect("edge-1").run(ASK.format(server="edge-2", folder=FOLDER, identity=""))
    assert "certificate required" in answer.stderr
    assert answer.stdout == ""
