# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's identity from one task: what is run where, what is told, and what a failure leaves."""

from __future__ import annotations

from copy import deepcopy

import pytest
from ansible_collections.edgesite.gpu.plugins.action.identity import ActionModule
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.tests.unit.plugins.plugin_utils.host_task import HostTask
from ansible_collections.edgesite.gpu.tests.unit.plugins.plugin_utils.identity.bench import Authority

SITE = Authority("Site")
LIST = SITE.revocations()
NOT_MADE = {"usable": False, "cause": "missing", "reason": "not there"}
STORE = {
    "changed": True,
    "actions": [{"does": "write trust.pem"}],
    "before": {"active": None},
    "after": {"active": None},
    "diff": {},
    "active": None,
    "slots": {},
    "clock_off": 0,
}
LOOK = ["identity_device", "identity_store", "tpm_info"]
ISSUE = ["tpm_key", "tpm_csr", "tpm_info", "tpm_credential", "tpm_challenge", "tpm_certificate", "identity_store"]
ENROL = "enrol, since it has no certificate yet"


def _defaults(spec):
    return {name: option.get("default") for name, option in spec.items()}


class Host(HostTask):
    """A host without a certificate. answers: of the collection's modules, in place of the right ones."""

    def __init__(self, folder, check=False, answers=None, tools=True, **options):
        (folder / "root.pem").write_text(SITE.pem)
        (folder / "crl.pem").write_text(LIST + "\n\n")
        base = {
            "state_dir": str(folder),
            "authority": {"roots": [str(folder / "root.pem")], "command": ["sh"]},
            "crl_files": [str(folder / "crl.pem")],
            "subject": {"common_name": "gpu-1"},
        }
        super().__init__(ActionModule, [], check=check, **{**base, **options})
        self.action.validate_argument_spec = self._validated
        self.tools = tools
        self.said = {
            "identity_device": {"revoked": []},
            "identity_store": STORE,
            "tpm_key": {"path": "/key", "actions": [{"does": "make the key"}]},
            "tpm_csr": {"public": "P", "csr": "R", "tls13": True},
            "tpm_credential": {"id": "I", "credentials": ["C"]},
            "tpm_challenge": {"answer": "A"},
            "tpm_certificate": {"certificate": "CERT", "chain": "CHAIN", "serial": "1f", "not_after": "2027"},
            **(answers or {}),
        }

    def _validated(self, spec):
        authority = {**_defaults(spec["authority"]["options"]), **self.action._task.args["authority"]}
        return None, {**_defaults(spec), **self.action._task.args, "authority": authority}

    def _other(self, name, arguments):
        if name == "ansible.builtin.package":
            self.ran.append("install " + " ".join(arguments["name"]))
            self.tools = True
            return {"changed": True}
        name = name.rpartition(".")[2]
        self.ran.append(name)
        self.sent = {**getattr(self, "sent", {}), name: arguments}
        if name in self.said:
            return deepcopy(self.said[name])
        keys = [NOT_MADE, NOT_MADE] if self.tools else None
        return {"tpm": {"present": True, "key_states": keys, "endorsement": ["E"]}, "unread": []}


def does(result):
    return [action["does"] for action in result["actions"]]


def test_host_gets_a_certificate(tmp_path):
    host = Host(tmp_path)
    result = host.result()
    assert host.ran == LOOK + ISSUE
    assert does(result) == ["write trust.pem", ENROL]
    assert result["actions"][1]["steps"] == ["make the key", "issue the certificate 1f", "write trust.pem"]
    assert (result["serial"], result["need"]["action"], result["changed"]) == ("1f", "enrol", True)
    assert host.sent["tpm_certificate"]["answer"] == "A" and host.sent["identity_store"]["certificate"] == "CERT"
    assert host.sent["tpm_credential"]["device"] == "gpu-1"


@pytest.mark.parametrize("said", [False, "nonsense"])
def test_a_key_that_cannot_be_used_for_tls_is_told_of(tmp_path, said):
    result = Host(tmp_path, answers={"tpm_csr": {"public": "P", "csr": "R", "tls13": said}}).result()
    assert result["serial"] == "1f" and result["tls13"] is False
    (warning,) = result["warnings"]
    assert warning.startswith("The TPM of gpu-1 does not sign RSA-PSS") and "identity_key_type to ecc_p256" in warning
    assert "warnings" not in Host(tmp_path).result()


