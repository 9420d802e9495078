# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recovery keys, encrypted by the real openssl; and how programs are asked."""

from __future__ import annotations

import re
import subprocess

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host.command import Result
from ansible_collections.edgesite.gpu.plugins.module_utils.storage.host import luks, programs
from ansible_collections.edgesite.gpu.plugins.module_utils.storage.host.block_device import Device
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.storage.host.program import Program

DEVICE = Device("/dev/vdb", "vdb")


def openssl(*arguments):
    return subprocess.run(["openssl", *arguments], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


@pytest.fixture(autouse=True)
def private(tmp_path, monkeypatch):
    monkeypatch.setattr(programs, "_PRIVATE", str(tmp_path))
    yield tmp_path
    assert not list(tmp_path.glob("edgesite-gpu-*")), "a key was left behind"


@pytest.mark.parametrize(
    "kind",
    [("rsa:2048",), ("ec", "-pkeyopt", "ec_paramgen_curve:P-256"), ("ec", "-pkeyopt", "ec_paramgen_curve:P-384")],
)
def test_only_the_private_key_reads_a_recovery_key(tmp_path, module_run, kind):
    key, certificate = str(tmp_path / "key"), tmp_path / "cert"
    openssl("req", "-x509", "-nodes", "-subj", "/CN=x", "-newkey", *kind, "-keyout", key, "-out", str(certificate))
    secret = luks.new_key()
    assert re.match(rb"([cbdefghijklnrtuv]{8}-){7}[cbdefghijklnrtuv]{8}\Z", secret)
    sealed = luks.encrypt(module_run, certificate.read_text(), secret)
    assert secret.decode() not in sealed
    (tmp_path / "sealed").write_text(sealed)
    assert openssl("cms", "-decrypt", "-inform", "PEM", "-in", str(tmp_path / "sealed"), "-inkey", key) == secret


def test_certificates_that_are_refused(tmp_path, module_run):
    with pytest.raises(EdgesiteError, match="cannot read the certificate"):
        luks.encrypt(module_run, "nothing", b"key")
    key, certificate = str(tmp_path / "key"), tmp_path / "cert"
    openssl("req", "-x509", "-nodes", "-subj", "/CN=x", "-newkey", "rsa:1024", "-keyout", key, "-out", str(certificate))
    with pytest.raises(EdgesiteError, match="RSA key of 1024 bits"):
        luks.encrypt(module_run, certificate.read_text(), b"key")
    openssl("genpkey", "-algorithm", "ed25519", "-out", key)
    openssl("req", "-x509", "-subj", "/CN=x", "-key", key, "-out", str(certificate))
    with pytest.raises(EdgesiteError, match="cannot encrypt to the certificate"):
        luks.encrypt(module_run, certificate.read_text(), b"key")


def test_an_error_says_what_the_program_says(monkeypatch):
    run = Program(monkeypatch, Result(1, b"", "one\nNo such device.\n\n"))
    with pytest.raises(EdgesiteError, match="wipefs failed: No such device"):
        luks.wipe(run, DEVICE)


def test_a_key_is_tried_without_the_tpm(monkeypatch):
    run = Program(monkeypatch)
    assert luks.key_opens(run, DEVICE, b"key")
    (asked,) = run.asked
    assert "--disable-external-tokens" in asked and "<key>" in asked and "--test-passphrase" in asked
