# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions, on a controller whose files outside of one folder cannot be written; hosts and programs answer from here."""

from __future__ import annotations

import errno
import importlib
import shutil
import subprocess
import threading
from copy import deepcopy
from functools import lru_cache
from types import SimpleNamespace
from urllib.error import URLError

import yaml
from ansible.errors import AnsibleError
from ansible_collections.edgesite.gpu.plugins.action import identity
from ansible_collections.edgesite.gpu.plugins.module_utils.identity import csr
from ansible_collections.edgesite.gpu.plugins.plugin_utils import on_controller, recovery_escrow
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity import authority, state_files
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity.store import Store
from ansible_collections.edgesite.gpu.tests.unit.fuzz import modules
from ansible_collections.edgesite.gpu.tests.unit.fuzz.examples import PARTED
from ansible_collections.edgesite.gpu.tests.unit.fuzz.generator import Plugin
from ansible_collections.edgesite.gpu.tests.unit.fuzz.hosts import named
from ansible_collections.edgesite.gpu.tests.unit.fuzz.judge import Refused
from ansible_collections.edgesite.gpu.tests.unit.places import ROOT
from ansible_collections.edgesite.gpu.tests.unit.plugins.action.test_identity import NOT_MADE, STORE
from ansible_collections.edgesite.gpu.tests.unit.plugins.plugin_utils.identity import bench
from ansible_collections.edgesite.gpu.tests.unit.plugins.plugin_utils.test_recovery_escrow import volume

_ID = "0" * 32
_NAMES = {"subject": {"common_name": "gpu-a"}, "subject_alt_name": ["DNS:gpu-a", "IP:192.0.2.1"]}
_TPM_INFO = {"tpm": {"present": True, "key_states": [NOT_MADE, NOT_MADE], "endorsement": ["E"]}, "unread": []}
_SAID = {
    "identity_device": {"revoked": []},
    "identity_store": STORE,
    "tpm_info": _TPM_INFO,
    "tpm_key": {"path": "/key"},
    "tpm_csr": {"public": "P", "csr": "R", "tls13": True},
    "tpm_credential": {"id": "I", "credentials": ["C"]},
    "tpm_challenge": {"answer": "A"},
    "tpm_certificate": {"certificate": "CERT", "chain": "CHAIN", "serial": "1f", "not_after": "2027"},
}


@lru_cache(maxsize=None)
def made():
    """A device's key, its TPM, who made that, and the site's CA."""
    maker = bench.Authority("Maker")
    tpm, key, site = bench.Tpm(maker, kind="ecc_p256"), bench.DeviceKey(), bench.Authority("Site")
    certificate = bench.issued(key, site)
    return SimpleNamespace(key=key, request=key.request(), tpm=tpm, maker=maker, site=site, certificate=certificate)


def actions():
    """The class of each action, by its name."""
    found = sorted(path.stem for path in (ROOT / "plugins/action").glob("*.py"))
    package = "ansible_collections.edgesite.gpu.plugins.action."
    return {name: importlib.import_module(package + name).ActionModule for name in found}


def spec(name, kind, on_host):
    """An action's options, or those of its module."""
    if name == "identity":
        return identity.OPTIONS
    return getattr(kind, "OPTIONS", None) or modules.given(on_host[name])["argument_spec"]


def prepare(folder):
    """A controller's folder with what the options name."""
    shutil.rmtree(folder / "state", ignore_errors=True)
    (folder / "state").mkdir(mode=0o700)
    for name, text in (("maker", made().maker.pem), ("root", made().site.pem), ("crl", made().site.revocations())):
        (folder / (name + ".pem")).write_text(text)
    (folder / "parted.yaml").write_text(yaml.safe_dump(PARTED))
    store = Store(str(folder / "state"))
    proof = {"ek_sha256": [made().tpm.sha256], "ek_trust": "certified", "ek_issuer": "CN=Maker"}
    with store.alone():
        store.keep_challenge("gpu-1", csr.unpem(made().request), "answer", proof, _ID)
        store.record_certificate(
            "shop-17-a", {**proof, "ek_sha256": ["e1"]}, {"serial": "1f", "not_after": "2027"}, 1_800_000_000.0
        )


def good(name, folder, on_host):
    """Options that an action takes."""
    root = str(folder / "root.pem")
    device = {"state_dir": str(folder / "state"), "device": "gpu-1"}
    signed = {**device, "id": _ID, "answer": "answer", "csr": made().request}
    asked = {**device, **_NAMES, "public": made().key.encoded, "csr": made().request}
    site = {"state_dir": device["state_dir"], **_NAMES, "crl_files": [str(folder / "crl.pem")]}
    ways = [
        {"command": ["/nowhere/sign", "x"], "timeout": 1},
        {"url": "https://ca.example/sign", "headers": {"X-Token": "a"}},
        {"privatekey": root, "certificate": root, "passphrase": "secret", "chain": [root]},
    ]
    found = {
        "identity": [{**site, "authority": {"roots": [root], **way}} for way in ways],
        "identity_device": [{**device, "device": "shop-17-a", "state": "revoked"}, device],
        "recovery_escrow": [{"folder": str(folder / "escrow"), "volumes": [volume()]}],
        "tpm_certificate": [{**signed, "authority": {"roots": [root], **way}} for way in ways],
        "tpm_credential": [
            {**asked, "endorsement": made().tpm.shows(), "tpm_roots": [str(folder / "maker.pem")]},
            {**asked, "endorsement": made().tpm.shows(), "ek_trust": "pinned", "ek_sha256": [made().tpm.sha256]},
        ],
        "host_converge": [{"select": ["gpu", "mig"]}, {}],
        "host_plan": [{"select": ["gpu"], "gather": ["tpm"], "tpm_tcti": "device:/dev/tpm0"}],
        "site_plan": [
            {"hosts": ["gpu-1"], "report_file": str(folder / "plan.md"), "plan_out": str(folder / "plan.json")},
            {"hosts": ["gpu-1"], "select": "hosts[].host", "exit_on_changes": True},
            {"hosts": ["gpu-1"], "plan_out": str(folder / "plan.json"), "plan_key": "k" * 32, "plan_expires": "24h"},
        ],
        "site_check": [{"hosts": ["gpu-1"], "report_file": str(folder / "check.json")}],
        "mig_layout": [{"from_file": "parted.yaml", "config": "small"}],
    }
    return found.get(name, []) + (on_host[name].good if name in on_host else [])


