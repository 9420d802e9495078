# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a TPM that swtpm emulates, with the real tools; `make apt` installs them."""

from __future__ import annotations

import subprocess

from ansible_collections.edgesite.gpu.plugins.module_utils.tpm.host import read
from ansible_collections.edgesite.gpu.tests.unit.tpm_emulator import free_ports


def test_emulated_tpm(module_run, certified_emulator, tmp_path):
    found = read.read(module_run, certified_emulator.tcti, str(tmp_path))
    assert found.unread == []
    assert found.value["version"] == "2.0"
    certificates = {one["handle"]: one for one in found.value["ek_certificates"]}
    assert certificates["0x01c00002"]["key_type"].startswith("rsa")
    assert certificates["0x01c00016"]["key_type"] == "ecc_p384"
    for one in certificates.values():
        assert one["issuer"].startswith("CN=swtpm-localca")
        assert one["not_after"].endswith("Z")
        printed = subprocess.run(
            ["openssl", "x509", "-noout", "-fingerprint", "-sha256"],
            input=one["pem"].encode(),
            capture_output=True,
            check=True,
        )
        assert printed.stdout.decode().strip().split("=")[1].replace(":", "").lower() == one["sha256"]


def test_socket_without_a_tpm(module_run, tmp_path):
    found = read.read(module_run, "swtpm:host=127.0.0.1,port={0}".format(free_ports()), str(tmp_path))
    assert found.value is None
    assert found.unread[0]["what"] == "tpm"
