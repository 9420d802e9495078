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
from ansible_collections.edgesite.gpu.plugins.module_utils.storage.host import luks
from ansible_collections.edgesite.gpu.plugins.module_utils.storage.host.block_device import Device
from ansible_collections.edgesite.gpu.plugins.module_utils.storage.luks2 import OURS, Header, Seal

DEVICE = Device("/dev/vdb", "vdb")


def openssl(*arguments):
    return subprocess.run(["openssl", *arguments], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


@pytest.fixture(autouse=True)
def private(tmp_path, monkeypatch):
    monkeypatch.setattr(luks, "_PRIVATE", str(tmp_path))
    yield tmp_path
    assert not list(tmp_path.glob("edgesite-gpu-*")), "a key was left behind"


class Program:
    """Answers for all programs, and keeps what they were asked, with the files' content."""

    def __init__(self, monkeypatch, answer=None):
        self.asked = []
        self.answer = answer or Result(0, b"", "")
        monkeypatch.setattr(command, "find", lambda name: "/sbin/" + name)

    def __call__(self, argv, data=None, timeout=10.0, environment=None):
        words = ["{0}={1}".format(*variable) for variable in (environment or {}).items()]
        for word in argv:
            if "edgesite-gpu-" in word:
                with open(word, encoding="utf-8") as stream:
                    word = "<" + stream.read() + ">"
            words.append(word)
        self.asked.append(" ".join(words))
        return self.answer


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


SEAL = Seal((0, 7))
BEFORE = Header("uuid", OURS, slots=(0, 3), tpm=(Seal(),), sealed=((5, 3),))
ENROLLED = BEFORE._replace(slots=(0, 3, 4), tpm=(Seal(), SEAL), sealed=((5, 3), (7, 4)))
ARGUMENTS = ("--tpm2-pcrs=0+7", "--tpm2-public-key=")
ENROL = "PASSWORD=the key /sbin/systemd-cryptenroll --tpm2-device=auto --tpm2-pcrs=0+7 --tpm2-public-key= /dev/vdb"
TEST = "/sbin/cryptsetup open --test-passphrase --token-only --token-id 7 /dev/vdb"


def enrol(monkeypatch, run, now=ENROLLED):
    headers = iter((BEFORE, now))
    monkeypatch.setattr(luks, "header", lambda device: next(headers))
    luks.enrol(run, DEVICE, SEAL, ARGUMENTS, b"the key")


def test_the_earlier_key_slot_goes_after_the_new_one_has_opened(monkeypatch):
    """And keys are not in arguments."""
    run = Program(monkeypatch)
    enrol(monkeypatch, run)
    assert run.asked == [ENROL, TEST, "/sbin/systemd-cryptenroll --wipe-slot=3 /dev/vdb"]


def test_a_key_slot_that_is_bound_to_something_else_goes(monkeypatch):
    run = Program(monkeypatch)
    with pytest.raises(EdgesiteError, match="to something else than it was asked for: signed PCRs 11"):
        enrol(monkeypatch, run, ENROLLED._replace(tpm=(Seal(), Seal(signed=(11,), key="k"))))
    assert run.asked == [ENROL, "/sbin/systemd-cryptenroll --wipe-slot=4 /dev/vdb"]


def test_a_key_slot_that_the_tpm_does_not_open_goes(monkeypatch):
    run = Program(monkeypatch)

    def answers(argv, **more):
        ok = run(argv, **more)
        return ok if "open" not in argv else Result(1, b"", "No usable token is available.\n")

    with pytest.raises(EdgesiteError, match="does not open /dev/vdb with PCRs 0.7: No usable token is available"):
        enrol(monkeypatch, answers)
    assert run.asked == [ENROL, TEST, "/sbin/systemd-cryptenroll --wipe-slot=4 /dev/vdb"]


def test_systemd_that_adds_nothing_is_an_error(monkeypatch):
    with pytest.raises(EdgesiteError, match="0 key slots were added"):
        enrol(monkeypatch, Program(monkeypatch), BEFORE)


def test_all_key_slots_of_tpms_are_taken_away(monkeypatch):
    run = Program(monkeypatch)
    luks.unseal(run, DEVICE)
    assert run.asked == ["/sbin/systemd-cryptenroll --wipe-slot=tpm2 /dev/vdb"]


def test_an_error_says_what_the_program_says(monkeypatch):
    run = Program(monkeypatch, Result(1, b"", "one\nNo TPM2 device found.\n\n"))
    with pytest.raises(EdgesiteError, match="systemd-cryptenroll failed: No TPM2 device found"):
        enrol(monkeypatch, run)
    assert luks.opens(run, DEVICE) == (False, "No TPM2 device found.")
    with pytest.raises(EdgesiteError, match="wipefs failed"):
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


@pytest.mark.parametrize(
    ("answers", "tries", "opens"),
    [
        (["Failed to create TPM2 context: State not recoverable\n", ""], 2, True),
        (["Failed to create TPM2 context: Device or resource busy\n"] * 9, 4, False),
        (["No usable token is available.\n"] * 9, 1, False),
    ],
)
def test_a_tpm_that_is_busy_is_asked_again(monkeypatch, answers, tries, opens):
    slept = []
    monkeypatch.setattr(luks.time, "sleep", slept.append)
    monkeypatch.setattr(command, "find", lambda name: "/sbin/" + name)
    left = list(answers)

    def run(argv, data=None, timeout=10.0):
        error = left.pop(0)
        return Result(1 if error else 0, b"", error)

    assert luks.opens(run, DEVICE)[0] == opens
    assert len(answers) - len(left) == tries == len(slept) + 1
