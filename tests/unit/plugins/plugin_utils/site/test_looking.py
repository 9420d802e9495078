# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a look at a whole host asks, what it keeps to itself, and what it takes for the same wish."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from ansible_collections.edgesite.gpu.plugins.action import identity as identity_action
from ansible_collections.edgesite.gpu.plugins.module_utils.site import (
    host_look,
    plan_file,
    plan_json,
    plan_markdown,
    plan_text,
)
from ansible_collections.edgesite.gpu.plugins.plugin_utils import host_archive, recovery_escrow
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site import looking
from ansible_collections.edgesite.gpu.tests.unit.mistakes import site
from ansible_collections.edgesite.gpu.tests.unit.plans import HEAD
from ansible_collections.edgesite.gpu.tests.unit.plugins.action.whole_host import FAILS, WholeHost, asked, does
from cryptography.hazmat.primitives.serialization import load_pem_private_key

PASSPHRASE, OWNER, RECOVERY = "battery", "owner-secret-17", "recovery-secret-17"
STORE = {"changed": False, "actions": [], "before": {}, "after": {}, "diff": {}, "active": None, "slots": {}}
TPM = {"tpm": {"present": True, "key_states": [{"usable": False, "cause": "missing", "reason": "none"}] * 2}}
IDENTITY = {**STORE, **TPM, "clock_off": 0, "unread": []}


@pytest.fixture(autouse=True)
def no_lookups(monkeypatch):
    """A role's lookups are there in a run of Ansible alone."""
    real = looking.role_task.read
    options = {**real("storage").options, "recovery_certificate": "PEM"}
    storage_task = real("storage")._replace(options=options)
    monkeypatch.setattr(looking.role_task, "read", lambda layer: storage_task if layer == "storage" else real(layer))


@pytest.fixture(scope="module")
def secret_site(tmp_path_factory):
    """The variables of a host with all that has secrets."""
    folder = tmp_path_factory.mktemp("site")
    site.make(folder)
    return {
        "identity_ca_dir": str(folder / "ca"),
        "identity_ca_passphrase": PASSPHRASE,
        "identity_owner_auth": OWNER,
        "identity_tpm_roots": [str(folder / "roots")],
        "storage_volumes": [],
        "storage_escrow_dir": str(folder / "escrow"),
        "storage_recovery_certificate": str(folder / "ca/root.pem"),
        "storage_recovery_keys": [RECOVERY],
    }


def host_of(variables, **more):
    host = WholeHost("host_plan", variables, look={"identity": IDENTITY, **more})
    host.action.action = _with_records(host.action.action)
    return host


def _with_records(make):
    """Of the controller's actions."""

    def made(name, args):
        action = make(name, args)
        action.run_action = lambda _name, _arguments: {"revoked": []}
        action.validate_argument_spec = lambda spec: (None, _defaults(spec, action._task.args))
        return action

    return made


def _defaults(spec, given):
    filled = {**{name: one.get("default") for name, one in spec.items()}, **given}
    return {
        name: _defaults(spec[name]["options"], value) if name in spec and "options" in spec[name] else value
        for name, value in filled.items()
    }


def test_no_secret_is_in_the_result_or_in_what_the_module_may_show(secret_site, tmp_path):
    host = host_of(secret_site)
    result = host.result()
    (sent,) = host.asked
    kept = {name: value for name, value in sent.items() if name != "secrets"}
    assert "identity" in kept["layers"] and sent["secrets"] == {"storage": {"recovery_keys": [RECOVERY]}}
    look = host_look.of_result("gpu-1", result)
    shown = [
        json.dumps(result),
        json.dumps(kept),
        json.dumps(plan_json.document([look])),
        json.dumps(plan_file.made([look], HEAD)),
        plan_markdown.text([look]),
        *plan_text.lines([look]),
    ]
    for secret in (PASSPHRASE, OWNER, RECOVERY):
        assert not any(secret in text for text in shown)


