# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that is wrong with a layer is found at once, and nothing that only follows from it."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.site.layers import LAYERS
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site import judgement, specifications
from ansible_collections.edgesite.gpu.tests.unit.mistakes import site
from ansible_collections.edgesite.gpu.tests.unit.plugins.plugin_utils.site import looked
from ansible_collections.edgesite.gpu.tests.unit.plugins.plugin_utils.site.test_judgement import FACTS, ORIN, T4

ALL = [layer.name for layer in LAYERS]
SERVER = {**FACTS, "gpus": [T4]}
SITE = {
    "driver": {"driver_branch": "580", "driver_extra_packages": ["nvtop"]},
    "jetpack": {"jetpack_version": "6.2.1", "jetpack_packages": ["nvidia-jetpack"]},
    "gpu": {"gpu_settings": [{"gpus": "all", "power_limit": 65}]},
    "mig": {"mig_layouts": [{"gpus": [{"model": "A100"}], "instances": {"1g.5gb": 7}}]},
    "storage": {
        "storage_volumes": [{"name": "data", "device": "/dev/disk/by-id/nvme-1", "mount": "/srv/data"}],
        "storage_recovery_certificate": "FOLDER/ca/root.pem",
        "storage_escrow_dir": "FOLDER/escrow",
        "storage_wipe": ["/dev/disk/by-id/nvme-1@0123456789abcdef"],
    },
    "identity": {
        "identity_ca_dir": "FOLDER/ca",
        "identity_ca_passphrase": "battery",
        "identity_tpm_roots": ["FOLDER/roots"],
        "identity_days": 90,
        "identity_renew_before": "89",
    },
    "tls": {
        "tls_services": [{"unit": "nginx.service"}],
        "tls_proxies": [{"name": "web", "listen": "0.0.0.0:8443", "upstream": "127.0.0.1:80"}],
    },
}
VARIABLES = [(layer, name) for layer in ALL for name in specifications.of_roles()[layer]]
LISTS = [(layer, name) for layer, name in VARIABLES if isinstance(SITE[layer].get(name), list)]


@pytest.fixture(scope="module", name="folder")
def fixture_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    site.make(folder)
    return folder


def told(folder, layer, facts, **changes):
    """The problems of a host with one good layer, apart from these variables."""
    wanted = {**SITE[layer], **changes}
    wanted = {name: placed(value, str(folder)) for name, value in wanted.items() if value != "nothing"}
    if facts:
        wanted[judgement.LOOK] = looked.at(ORIN if layer == "jetpack" else SERVER, wanted)
    scope = judgement.Scope(ALL, facts, str, lambda _host: None)
    return [one.problem for one in judgement.judge({"gpu-1": wanted}, ["gpu-1"], scope).problems]


def placed(value, folder):
    if isinstance(value, list):
        return [placed(one, folder) for one in value]
    return value.replace("FOLDER", folder) if isinstance(value, str) else value


@pytest.mark.parametrize("facts", [False, True])
@pytest.mark.parametrize("layer", ALL)
def test_each_layer_is_good_as_it_is(folder, layer, facts):
    assert told(folder, layer, facts) == []


@pytest.mark.parametrize("facts", [False, True])
@pytest.mark.parametrize(("layer", "name"), VARIABLES)
def test_nothing_follows_from_a_variable_that_is_wrong(folder, layer, name, facts):
    wrong = {"key": 1} if specifications.of_roles()[layer][name].get("type") != "dict" else 5
    (problem,) = told(folder, layer, facts, **{name: wrong})
    assert problem.startswith(name + " is ")


@pytest.mark.parametrize(("layer", "name"), VARIABLES)
def test_a_null_is_not_set_or_is_refused(folder, layer, name):
    spec = specifications.of_roles()[layer][name]
    unset = "nothing" if spec.get("default") is None else None
    problems = told(folder, layer, False, **{name: None})
    if unset is None:
        assert [problem == name + " is null" for problem in problems] == [True]
    else:
        assert problems == told(folder, layer, False, **{name: unset})