def test_what_was_left_out_is_told(tmp_path):
    said = {"id": "I", "credentials": ["C"], "warnings": ["Left out: x"]}
    assert Host(tmp_path, answers={"tpm_credential": said}).result()["warnings"] == ["Left out: x"]


def test_host_gets_the_files_of_the_ca(tmp_path):
    host = Host(tmp_path, check=True)
    host.result()
    assert (host.sent["identity_store"]["trust"], host.sent["identity_store"]["crl"]) == (
        SITE.pem.rstrip(),
        LIST.rstrip(),
    )


def test_check_mode_says_what_would_be_done(tmp_path):
    host = Host(tmp_path, check=True)
    result = host.result()
    assert host.ran == LOOK and does(result) == ["write trust.pem", ENROL] and result["changed"]


def test_programs_are_installed_first(tmp_path):
    host = Host(tmp_path, tools=False)
    result = host.result()
    assert host.ran == [*LOOK, "install tpm2-tools", "tpm_info", *ISSUE]
    assert does(result)[:3] == ["write trust.pem", "install tpm2-tools", ENROL]


def test_check_mode_sees_as_far_as_it_can_without_programs(tmp_path):
    host = Host(tmp_path, tools=False, check=True)
    assert does(host.result()) == ["write trust.pem", "install tpm2-tools", ENROL]
    assert host.ran == LOOK


def test_image_that_should_have_the_programs(tmp_path):
    host = Host(tmp_path, tools=False, packages=[])
    assert host.result()["msg"].startswith("The host has no TPM")
    assert host.ran == LOOK


@pytest.mark.parametrize("step", [*LOOK, *ISSUE[:-1]])
def test_step_that_fails_ends_the_task_with_its_message(tmp_path, step):
    host = Host(tmp_path, answers={step: {"failed": True, "msg": "It is broken.", "tpm_status": "lockout"}})
    result = host.result()
    assert result["failed"] and result["msg"] == "It is broken." and result["tpm_status"] == "lockout"
    assert host.ran[-1] == step
    assert ("make the key" in does(result)) == (step in ISSUE[1:] and step not in LOOK)
    assert ENROL not in does(result)


def test_what_a_step_took_back_was_not_done(tmp_path):
    failed = {"failed": True, "msg": "Full.", "undone": True, "changed": False, "actions": [{"does": "make the key"}]}
    result = Host(tmp_path, answers={"tpm_key": failed}).result()
    assert does(result) == ["write trust.pem"] and result["changed"] and "undone" not in result


def test_certificate_that_was_issued_is_told_where_it_could_not_be_stored(tmp_path):
    host = Host(tmp_path)
    stored = []

    def once(name, arguments):
        if name.endswith("identity_store"):
            stored.append(name)
        full = {"failed": True, "msg": "No space left on device."}
        return full if len(stored) > 1 else host._other(name, arguments)

    host.action.run_action = once
    result = host.result()
    assert result["msg"] == "No space left on device." and "issue the certificate 1f" in does(result)


@pytest.mark.parametrize(
    "answers",
    [
        {"identity_store": {name: value for name, value in STORE.items() if name != "clock_off"}},
        {"identity_store": {**STORE, "active": "c"}},
        {"identity_store": {**STORE, "actions": 3}},
        {"tpm_info": {"tpm": None, "unread": []}},
        {"tpm_info": {"tpm": {"present": True, "key_states": 7}, "unread": [{}]}},
        {"tpm_csr": {}},
    ],
)
def test_answers_without_meaning_are_said_to_be_that(tmp_path, answers):
    result = Host(tmp_path, answers=answers).result()
    assert result["failed"] and result["msg"].startswith("The answer of gpu-1 makes no sense")


def test_number_in_a_subject_is_named_before_anything_is_changed(tmp_path):
    host = Host(tmp_path, subject={"organizational_unit": 17})
    result = host.result()
    assert result["failed"] and not result["changed"] and host.ran == []
    assert result["msg"].startswith("subject.organizational_unit is 17, which is not text. Write it in quotes")


