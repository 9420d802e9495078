# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that have services use the key in a TPM."""

from __future__ import annotations

import configparser

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common import effects
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.tls import files
from ansible_collections.edgesite.gpu.plugins.module_utils.tls.files import Layout, Proxy, Service
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.common.line_cases import ENDS, LINES
from hypothesis import given
from hypothesis import strategies as st

LAYOUT = Layout("/etc/t", "/etc/i", "tabrmd:bus_type=system", "tss")
IN = Proxy("node", "0.0.0.0:9443", "127.0.0.1:9100", "required", ())
CRYPTO = "ssl crt /etc/t/identity.pem ssl-min-ver TLSv1.3 ciphersuites TLS_AES_256_GCM_SHA384"
TRUST = "ca-file /etc/i/trust.pem crl-file /etc/i/crl.pem verify"


def lines(text):
    return [line.strip() for line in text.splitlines()]


@pytest.mark.parametrize("prefer", [True, False])
def test_openssl_speaks_tls_1_3_with_aes_256_gcm(prefer):
    parser = configparser.ConfigParser(interpolation=None)
    text = files.openssl(prefer)
    parser.read_string(text.replace("openssl_conf", "[top]\nopenssl_conf", 1))
    main = parser[parser["top"]["openssl_conf"]]
    tls = parser[parser[main["ssl_conf"]]["system_default"]]
    assert dict(tls) == {"minprotocol": "TLSv1.3", "ciphersuites": "TLS_AES_256_GCM_SHA384"}
    assert set(parser[main["providers"]]) == {"default", "tpm2"}
    assert ("alg_section" in main) is prefer


def test_drop_in_names_all_that_a_service_needs():
    text = lines(files.dropin(LAYOUT, Service("mosquitto.service", "reload", "mosquitto")))
    assert text[1:] == [
        "[Service]",
        "Environment=OPENSSL_CONF=/etc/t/openssl.cnf",
        "Environment=TPM2OPENSSL_TCTI=tabrmd:bus_type=system",
        "SupplementaryGroups=tss",
        "User=mosquitto",
        "PermissionsStartOnly=true",
    ]
    nginx = lines(files.dropin(LAYOUT, Service("nginx.service", "upgrade", None)))
    assert nginx[-2:] == ["ExecReload=", "ExecReload=/etc/t/nginx-reload"]


def test_nginx_keeps_the_environment_and_runs_one_worker():
    content = files.nginx(LAYOUT)
    assert {"worker_processes 1;", "env OPENSSL_CONF;", "env TPM2OPENSSL_TCTI;"} <= set(
        lines(content["/etc/t/nginx-main.conf"])
    )
    assert {"ssl_verify_client on;", "ssl_crl /etc/i/crl.pem;"} <= set(lines(content["/etc/t/nginx-server.conf"]))
    assert content["/etc/t/nginx-reload"].startswith("#!/bin/sh\n")
    assert [path for path in content if files.mode(path) == 0o755] == ["/etc/t/nginx-reload"]


@pytest.mark.parametrize(
    ("proxy", "bind", "server"),
    [
        (IN, f"bind 0.0.0.0:9443 {CRYPTO} {TRUST} required", "server upstream 127.0.0.1:9100"),
        (
            IN._replace(client_certificates="optional"),
            f"bind 0.0.0.0:9443 {CRYPTO} {TRUST} optional",
            "server upstream 127.0.0.1:9100",
        ),
        (IN._replace(client_certificates="none"), f"bind 0.0.0.0:9443 {CRYPTO}", "server upstream 127.0.0.1:9100"),
        (
            Proxy("out", "127.0.0.1:9444", "gpu-1:9443", "none", (), "gpu-1.example"),
            "bind 127.0.0.1:9444",
            f"server upstream gpu-1:9443 {CRYPTO} {TRUST} required verifyhost gpu-1.example sni str(gpu-1.example) "
            "init-addr last,libc,none",
        ),
    ],
)
def test_proxy_speaks_tls_on_one_side(proxy, bind, server):
    text = lines(files.proxy_config(LAYOUT, proxy))
    assert "nbthread 1" in text
    assert [line for line in text if line.startswith(("bind", "server"))] == [bind, server]
    assert proxy.served == ("" if proxy.server_name else proxy.listen)


def test_proxy_lets_in_those_it_names():
    text = lines(files.proxy_config(LAYOUT, IN._replace(names=("hub", "a.b"))))
    assert "tcp-request content reject unless { ssl_c_s_dn(cn) -m str hub a.b }" in text


def test_units_of_proxies_are_told_by_their_names():
    assert files.proxy_unit("node") == "edgesite-tls-proxy@node.service"
    assert files.proxy_name("edgesite-tls-proxy@node.service") == "node"
    assert files.proxy_name("nginx.service") is None
    assert "/etc/t/proxy-%i.cfg" in files.proxy_template(LAYOUT)
    assert effects.is_unit_file(files.PROXY_TEMPLATE)
    assert not effects.is_unit_file(LAYOUT.openssl)


# What is rendered for options that nobody checked
RENDERED = [
    lambda value: files.dropin(LAYOUT._replace(directory=value), Service("nginx.service", "upgrade", None)),
    lambda value: files.dropin(LAYOUT._replace(tcti=value), Service("a.service", "reload", None)),
    lambda value: files.dropin(LAYOUT._replace(group=value), Service("a.service", "reload", None)),
    lambda value: files.dropin(LAYOUT, Service("a.service", "reload", value)),
    lambda value: files.proxy_template(LAYOUT._replace(directory=value)),
    lambda value: "".join(files.nginx(LAYOUT._replace(directory=value)).values()),
    lambda value: "".join(files.nginx(LAYOUT._replace(identity=value)).values()),
    lambda value: files.proxy_config(LAYOUT._replace(directory=value), IN),
    lambda value: files.proxy_config(LAYOUT._replace(identity=value), IN),
    lambda value: files.proxy_config(LAYOUT, IN._replace(name=value)),
    lambda value: files.proxy_config(LAYOUT, IN._replace(listen=value)),
    lambda value: files.proxy_config(LAYOUT, IN._replace(upstream=value)),
    lambda value: files.proxy_config(LAYOUT, IN._replace(names=("hub", value))),
    lambda value: files.proxy_config(LAYOUT, IN._replace(server_name=value)),
]


@given(st.sampled_from(RENDERED), st.sampled_from([*ENDS, *LINES]))
def test_a_value_that_nobody_checked_is_no_second_line(render, end):
    with pytest.raises(EdgesiteError, match="has characters that are not allowed in a line of a file"):
        render("a" + end)