@pytest.mark.parametrize("facts", [False, True])
@pytest.mark.parametrize(("layer", "name"), LISTS)
def test_nothing_follows_from_an_entry_that_is_wrong(folder, layer, name, facts):
    (problem,) = told(folder, layer, facts, **{name: [None, *SITE[layer][name][1:]]})
    assert problem.startswith(name + "[0] is empty")


@pytest.mark.parametrize(
    ("layer", "name"),
    [(layer, name) for layer, name in VARIABLES if specifications.of_roles()[layer][name].get("required")],
)
def test_nothing_follows_from_a_variable_that_is_missing(folder, layer, name):
    assert all(problem.startswith(name + " is not set") for problem in told(folder, layer, False, **{name: "nothing"}))


@pytest.mark.parametrize(
    ("layer", "changes", "words"),
    [
        (
            "gpu",
            {"gpu_settings": [5, {"gpus": "all", "power_limit": "lots"}]},
            ["gpu_settings[0] is 5", "[1].power_limit is 'lots'"],
        ),
        (
            "mig",
            {"mig_layouts": [None, {"gpus": [{"modell": "A"}], "instances": {}}], "mig_quiesce": ["a\n"]},
            ["mig_layouts[0] is empty", "mig_layouts[1].gpus[0] has modell", "mig_quiesce[0] is"],
        ),
        (
            "driver",
            {"driver_extra_packages": [True, "nvtop", "-y"]},
            ["[0] is true", "driver_extra_packages[2] is '-y'"],
        ),
        (
            "driver",
            {
                "driver_source": "mirror",
                "driver_mirror": {"urll": "x", "path": 5, "url": "http://a b/", "key": "k", "key_fingerprint": "0"},
            },
            [
                "mirror has 'urll'",
                "mirror.path is 5",
                "mirror.url is",
                "key_fingerprint is '0'",
                "mirror.key k cannot be",
            ],
        ),
        (
            "identity",
            {"identity_authority": {"rots": ["a"], "roots": ["/nope"], "url": "ftp://x"}},
            ["identity_authority has 'rots'", "identity_authority.url is not a URL"],
        ),
        ("jetpack", {"jetpack_hold": "perhaps", "jetpack_mirror": "no url"}, ["jetpack_hold is", "jetpack_mirror is"]),
        (
            "storage",
            {"storage_pcrs": ["x", 99], "storage_escrow_dir": "FOLDER/ca/root.pem"},
            ["storage_pcrs[0]", "storage_pcrs has", "storage_escrow_dir"],
        ),
        ("storage", {"storage_volumes": "nothing", "storage_escrow_dir": "FOLDER/ca/root.pem"}, []),
        (
            "storage",
            {"storage_recovery_certificate": "nothing", "storage_escrow_dir": "FOLDER/ca/root.pem"},
            ["storage_recovery_certificate is not set", "storage_escrow_dir is"],
        ),
        ("identity", {"identity_days": "x", "identity_ca_passphrase": "horse"}, ["identity_days", "does not open"]),
        (
            "identity",
            {"identity_tpm_roots": [5, "/nowhere"]},
            ["identity_tpm_roots[0]", "identity_tpm_roots: /nowhere"],
        ),
        ("tls", {"tls_services": [{}, {"unit": "a b"}]}, ["tls_services[0].unit is not set", "'a b'"]),
    ],
)
def test_the_rest_is_looked_at_too(folder, layer, changes, words):
    problems = told(folder, layer, False, **changes)
    assert len(problems) == len(words) and all(any(word in one for one in problems) for word in words), problems


def test_good_entries_are_compared_with_what_the_host_has(folder):
    entries = [{"gpus": "all", "power_limit": "lots"}, 5, {"gpus": "all", "power_limit": 500}]
    problems = told(folder, "gpu", True, gpu_settings=entries)
    assert [problem.split(" is ")[0] for problem in problems] == [
        "gpu_settings[0].power_limit",
        "gpu_settings[1]",
        "gpu_settings[2].power_limit",
    ]
