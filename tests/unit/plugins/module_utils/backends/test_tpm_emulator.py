# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a TPM that swtpm emulates, with the real tools; `make apt` installs them."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.backends import tpm


def free_ports():
    """Two ports that nothing listens on; tpm2-tss takes the control port to be the one after the TPM's."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


# for one test: ansible-test runs each test in a process of its own, which takes down no fixture of a wider scope
@pytest.fixture
def emulated(tmp_path):
    folder = tmp_path / "tpm"
    authority, state = folder / "authority", folder / "state"
    folder.mkdir()
    authority.mkdir()
    state.mkdir()
    (folder / "ca.conf").write_text(
        "statedir = {0}\nsigningkey = {0}/key.pem\nissuercert = {0}/issuer.pem\ncertserial = {0}/serial\n".format(
            authority
        )
    )
    (folder / "ca.options").write_text(
        "--platform-manufacturer edgesite\n--platform-version 1\n--platform-model test\n"
    )
    (folder / "setup.conf").write_text(
        "create_certs_tool = {0}\ncreate_certs_tool_config = {1}/ca.conf\n"
        "create_certs_tool_options = {1}/ca.options\n".format(shutil.which("swtpm_localca"), folder)
    )
    subprocess.run(
        ["swtpm_setup", "--tpm2", "--tpmstate", str(state), "--create-ek-cert", "--config", str(folder / "setup.conf")],
        check=True,
        capture_output=True,
    )
    port = free_ports()
    command = ["swtpm", "socket", "--tpm2", "--tpmstate", "dir={0}".format(state)]
    command += ["--flags", "not-need-init,startup-clear", "--server", "type=tcp,port={0}".format(port)]
    command += ["--ctrl", "type=tcp,port={0}".format(port + 1)]
    with subprocess.Popen(command) as swtpm:
        for _attempt in range(50):
            with socket.socket() as probe:
                # the control port, for a connection to the other one counts as a TPM's user
                if probe.connect_ex(("127.0.0.1", port + 1)) == 0:
                    break
            time.sleep(0.1)
        yield "swtpm:host=127.0.0.1,port={0}".format(port)
        swtpm.terminate()


def test_emulated_tpm(module_run, emulated, tmp_path):
    found = tpm.read(module_run, emulated, str(tmp_path))
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
    found = tpm.read(module_run, "swtpm:host=127.0.0.1,port={0}".format(free_ports()), str(tmp_path))
    assert found.value is None
    assert found.unread[0]["what"] == "tpm"