def _desired(variables, layer):
    host = host_of(variables)
    return {one["layer"]: one["desired"] for one in host.result()["layers"]}[layer]


def test_what_is_desired_does_not_depend_on_the_clock_or_on_what_opens_something(secret_site, monkeypatch):
    first = _desired(secret_site, "identity")
    monkeypatch.setattr(identity_action.time, "time", lambda: 2_000_000_000.0)
    assert _desired({**secret_site, "identity_owner_auth": "another"}, "identity") == first


def test_what_is_desired_does_not_depend_on_where_the_site_lies(secret_site, tmp_path):
    """Each run of a pipeline may have its own checkout."""
    folder = Path(secret_site["identity_ca_dir"]).parent
    shutil.copytree(folder, tmp_path / "other")
    moved = json.loads(json.dumps(secret_site).replace(str(folder), str(tmp_path / "other")))
    for layer in ("identity", "storage"):
        assert _desired(moved, layer) == _desired(secret_site, layer)


@pytest.mark.parametrize("file", ["ca/root.pem", "ca/crl.pem", "roots/maker.pem", "roots/new.pem"])
def test_what_is_desired_depends_on_what_is_in_the_sites_files(secret_site, tmp_path, file):
    """Another maker that is trusted, or another CA of the same name, is not what was approved."""
    folder = Path(secret_site["identity_ca_dir"]).parent
    shutil.copytree(folder, tmp_path / "other")
    changed = json.loads(json.dumps(secret_site).replace(str(folder), str(tmp_path / "other")))
    (tmp_path / "another").mkdir()
    site.make(tmp_path / "another")
    template = tmp_path / "another" / (file if "new" not in file else "roots/maker.pem")
    shutil.copy(template, tmp_path / "other" / file)
    assert _desired(changed, "identity") != _desired(secret_site, "identity")


def test_what_is_desired_depends_on_the_certificate_that_issues(secret_site, tmp_path):
    first = _desired(secret_site, "identity")
    shutil.copytree(secret_site["identity_ca_dir"], tmp_path / "ca")
    changed = {**secret_site, "identity_ca_dir": str(tmp_path / "ca")}
    assert _desired(changed, "identity") == first
    key = load_pem_private_key((tmp_path / "ca/issuing.key").read_bytes(), PASSPHRASE.encode())
    (tmp_path / "ca/issuing.pem").write_bytes(site._root(key))
    assert _desired(changed, "identity") not in (first, plan_file.digest(None))


@pytest.mark.parametrize(
    ("layer", "name", "value"),
    [
        ("identity", "identity_days", 17),
        ("identity", "identity_rotate", True),
        ("identity", "identity_key_type", "rsa2048"),
        ("identity", "identity_subject", {"common_name": "another"}),
        ("storage", "storage_recovery_keys", ["another"]),
    ],
)
def test_what_is_desired_differs_with_each_variable(secret_site, layer, name, value):
    assert _desired({**secret_site, name: value}, layer) != _desired(secret_site, layer)


def test_what_the_controller_cannot_do_is_the_layers_problem(secret_site, monkeypatch):
    """Also where that shows only after the look."""

    def full(*_arguments):
        raise looking.EdgesiteError("The disk is full", "Make room")

    monkeypatch.setattr(recovery_escrow, "keep_all", full)
    layers = {one["layer"]: one for one in host_of(secret_site, storage=does("make it")).result()["layers"]}
    assert layers["identity"]["state"] == "changes"
    assert layers["storage"]["state"] == "problem" and layers["storage"]["problem"] == "The disk is full. Make room."


