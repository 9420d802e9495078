# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a TPM, with programs that answer what the real ones were seen to print."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import command
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host.command import Result
from ansible_collections.edgesite.gpu.plugins.module_utils.common.unanswered import Unanswered, unanswered
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm.host import read
from ansible_collections.edgesite.gpu.tests.unit.places import FIXTURES

TPM = FIXTURES / "tpm"
TCTI = "swtpm:host=127.0.0.1,port=2321"


def content(name):
    return (TPM / name).read_bytes()


class Programs:
    """Programs of a host whose TPM answers well; tests replace answers and take programs away."""

    def __init__(self):
        self.there = {"tpm2_getcap", "tpm2_nvread", "openssl"}
        self.ran = []
        self.answers = {
            ("tpm2_getcap", "properties-fixed"): Result(0, content("properties-fixed.txt"), ""),
            ("tpm2_getcap", "handles-nv-index"): Result(0, content("handles-nv-index.txt"), ""),
            ("tpm2_nvread", "0x01c00002"): Result(0, content("ek-rsa.der"), "WARN: Reading full size of the NV index"),
            ("tpm2_nvread", "0x01c00016"): Result(0, content("ek-ecc.der"), ""),
            ("openssl", content("ek-rsa.der")): Result(0, content("ek-rsa.txt"), ""),
            ("openssl", content("ek-ecc.der")): Result(0, content("ek-ecc.txt"), ""),
        }

    def find(self, program):
        return program if program in self.there else None

    def run(self, argv, data=None, timeout=0, environment=None):
        self.ran.append(argv)
        if argv[0] == "openssl":
            return self.answers[("openssl", data)]
        assert argv[1] == "-T"
        arguments = " ".join(argv[3:])
        answer = self.answers.get((argv[0], arguments)) or Result(1, b"", content("nvread-error.txt").decode())
        if isinstance(answer, Unanswered):
            raise answer
        return answer


@pytest.fixture
def programs(monkeypatch):
    made = Programs()
    monkeypatch.setattr(command, "find", made.find)
    return made


def put(root, name, text=""):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def whats(reading):
    return [entry["what"] for entry in reading.unread]


def test_tpm(tmp_path, programs):
    found = read.read(programs.run, TCTI, str(tmp_path))
    assert found.unread == []
    value = found.value
    assert (value["version"], value["manufacturer"], value["tcti"]) == ("2.0", "IBM", TCTI)
    certificates = [(one["handle"], one["key_type"]) for one in value["ek_certificates"]]
    assert certificates == [("0x01c00002", "rsa2048"), ("0x01c00016", "ecc_p384")]


@pytest.mark.parametrize(
    "devices, expected",
    [(["dev/tpm0", "dev/tpmrm0"], "device:/dev/tpmrm0"), (["dev/tpm0"], "device:/dev/tpm0")],
)
def test_default_device(tmp_path, programs, devices, expected):
    for device in devices:
        put(tmp_path, device)
    assert read.read(programs.run, None, str(tmp_path)).value["tcti"] == expected
    assert programs.ran[0][:3] == ["tpm2_getcap", "-T", expected]


def test_no_tpm_runs_nothing(tmp_path, programs):
    found = read.read(programs.run, None, str(tmp_path))
    assert (found.value, found.unread, programs.ran) == (None, [], [])


def test_tpm_of_the_first_generation(tmp_path, programs):
    put(tmp_path, "sys/class/tpm/tpm0/tpm_version_major", "1\n")
    put(tmp_path, "dev/tpm0")
    found = read.read(programs.run, None, str(tmp_path))
    assert (found.value["version"], found.value["tcti"], programs.ran) == ("1.2", None, [])


def test_container_without_the_device(tmp_path, programs):
    put(tmp_path, "sys/class/tpm/tpm0/tpm_version_major", "2\n")
    found = read.read(programs.run, None, str(tmp_path))
    assert found.value is None
    assert "/dev/tpmrm0 does not exist" in found.unread[0]["why"]


def test_tools_missing(tmp_path, programs):
    put(tmp_path, "sys/class/tpm/tpm0/tpm_version_major", "2\n")
    put(tmp_path, "dev/tpmrm0")
    programs.there.remove("tpm2_nvread")
    found = read.read(programs.run, None, str(tmp_path))
    assert (found.value["version"], found.value["manufacturer"]) == ("2.0", None)
    assert found.unread[0]["why"] == "not installed on the host: tpm2_nvread"
    assert "tpm2-tools" in found.unread[0]["fix"]


