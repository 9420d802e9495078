# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a variable is, what is said of it has a fix, and names only variables that there are."""

from __future__ import annotations

import re

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.spec import SETTINGS
from ansible_collections.edgesite.gpu.plugins.module_utils.site.layers import LAYERS
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site import judgement, specifications
from ansible_collections.edgesite.gpu.tests.unit.mistakes import site
from ansible_collections.edgesite.gpu.tests.unit.places import ROOT

ROLES = specifications.of_roles()
VARIABLES = {name for options in ROLES.values() for name in options} | set(specifications.PLAYBOOKS)
# What has such a prefix and is no variable: modules, roles, what they register, and keys of entries
OTHERS = (
    {path.stem for path in (ROOT / "plugins/modules").glob("*.py")}
    | set(ROLES)
    | {"facts_result", *SETTINGS["options"]}
)
NAME = re.compile(r"(?<![\w./-])(?:{0})_\w+".format("|".join([*ROLES, "edgesite"])), re.ASCII)
ODD = [
    *(True, 0, -1, 1, 10**30, 1.5, "", " ", "text", "a b", "a\nb", "-x", "1", "nan", "/", "/a", "a/b", "/a b", "~x"),
    *([], {}, [None], [""], ["a b"], ["-x"], ["DNS:a_b"], [5], [{}], ["/nowhere"], ["9c1f"], [{"name": 5}]),
    *({"cn": "x"}, {"country": "de"}, {"common_name": "x" * 65}, {"common_name": ""}, {"organizational_unit": 17}),
    *([{"unit": "a"}], [{"unit": "a.service", "user": "a b"}], [{"unit": "a.service"}, {"unit": "a.service"}]),
    *([{"name": "a", "listen": "*:0", "upstream": "*:80"}], [{"name": "A b", "listen": "a:1", "upstream": "b:1"}]),
    *([{"name": "a", "listen": "a:1", "upstream": "b:1", "side": "client"}], [{"gpus": "all", "power_limit": -1}]),
]
AUTHORITIES = [
    {},
    {"roots": []},
    {"command": ["/nowhere/sign"]},
    {"command": [""], "url": "https://ca.example"},
    {"command": ["sh"], "timeout": 0},
    {"command": ["sh"], "timeout": "nan"},
    {"command": ["sh"], "roots": []},
    {"command": ["sh"], "roots": ["/nowhere/root.pem"]},
    {"command": ["sh"], "roots": ["FOLDER/roots"]},
    {"url": "ca.example"},
    {"url": "https://ca.example/", "headers": {"X-Token": "a\nb"}},
    {"url": "https://ca.example/", "headers": {"X-Token": 5}},
    {"url": "https://ca.example/", "headers": {"X Token": "a"}},
    {"privatekey": "FOLDER/ca/issuing.key"},
    {"privatekey": "FOLDER/ca/issuing.key", "certificate": "FOLDER/ca/issuing.pem"},
    {"privatekey": "FOLDER/ca/issuing.key", "certificate": "FOLDER/ca/issuing.pem", "passphrase": "horse"},
    {"privatekey": "FOLDER/ca/issuing.key", "certificate": "FOLDER/other-ca.pem", "passphrase": "battery"},
    {"privatekey": "FOLDER/ca/issuing.key", "certificate": "FOLDER/parted.yaml", "passphrase": "battery"},
    {"privatekey": "FOLDER/nowhere.key", "certificate": "FOLDER/ca/issuing.pem", "passphrase": "battery"},
]


@pytest.fixture(scope="module", name="good")
def fixture_good(tmp_path_factory):
    """By layer, variables that call for it."""
    folder = tmp_path_factory.mktemp("site")
    site.make(folder)
    volume = {"name": "data", "device": "/dev/disk/by-id/nvme-eui.0025388b01234567", "mount": "/srv/data"}
    certificate = str(folder / "ca/root.pem")
    return {
        "driver": {"driver_branch": "550"},
        "jetpack": {"jetpack_version": "6.2.1"},
        "gpu": {"gpu_settings": []},
        "mig": {"mig_layouts": []},
        "storage": {
            "storage_volumes": [volume],
            "storage_escrow_dir": str(folder / "escrow"),
            "storage_recovery_certificate": certificate,
        },
        "identity": {
            "identity_ca_dir": str(folder / "ca"),
            "identity_ca_passphrase": "battery",
            "identity_tpm_roots": [str(folder / "roots")],
        },
        "tls": {"tls_services": [], "tls_proxies": []},
        "folder": str(folder),
    }


def judged(variables, host="gpu-1"):
    scope = judgement.Scope([layer.name for layer in LAYERS], False, str, lambda _host: None)
    return judgement.judge({host: variables}, [host], scope).problems


def check(problems):
    for one in problems:
        assert one.fix and one.fix != one.problem, one
        unknown = set(NAME.findall(one.problem + " " + one.fix)) - VARIABLES - OTHERS
        assert not unknown, one


@pytest.mark.parametrize("layer", [layer.name for layer in LAYERS])
def test_what_is_said_of_odd_values(good, layer):
    for name in [*ROLES[layer], "edgesite_tpm_tcti"]:
        for value in ODD:
            check(judged({**good[layer], name: value}))


@pytest.mark.parametrize("layer", [layer.name for layer in LAYERS])
def test_good_variables_are_no_problem(good, layer):
    assert judged(good[layer]) == []


@pytest.mark.parametrize("given", AUTHORITIES, ids=str)
def test_what_is_said_of_who_signs(good, given):
    folder = good["folder"]
    authority = {"roots": [folder + "/ca/root.pem"], **given}
    for name, value in authority.items():
        if isinstance(value, str):
            authority[name] = value.replace("FOLDER", folder)
        elif isinstance(value, list):
            authority[name] = [one.replace("FOLDER", folder) for one in value]
    found = judged({**good["identity"], "identity_authority": authority})
    check(found)
    assert found and all(one.problem.startswith("identity_authority") for one in found), found


@pytest.mark.parametrize("name", ["edge_1", "a" * 64, "300.1.1.1", "a b", "-x", "ä"])
def test_what_is_said_of_a_hosts_name_that_no_certificate_can_have(good, name):
    found = judged(good["identity"], host=name)
    check(found)
    assert found and all(repr(name) in one.problem and "ename the host" in one.fix for one in found), found