def test_ca_without_its_certificate(tmp_path):
    (tmp_path / "ca.key").write_text("KEY")
    authority = {"roots": [str(tmp_path / "root.pem")], "privatekey": str(tmp_path / "ca.key"), "certificate": None}
    host = Host(tmp_path, authority=authority, check=True)
    assert host.result()["msg"].startswith("authority.privatekey is set without authority.certificate. Set")
    assert host.ran == []


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("days", 0, "days is 0, but has to be 1 to 36500 days"),
        ("days", 999999, "days is 999999, but has to be 1 to 36500 days"),
        ("clock_tolerance", -1, "clock_tolerance is -1, but"),
        ("ek_sha256", ["9c1f"], "ek_sha256[0] is '9c1f', which is not a SHA-256"),
        ("key_group", "a/b", "key_group is 'a/b', which is not the name"),
        ("directory", "etc/identity", "directory is 'etc/identity', which is not an absolute path"),
        ("directory", "/", "directory is '/', which is not an absolute path"),
        ("tcti", "/dev/tpmrm0", "tcti is '/dev/tpmrm0', which is not a TCTI"),
        ("packages", ["-y"], "packages[0] is '-y', which is not the name of a package"),
        ("renew_before", "90", "renew_before is '90', but has to be a number of days less than days, which is 90"),
        ("authority", {"url": "https://ca.example/", "timeout": 0}, "authority.timeout is 0, but"),
        ("authority", {"url": "https://ca.example/", "headers": {"X": "a\nb"}}, "authority.headers.X is not one line"),
        ("authority", {"command": ["no-such-program"]}, "authority.command 'no-such-program' cannot be run: there is"),
    ],
)
def test_what_no_certificate_could_be_issued_with_is_refused_before_a_host_is_asked(tmp_path, option, value, words):
    if option == "authority":
        value = {"roots": [str(tmp_path / "root.pem")], **value}
    host = Host(tmp_path, **{option: value})
    assert host.result()["msg"].startswith(words) and host.ran == []


def test_all_that_is_wrong_is_told_at_once(tmp_path):
    host = Host(tmp_path, days=0, key_group="a/b")
    assert host.result()["msg"].startswith("2 problems, nothing was changed: (1) days is 0")


def test_revocation_list_that_is_none(tmp_path):
    host = Host(tmp_path)
    (tmp_path / "crl.pem").write_text(SITE.pem)
    assert "crl.pem is not a certificate revocation list in PEM: there is none in it" in host.result()["msg"]
    (tmp_path / "crl.pem").write_text("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n")
    assert "crl.pem is not a certificate revocation list in PEM" in host.result()["msg"]


def test_tpm_that_does_not_show_who_made_it(tmp_path):
    shows = {"present": True, "key_states": [NOT_MADE, NOT_MADE], "endorsement": []}
    unread = [{"what": "tpm.endorsement", "why": "tpm2_createek failed", "fix": "Give owner_auth"}]
    result = Host(tmp_path, answers={"tpm_info": {"tpm": shows, "unread": unread}}).result()
    assert result["msg"] == "The TPM cannot prove who made it: tpm2_createek failed. Give owner_auth."


def test_ca_that_is_not_there(tmp_path):
    host = Host(tmp_path, crl_files=[str(tmp_path / "crl.pem"), str(tmp_path / "none.pem")])
    assert "Missing on the controller: {0}/none.pem. Create".format(tmp_path) in host.result()["msg"]
    assert host.ran == []


def test_file_of_the_ca_that_is_no_text(tmp_path):
    host = Host(tmp_path)
    (tmp_path / "crl.pem").write_bytes(b"\xff\xfe")
    assert "crl.pem cannot be read: it is not text" in host.result()["msg"]


def test_controller_without_cryptography(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "ansible_collections.edgesite.gpu.plugins.plugin_utils.identity.crypto.MISSING", ImportError("x")
    )
    with pytest.raises(EdgesiteError, match="pip install"):
        Host(tmp_path).result()