@pytest.mark.parametrize("known", [True, False])
def test_tpm_that_does_not_answer(tmp_path, programs, known):
    if known:
        put(tmp_path, "sys/class/tpm/tpm0/tpm_version_major", "2\n")
    programs.answers[("tpm2_getcap", "properties-fixed")] = Result(1, b"", 'ERROR: Could not load tcti, got: "x"')
    found = read.read(programs.run, TCTI, str(tmp_path))
    assert (found.value is not None) == known
    assert found.unread[0]["why"] == TCTI + ': Could not load tcti, got: "x"'
    assert "tpm_tcti" in found.unread[0]["fix"]


@pytest.mark.parametrize("question", ["properties-fixed", "handles-nv-index"])
def test_tpm_that_hangs(tmp_path, programs, question):
    put(tmp_path, "sys/class/tpm/tpm0/tpm_version_major", "2\n")
    programs.answers[("tpm2_getcap", question)] = unanswered("tpm2_getcap", 20.0, killed=True)
    found = read.read(programs.run, TCTI, str(tmp_path))
    assert (found.value["version"], found.value["manufacturer"]) == ("2.0", None)
    assert found.unread[0]["why"] == TCTI + ": tpm2_getcap did not answer within 20 s"
    assert "dmesg" in found.unread[0]["fix"]


def test_handles_that_cannot_be_listed(tmp_path, programs):
    del programs.answers[("tpm2_getcap", "handles-nv-index")]
    found = read.read(programs.run, TCTI, str(tmp_path))
    assert found.value["manufacturer"] == "IBM"
    assert whats(found) == ["tpm.ek_certificates"]


def test_certificate_that_only_the_owner_may_read(tmp_path, programs):
    programs.answers[("tpm2_nvread", "-C o 0x01c00002")] = programs.answers.pop(("tpm2_nvread", "0x01c00002"))
    found = read.read(programs.run, TCTI, str(tmp_path))
    assert found.unread == []
    assert len(found.value["ek_certificates"]) == 2


def test_one_certificate_fails_and_the_other_is_read(tmp_path, programs):
    del programs.answers[("tpm2_nvread", "0x01c00002")]
    found = read.read(programs.run, TCTI, str(tmp_path))
    assert whats(found) == ["tpm.ek_certificates.0x01c00002"]
    assert "0x18B" in found.unread[0]["why"]
    assert [one["handle"] for one in found.value["ek_certificates"]] == ["0x01c00016"]


def test_index_without_a_certificate(tmp_path, programs):
    programs.answers[("tpm2_nvread", "0x01c00002")] = Result(0, b"\xff" * 64, "")
    found = read.read(programs.run, TCTI, str(tmp_path))
    assert "does not hold a certificate" in found.unread[0]["why"]


def test_padding_does_not_change_the_certificate(tmp_path, programs):
    programs.answers[("tpm2_nvread", "0x01c00002")] = Result(0, content("ek-rsa.der") + b"\xff" * 500, "")
    found = read.read(programs.run, TCTI, str(tmp_path))
    assert found.unread == []
    assert found.value["ek_certificates"][0]["key_type"] == "rsa2048"


def test_without_openssl(tmp_path, programs):
    programs.there.remove("openssl")
    found = read.read(programs.run, TCTI, str(tmp_path))
    assert whats(found) == ["tpm.ek_certificates"]
    first = found.value["ek_certificates"][0]
    assert (first["subject"], first["key_type"]) == (None, "rsa2048")
    assert first["pem"].startswith("-----BEGIN CERTIFICATE-----\n")


@pytest.mark.parametrize(
    "message, why", [("unable to load certificate\nmore", "unable to load certificate"), ("", "no")]
)
def test_certificate_that_openssl_refuses(tmp_path, programs, message, why):
    programs.answers[("openssl", content("ek-rsa.der"))] = Result(1, b"", message)
    found = read.read(programs.run, TCTI, str(tmp_path))
    assert why in found.unread[0]["why"]
    assert len(found.value["ek_certificates"]) == 2


def test_tpm_without_certificates(tmp_path, programs):
    programs.there.remove("openssl")
    programs.answers[("tpm2_getcap", "handles-nv-index")] = Result(0, b"- 0x1500001\n", "")
    found = read.read(programs.run, TCTI, str(tmp_path))
    assert (found.value["ek_certificates"], found.unread) == ([], [])
