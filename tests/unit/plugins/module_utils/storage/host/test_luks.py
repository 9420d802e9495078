# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recovery keys, encrypted by the real openssl; and how programs are asked."""

from __future__ import annotations

import errno
import re
import subprocess

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import command
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


@pytest.mark.parametrize(
    ("raised", "answer", "expected"),
    [
        (None, 0, True),
        (FileNotFoundError(errno.ENOENT, "no"), 0, False),
        (OSError(errno.EAFNOSUPPORT, "no"), 0, True),
        (OSError(errno.EAFNOSUPPORT, "no"), 1, False),
    ],
)
def test_the_kernel_is_asked_for_a_cipher(monkeypatch, raised, answer, expected):
    class Socket:
        def __init__(self, *kinds):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *error):
            pass

        def bind(self, address):
            assert address == ("skcipher", "xts(sm4)")
            if raised:
                raise raised

    run = Program(monkeypatch, Result(answer, b"", ""))
    monkeypatch.setattr(luks.socket, "socket", Socket)
    monkeypatch.setattr(luks.socket, "AF_ALG", 38, raising=False)
    assert luks.has_cipher(run, "sm4-xts") is expected
    assert run.asked in ([], ["/sbin/cryptsetup benchmark --cipher sm4-xts --key-size 256"])


def test_what_is_missing_is_named_as_the_distribution_does(monkeypatch):
    there = {"dpkg", "openssl", "mkfs.ext4"}
    monkeypatch.setattr(command, "find", lambda name: name if name in there else None)
    monkeypatch.setattr(luks, "_TPM_LIBRARIES", ("libnone.so.77",))
    assert luks.missing_packages(["ext4", "xfs", "xfs"]) == [
        *("cryptsetup-bin", "systemd-cryptsetup", "xfsprogs", "tpm2-tools")
    ]
    there.remove("dpkg")
    assert luks.missing_packages([])[:2] == ["cryptsetup", "systemd-udev"]
    there.update(("cryptsetup", "systemd-cryptenroll"))
    monkeypatch.setattr(luks, "_TPM_LIBRARIES", ())
    assert luks.missing_packages(["ext4"]) == []


@pytest.mark.parametrize(
    ("systemd", "cryptsetup", "old"),
    [
        ("systemd 249 (249.11-0ubuntu3)\n+PAM", "cryptsetup 2.4.3\n", "systemd 249"),
        ("systemd 252 (252.39-1~deb12u1)\n", "cryptsetup 2.4.3 flags: UDEV", "cryptsetup 2.4.3"),
        ("systemd 252 (252.39-1~deb12u1)\n", "cryptsetup 2.6.1\n", None),
        ("systemd 257\n", "cryptsetup 3.0\n", None),
        # before it is installed
        ("systemd 257\n", None, None),
        ("systemd 249\n", None, "systemd 249"),
    ],
)
def test_host_that_is_too_old_is_refused(monkeypatch, systemd, cryptsetup, old):
    told = {"/sbin/systemctl": systemd, "/sbin/cryptsetup": cryptsetup}
    monkeypatch.setattr(command, "find", lambda name: "/sbin/" + name if told["/sbin/" + name] else None)

    def run(argv, data=None, timeout=10.0):
        return Result(0, told[argv[0]].encode(), "")

    if old is None:
        assert luks.check_releases(run) == int(systemd.split()[1])
    else:
        with pytest.raises(EdgesiteError, match="too old.* it has {0}.*Debian 12".format(old)):
            luks.check_releases(run)


def test_a_key_is_tried_without_the_tpm(monkeypatch):
    run = Program(monkeypatch)
    assert luks.key_opens(run, DEVICE, b"key")
    (asked,) = run.asked
    assert "--disable-external-tokens" in asked and "<key>" in asked and "--test-passphrase" in asked
