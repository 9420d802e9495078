# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a look at a whole host asks, what it keeps to itself, and the digest of what is asked."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from ansible_collections.edgesite.gpu.plugins.action import identity as identity_action
from ansible_collections.edgesite.gpu.plugins.module_utils.driver import spec as driver
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu import spec as gpu
from ansible_collections.edgesite.gpu.plugins.module_utils.identity import spec as identity
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson import spec as jetson
from ansible_collections.edgesite.gpu.plugins.module_utils.mig import spec as mig
from ansible_collections.edgesite.gpu.plugins.module_utils.site import (
    host_look,
    plan_file,
    plan_json,
    plan_markdown,
    plan_text,
)
from ansible_collections.edgesite.gpu.plugins.module_utils.storage import spec as storage
from ansible_collections.edgesite.gpu.plugins.module_utils.tls import spec as tls
from ansible_collections.edgesite.gpu.plugins.plugin_utils import recovery_escrow
from ansible_collections.edgesite.gpu.plugins.plugin_utils.actions import HostActionBase
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site import looking
from ansible_collections.edgesite.gpu.tests.unit.mistakes import site
from ansible_collections.edgesite.gpu.tests.unit.plans import HEAD
from ansible_collections.edgesite.gpu.tests.unit.plugins.action.whole_host import FAILS, WholeHost, asked, does
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import given, settings
from hypothesis import strategies as st

SPECS = {"driver": driver, "gpu": gpu, "identity": identity, "jetpack": jetson, "mig": mig, "storage": storage}
SPECS["tls"] = tls
PASSPHRASE, OWNER, RECOVERY = "battery", "owner-secret-17", "recovery-secret-17"
STORE = {"changed": False, "actions": [], "before": {}, "after": {}, "diff": {}, "active": None, "slots": {}}
TPM = {"tpm": {"present": True, "key_states": [{"usable": False, "cause": "missing", "reason": "none"}] * 2}}
# An action that goes by nothing but its options
PLAIN = HostActionBase.__new__(HostActionBase)
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


def test_every_layer_has_its_specification():
    for one in looking.role_task._ROLES.iterdir():
        assert one.name not in SPECS or SPECS[one.name].OPTIONS


def _secrets(spec, path=()):
    for name, option in spec.items():
        if option.get("no_log"):
            yield (*path, name)
        yield from _secrets(option.get("options") or {}, (*path, name))


def test_secret_options_are_known():
    """Those that the host is given are sent apart; those that only the controller needs are in no digest."""
    found = {name: list(_secrets(spec.OPTIONS)) for name, spec in SPECS.items()}
    assert {name: secrets for name, secrets in found.items() if secrets} == {"storage": [("recovery_keys",)]}
    assert looking._SPECS["storage"] is storage.OPTIONS
    of_identity = {path[-1] for path in _secrets(identity_action.OPTIONS)}
    assert of_identity == {"passphrase", "headers", "owner_auth"} <= set(looking._ASIDE["identity"])


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


def test_files_on_the_controller_are_known():
    """Of identity, all paths but the host's; of the others, those that the controller reads."""
    assert set(_paths(identity_action.OPTIONS)) == set(looking._FILES["identity"])
    assert set(looking._FILES) == {"driver", "identity", "mig", "storage"}


def _paths(spec):
    for name, option in spec.items():
        if "path" in (option["type"], option.get("elements")):
            yield name
        yield from _paths(option.get("options") or {})


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


CARD = st.fixed_dictionaries(
    {"gpus": st.sampled_from(["all", [{"index": 0}], [{"index": 1}, {"model": "A100"}]])},
    optional={
        "ecc": st.booleans(),
        "persistence_mode": st.booleans(),
        "power_limit": st.sampled_from(["250", "300", "max"]),
        "gpu_clocks": st.fixed_dictionaries({"min": st.integers(300, 302), "max": st.integers(1400, 1402)}),
    },
)


@settings(max_examples=200)
@given(st.lists(CARD, max_size=3), st.lists(CARD, max_size=3), st.booleans())
def test_what_is_desired_is_the_same_for_the_same_alone(one, other, persist):
    def digest(settings_of, **more):
        args = {"settings": settings_of, "persist": True, **more}
        return looking._desired(looking.Asked("gpu", PLAIN, args, dict(args), {}, 0))

    again = json.loads(json.dumps(_turned(one)))
    assert digest(one) == digest(again)
    assert (digest(one) == digest(other)) == (one == other)
    assert (digest(one, persist=persist) == digest(one)) is persist


def _turned(value):
    """With all keys in another order."""
    if isinstance(value, dict):
        return {name: _turned(one) for name, one in reversed(list(value.items()))}
    return [_turned(one) for one in value] if isinstance(value, list) else value


@settings(max_examples=100)
@given(st.sampled_from(sorted(SPECS)), st.data())
def test_every_option_is_in_the_digest(layer, data):
    options = dict.fromkeys(SPECS[layer].OPTIONS, "a")
    name = data.draw(st.sampled_from(sorted(options)))
    first = looking.Asked(layer, PLAIN, options, options, {}, 0)
    other = first._replace(options={**options, name: "b"})
    assert looking._desired(first) != looking._desired(other)


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