@pytest.mark.parametrize("need", [None, 7, "renew", [], {"action": 7}])
@pytest.mark.parametrize("failed", [True, False])
def test_a_host_that_lies_of_its_identity_is_no_traceback(secret_site, need, failed):
    lie = {**IDENTITY, "tpm": need, "need": need, "failed": failed}
    host = host_of({**secret_site, **asked("tls")}, identity=lie)
    layers = {one["layer"]: one for one in host.result()["layers"]}
    assert layers["identity"]["state"] == "problem"
    assert layers["tls"]["state"] in ("in_order", "problem", "unknown")


def test_with_a_new_certificate_services_have_more_to_be_told(secret_site):
    said = {**does(), "renewed": does("reload nginx.service")}
    layers = {one["layer"]: one for one in host_of({**secret_site, **asked("tls")}, tls=said).result()["layers"]}
    assert layers["identity"]["state"] == "changes"
    assert [one["does"] for one in layers["tls"]["actions"]] == ["reload nginx.service"]


def test_of_what_a_host_asks_for_again_it_is_given_the_archive(secret_site):
    host = WholeHost("host_plan", asked("gpu"))
    host.looks = [{"needs_archive": True, "changed": False}]
    result = host.result()
    assert [one.get("archive") for one in host.asked] == [None, "/tmp/host-tools.zip"]
    assert result["status"] == "read" and result["host"] == "gpu-1"


def test_a_host_that_fails_is_told_in_its_own_words():
    host = WholeHost("host_plan", asked("gpu"), looks=[{**FAILS, "module_stderr": "Killed", "rc": 137}])
    with pytest.raises(looking.EdgesiteError) as raised:
        host.result()
    assert str(raised.value) == "It is broken. Mend it. Check Python and sudo of the login user."
    assert raised.value.details == {"module_stderr": "Killed", "rc": 137}


def test_the_tcti_of_the_site_is_the_looks():
    host = WholeHost("host_plan", {**asked("gpu"), "edgesite_tpm_tcti": "device:/dev/tpm0"}, gather=["tpm"])
    host.result()
    assert host.asked[0]["tpm_tcti"] == "device:/dev/tpm0" and host.asked[0]["gather"] == ["tpm"]
    own = WholeHost("host_plan", {**asked("gpu"), "edgesite_tpm_tcti": "device:/dev/a"}, tpm_tcti="b")
    own.result()
    assert own.asked[0]["tpm_tcti"] == "b"


def test_numbers_that_are_none_are_the_layers_problem():
    host = WholeHost("host_plan", {**asked("gpu", "tls"), "gpu_reboot_timeout": float("inf")})
    layers = {one["layer"]: one for one in host.result()["layers"]}
    assert layers["gpu"]["state"] == "problem" and layers["tls"]["state"] == "in_order"


def test_what_the_controller_lacks_for_a_layer_is_its_problem_alone():
    host = WholeHost("host_plan", {**asked("gpu", "tls"), "identity_ca_dir": "/nowhere", "identity_ca_passphrase": "x"})
    layers = {one["layer"]: one for one in host.result()["layers"]}
    assert {name: one["state"] for name, one in layers.items() if name != "tools"} == {
        "gpu": "in_order",
        "identity": "problem",
        "tls": "in_order",
    }
    assert "missing on the controller: /nowhere" in layers["identity"]["problem"]


def test_what_is_wrong_with_the_whole_site_is_an_error_of_the_host():
    host = WholeHost("host_plan", {**asked("gpu"), "edgesite_report_fil": "x"})
    with pytest.raises(looking.EdgesiteError, match="edgesite_report_fil"):
        host.result()
    assert host.asked == []


@pytest.mark.parametrize("actions, fails", [([{"does": "install the host tools"}], True), ([], False)])
def test_host_tools_that_the_controller_cannot_send_are_a_problem(monkeypatch, actions, fails):
    assert looking._sendable({"actions": actions}) == {"actions": actions}
    monkeypatch.setattr(host_archive, "pynvml", dict)
    told = looking._sendable({"actions": actions})
    assert bool(told.get("failed")) is fails
    assert not fails or "pip install nvidia-ml-py" in told["msg"]
