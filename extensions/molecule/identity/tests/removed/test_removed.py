# SPDX-License-Identifier: GPL-3.0-or-later
"""A host with a service on its identity, after the playbook remove."""

from __future__ import annotations

import pytest

KEY = "/etc/edgesite-gpu/identity/current/key.pem"


@pytest.fixture(name="host")
def fixture_host(connect):
    host = connect("edge-1")
    with host.sudo():
        yield host


def test_what_is_ours_is_gone(host):
    found = host.check_output("find /etc /usr/local -path '*edgesite*' -not -path '/etc/edgesite-gpu/identity*'")
    assert found == "/etc/edgesite-gpu"
    assert host.check_output("systemctl list-units --all --plain --no-legend 'edgesite-*'") == ""


def test_key_and_certificate_stay(host):
    assert host.file(KEY).content.startswith(b"-----BEGIN TSS2 PRIVATE KEY-----")
    host.run_expect([0], f"openssl x509 -noout -in {KEY.replace('key', 'cert')}")


def test_packages_stay(host):
    assert host.package("tpm2-openssl").is_installed and host.package("tpm2-tools").is_installed