def plugin(name, kind, folder, on_host, module_plugins):
    """The action, for the generator."""
    known = spec(name, kind, on_host)
    options = good(name, folder, module_plugins)
    return Plugin("action " + name, known, options, lambda given, rng: run(name, kind, given, folder, on_host, rng))


def patch(monkeypatch, folder):
    """Nothing but the folder is written; nothing is run or asked; other modules answer."""
    monkeypatch.chdir(folder)
    for place, name in ((state_files, "make_folder"), (state_files, "locked"), (recovery_escrow, "keep")):
        monkeypatch.setattr(place, name, _within(folder, getattr(place, name)))
    monkeypatch.setattr(authority, "subprocess", SimpleNamespace(**{**vars(subprocess), "run": _no_program}))
    monkeypatch.setattr(authority, "open_url", _no_answer)
    answer = {"certificate": made().certificate, "changed": True}
    monkeypatch.setattr(on_controller, "run_module", lambda *_arguments: answer)


def _within(folder, function):
    def guarded(path, *arguments):
        if not str(path).startswith(str(folder)):
            named(path)
            raise OSError(errno.EROFS, "Read-only file system", path)
        return function(path, *arguments)

    return guarded


def _no_program(argv, timeout=None, **_more):
    for argument in argv:
        named(argument)
    if timeout > threading.TIMEOUT_MAX:
        raise OverflowError("timestamp too large to convert to C _PyTime_t")
    raise FileNotFoundError(errno.ENOENT, "No such file or directory", argv[0])


def _no_answer(url, **_more):
    raise URLError(OSError(errno.EHOSTUNREACH, "No route to host"))


class Hostvars(dict):
    """As Ansible's, which have a keeper."""

    raw_get = dict.__getitem__


def run(name, kind, options, folder, on_host, rng):
    """What the task ends with."""
    action = kind.__new__(kind)
    action._task = SimpleNamespace(
        args=options,
        action="edgesite.gpu." + name,
        async_val=0,
        check_mode=rng.random() < 0.5,
        no_log=False,
        tags=["always"],
    )
    action._connection = SimpleNamespace(transport="ssh", _shell=SimpleNamespace(tmpdir="/tmp/x"))
    action._find_needle = lambda _folder, needle: named(needle) or str(folder / "parted.yaml")
    action.send = lambda data: "/tmp/x/host-tools.zip"
    action.say = lambda text: _say(action, text)
    action.run_action = lambda asked, arguments: _said(asked)
    action.validate_argument_spec = lambda known: _validated(action, known)
    # which has a module that another action is named after
    module = "host_plan" if name == "host_converge" else name
    action._execute_module = lambda module_args, **_more: _on_host(on_host[module], module_args, rng)
    action._templar = SimpleNamespace(template=lambda value: value)
    action._templar.copy_with_new_env = lambda available_variables: action._templar
    cache = SimpleNamespace(get=lambda host: {})
    hostvars = Hostvars({"gpu-1": {}})
    hostvars._variable_manager = SimpleNamespace(_fact_cache=cache)
    hostvars._inventory = SimpleNamespace(get_hosts=_matched)
    action._said = []
    result = action.run(task_vars={"inventory_hostname": "gpu-1", "hostvars": hostvars, "ansible_facts": {}})
    return {**result, "said": action._said}


def _matched(patterns, ignore_limits, ignore_restrictions):
    return [SimpleNamespace(name="gpu-1")] if "gpu-1" in patterns and ignore_restrictions else []


def _say(action, text):
    action._said.append(text)


def _said(name):
    return deepcopy(_SAID.get(name.rpartition(".")[2], {"changed": True}))


def _validated(action, known):
    try:
        return type(action).validate_argument_spec(action, known)
    except AnsibleError as error:
        raise Refused from error


def _on_host(module, arguments, rng):
    """What a module answers that may want something of its action."""
    try:
        result = modules.run(module, arguments)
    except Refused:
        return {"failed": True, "msg": "refused"}
    if result.get("failed"):
        return result
    more = {"reboot_required": True, "missing_packages": ["x"], "volumes": [volume()], "reset_required": []}
    return {**result, **{key: value for key, value in more.items() if rng.random() < 0.5}}
