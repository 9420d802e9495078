# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a site, by its variables, its controller and its hosts."""

from __future__ import annotations

import os

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils import outcome
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.site import host_look
from ansible_collections.edgesite.gpu.plugins.module_utils.site.layers import LAYERS
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site import judgement
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site.judgement import LOOK
from ansible_collections.edgesite.gpu.tests.unit.mistakes import site
from ansible_collections.edgesite.gpu.tests.unit.plugins.plugin_utils.identity.bench import DAY, Authority
from ansible_collections.edgesite.gpu.tests.unit.plugins.plugin_utils.site import looked
from hypothesis import given
from hypothesis import strategies as st

FACTS = {"gpus": [], "unread": [], "accelerators": [], "driver": {"nvml_status": "ok"}, "tpm": {"version": "2.0"}}
ORIN = {
    **FACTS,
    "jetson": {
        "l4t": {"major": 36, "minor": 4, "version": "36.4.7"},
        "jetpack": "6.2.1",
        "soc": "tegra234",
        "power_modes": [],
    },
}
T4 = {
    "index": 0,
    "uuid": "GPU-aaaa",
    "pci_bus_id": "0000:17:00.0",
    "name": "Tesla T4",
    "persistence_mode": False,
    "compute_mode": "default",
    "ecc": None,
    "mig": None,
    "power_w": {"limit": 70.0, "default_limit": 70.0, "min_limit": 60.0, "max_limit": 70.0},
    "clocks_mhz": {"min_graphics": 300, "max_graphics": 1590, "min_memory": 405, "max_memory": 5001},
}
ALL = [layer.name for layer in LAYERS]
MIRROR = {"url": "http://hub", "key": __file__, "key_fingerprint": "0123 4567 89AB CDEF 0123 4567 89AB CDEF 0123 4567"}


def judge(hostvars, facts=False, layers=ALL, guard=lambda _host: None):
    return judgement.judge(hostvars, list(hostvars), judgement.Scope(layers, facts, str, guard))


def problems(facts=None, **variables):
    hostvars = {"gpu-1": {**variables, **({LOOK: looked.at(facts, variables)} if facts else {})}}
    found = judge(hostvars, facts=bool(facts)).problems
    assert all(one.fix for one in found)
    return [(one.host, one.layer, one.problem) for one in found]


@pytest.fixture
def authority(tmp_path):
    """The variables of an identity from a CA that is there."""
    site.make(tmp_path)
    return {
        "identity_ca_dir": str(tmp_path / "ca"),
        "identity_ca_passphrase": "battery",
        "identity_tpm_roots": [str(tmp_path / "roots")],
    }


def test_a_good_identity(authority):
    assert problems(**authority) == problems(FACTS, **authority) == []


@pytest.mark.parametrize(
    ("changes", "where", "words"),
    [
        ({"identity_ca_dir": "/nowhere"}, "controller", "identity_ca_dir: missing on the controller: /nowhere"),
        ({"identity_ca_passphrase": "wrong"}, "controller", "identity_ca_passphrase does not open"),
        ({"identity_ca_passphrase": ""}, "controller", "identity_ca_passphrase is empty"),
        ({"identity_ca_passphrase": None}, "controller", "identity_ca_passphrase is not set"),
        ({"identity_tpm_roots": []}, "gpu-1", "identity_tpm_roots is empty"),
        ({"identity_tpm_roots": ["/nowhere/roots"]}, "controller", "/nowhere/roots does not exist on the controller"),
        ({"identity_ek_trust": "pinned"}, "gpu-1", "identity_ek_sha256 is empty"),
        ({"identity_ek_trust": "certain"}, "gpu-1", "identity_ek_trust is 'certain', but has to be one of"),
        ({"identity_subject": {"organizational_unit": 17}}, "gpu-1", "identity_subject.organizational_unit"),
        ({"identity_days": "a year"}, "gpu-1", "identity_days is 'a year', but has to be a whole number"),
        (
            {"identity_authority": {"command": ["no-such-program"], "roots": [__file__]}},
            "controller",
            "identity_authority.command",
        ),
        (
            {"identity_authority": {"roots": [__file__]}},
            "controller",
            "needs exactly one of privatekey, command and url, but has none",
        ),
    ],
)
def test_what_is_wrong_with_an_identity(authority, changes, where, words):
    if "identity_authority" in changes:
        changes["identity_authority"]["roots"] = [authority["identity_tpm_roots"][0] + "/maker.pem"]
    told = problems(**{**authority, **changes})
    assert [(host, layer) for host, layer, _problem in told] == [(where, "identity")]
    assert words in told[0][2]


def test_an_identity_on_a_host_without_a_tpm(authority):
    ((host, layer, problem),) = problems({**FACTS, "tpm": None}, **authority)
    assert (host, layer) == ("gpu-1", "identity") and problem == "identity_ca_dir is set, and this host has no TPM"


def test_a_missing_ca_does_not_hide_a_missing_passphrase(authority):
    told = [problem for _host, _layer, problem in problems(**{**authority, "identity_ca_dir": "/nowhere"})]
    assert len(told) == 1
    del authority["identity_ca_passphrase"]
    told = [problem for _host, _layer, problem in problems(**{**authority, "identity_ca_dir": "/nowhere"})]
    assert len(told) == 2 and any(problem.startswith("identity_ca_passphrase is not set") for problem in told)


@pytest.mark.parametrize(
    "of_path",
    [
        lambda path: {"driver_branch": "550", "driver_source": "mirror", "driver_mirror": {**MIRROR, "key": path}},
        lambda path: {"mig_from_file": path},
        lambda path: {"identity_tpm_roots": [path]},
        lambda path: {"identity_crl_files": [path]},
        lambda path: {"storage_volumes": [], "storage_recovery_certificate": path, "storage_escrow_dir": "/tmp"},
    ],
)
def test_a_pipe_in_place_of_a_file_is_not_waited_for(authority, tmp_path, of_path):
    os.mkfifo(tmp_path / "pipe")
    variables = of_path(str(tmp_path / "pipe"))
    needs_ca = any(name.startswith("identity_") for name in variables)
    told = problems(**{**(authority if needs_ca else {}), **variables})
    assert ["it is a pipe or a device, and not a file" in problem for _host, _layer, problem in told] == [True]


def test_the_controller_is_told_of_once_for_all_hosts():
    wanted = {"identity_ca_dir": "/nowhere", "identity_ca_passphrase": "a", "identity_tpm_roots": ["/nowhere/roots"]}
    found = judge(dict.fromkeys(("a", "b", "c", "d"), wanted)).problems
    assert {(one.host, one.hosts) for one in found} == {("controller", ("a", "b", "c", "d"))}
    assert len(found) == 2


@pytest.mark.parametrize(
    ("facts", "variables", "layer", "words"),
    [
        (None, {"gpu_settings": [{"gpus": "all", "gpu_clocks": 1410}]}, "gpu", "gpu_settings[0].gpu_clocks is 1410"),
        (None, {"mig_layouts": [], "mig_disruption": "forced"}, "mig", "did you mean force?"),
        (None, {"mig_layouts": [], "mig_from_file": "x.yml"}, "mig", "mig_layouts and mig_from_file are both set"),
        (None, {"mig_layouts": [], "mig_config": "a"}, "mig", "mig_layouts and mig_config are both set"),
        (None, {"mig_layouts": [], "mig_quiesce": ["a\n[Service]"]}, "mig", "mig_quiesce[0] is 'a\\n[Service]"),
        (None, {"mig_layouts": [], "mig_unload_drm": "perhaps"}, "mig", "mig_unload_drm is 'perhaps'"),
        (None, {"driver_branch": "newest"}, "driver", "driver_branch"),
        (None, {"driver_branch": 550, "driver_extra_packages": ["-y"]}, "driver", "driver_extra_packages[0] is '-y'"),
        (
            None,
            {"driver_branch": 550, "driver_mirror": {**MIRROR, "url": "http://hub\nTrusted: yes"}},
            "driver",
            "driver_mirror.url is 'http://hub\\nTrusted: yes'",
        ),
        (None, {"jetpack_mirror": "http://hub/jetson\n"}, "jetpack", "jetpack_mirror is 'http://hub/jetson\\n'"),
        (None, {"jetpack_packages": ["--purge"]}, "jetpack", "jetpack_packages[0] is '--purge'"),
        (None, {"tls_services": [{"name": "web", "prot": 1}]}, "tls", "tls_services[0] has 'prot'"),
        (None, {"storage_volumes": [{"name": "a"}]}, "storage", "storage_volumes[0].device is not set"),
        (FACTS, {"jetpack_version": "6.2"}, "jetpack", "this host is not a Jetson"),
        (ORIN, {"gpu_settings": []}, "gpu", "this host is a Jetson"),
        (None, {"mig_layout": []}, "variables", "mig_layout is not a variable"),
        (None, {"edgesite_allow_reboot": "perhaps"}, "variables", "edgesite_allow_reboot is 'perhaps'"),
        (
            None,
            {"gpu_settings": [{"gpus": "all", "gpu_clocks": {"min": "9" * 4000}}]},
            "gpu",
            "gpu_settings has a number that is too large",
        ),
        (
            None,
            {"driver_branch": "550", "driver_reboot_timeout": -5},
            "driver",
            "driver_reboot_timeout is -5, but has to be 1 to 86400 seconds",
        ),
        (None, {"gpu_settings": [], "gpu_reboot_timeout": 0}, "gpu", "gpu_reboot_timeout is 0"),
        (None, {"mig_layouts": [], "mig_reboot_timeout": 10**9}, "mig", "mig_reboot_timeout is 1000000000"),
        (None, {"facts_tpm_tcti": "/dev/tpm0"}, "facts", "facts_tpm_tcti is '/dev/tpm0', which is not a TCTI"),
        (None, {"remove_lock_timeout": -1}, "remove", "remove_lock_timeout is -1, but has to be 0 to 86400 seconds"),
        (None, {"jetpack_clocks": "locked", "jetpack_lock_timeout": -1}, "jetpack", "jetpack_lock_timeout is -1"),
        (None, {"driver_branch": "550", "driver_hold": None}, "driver", "driver_hold is null"),
        (None, {"edgesite_allow_reboot": None}, "variables", "edgesite_allow_reboot is null"),
        (None, {"edgesite_plan_key": ["horse"] * 32}, "variables", "edgesite_plan_key is a value that is not shown"),
        (None, {"edgesite_facts_allowed": None}, "variables", "edgesite_facts_allowed is null"),
        (None, {"report_file": []}, "report", "report_file is an empty list"),
    ],
)
def test_a_mistake_is_found_before_the_run(facts, variables, layer, words):
    found = [problem for _host, name, problem in problems(facts, **variables) if name == layer]
    assert any(words in problem for problem in found), found


def test_a_file_of_layouts_that_is_not_there(tmp_path):
    ((host, layer, problem),) = problems(mig_from_file=str(tmp_path / "none.yml"))
    assert (host, layer) == ("controller", "mig") and problem.startswith("mig_from_file: cannot read")


def test_a_mirror_whose_key_cannot_be_read_hides_nothing():
    mirror = {"url": "ftp://hub", "path": "/mnt", "key": "/nowhere/mirror.asc", "key_fingerprint": "0123"}
    told = problems(driver_version="5", driver_branch=580, driver_source="mirror", driver_mirror=mirror)
    assert {(host, problem.split()[0]) for host, _layer, problem in told} == {
        ("controller", "driver_mirror.key"),
        ("gpu-1", "driver_version"),
        ("gpu-1", "driver_mirror.url"),
        ("gpu-1", "driver_mirror"),
        ("gpu-1", "driver_mirror.key_fingerprint"),
    }


def test_storage_without_escrow_and_certificate():
    volume = {"name": "data", "device": "/dev/disk/by-id/nvme-1", "mount": "/srv/data"}
    told = problems(storage_volumes=[volume])
    assert {problem.split()[0] for _host, _layer, problem in told} == {
        "storage_recovery_certificate",
        "storage_escrow_dir",
    }


def test_empty_texts_are_no_paths():
    volume = {"name": "data", "device": "/dev/disk/by-id/nvme-1", "mount": "/srv/data"}
    told = problems(storage_volumes=[volume], storage_escrow_dir="", storage_recovery_certificate="")
    assert told == [
        ("gpu-1", "storage", "storage_escrow_dir is empty, so recovery keys would be kept nowhere"),
        ("gpu-1", "storage", "storage_recovery_certificate is empty"),
    ]
    told = problems(tls_services=[{"unit": "nginx.service"}], tls_identity_directory="")
    assert [problem.split(",")[0] for _host, _layer, problem in told] == ["tls_identity_directory is ''"]
    assert problems(mig_layouts=[], mig_from_file="", mig_config="") == []


def test_variables_of_plans(tmp_path):
    good = {
        "edgesite_plan_out": str(tmp_path / "plan.json"),
        "edgesite_plan_file": "plan.json",
        "edgesite_plan_key": "0123456789abcdef0123456789abcdef",
        "edgesite_plan_expires": "7d",
    }
    assert problems(**good) == [] and os.listdir(tmp_path) == []
    told = problems(
        **{**good, "edgesite_plan_out": str(tmp_path), "edgesite_plan_key": "", "edgesite_plan_expires": "7"}
    )
    assert {(host, layer, problem.split()[0]) for host, layer, problem in told} == {
        ("controller", "plan", "edgesite_plan_out"),
        ("controller", "plan", "edgesite_plan_expires"),
        ("controller", "plan", "edgesite_plan_file"),
    }
    assert problems(edgesite_plan_file="plan.json", edgesite_plan_sha256="0" * 64) == []
    (told,) = problems(edgesite_plan_file="plan.json", edgesite_plan_key=["horse"])
    assert told[1:] == ("variables", "edgesite_plan_key is a value that is not shown, but has to be text")


@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("edgesite_plan_file", {}),
        ("edgesite_plan_file", {"edgesite_plan_sha256": "0" * 64}),
        ("edgesite_plan_sha256", {"edgesite_plan_file": "plan.json", "edgesite_plan_key": "k" * 32}),
    ],
)
def test_a_plan_whose_name_got_lost_is_not_run_without(name, others):
    """As in a pipeline with -e edgesite_plan_file=$PLAN, where PLAN is not set."""
    (told,) = problems(**others, **{name: ""})
    assert told[1:] == ("plan", name + " is empty, so a run would not go by the plan that was approved")
    assert problems(**others, **{name: None})


def test_a_digest_without_its_plan_is_not_run_without():
    ((_host, _layer, told),) = problems(edgesite_plan_sha256="0" * 64)
    assert told == "edgesite_plan_sha256 is set without edgesite_plan_file, so a run would do what nobody has approved"


def test_a_folder_that_cannot_be_written_to_is_told_from_one_that_is_not_there(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    volume = {"name": "data", "device": "/dev/disk/by-id/nvme-1", "mount": "/srv/data"}
    storage = {"storage_volumes": [volume], "storage_recovery_certificate": ""}

    def fixes(**variables):
        return " ".join(one.fix for one in judge({"gpu-1": variables}).problems)

    assert f"mkdir -p {tmp_path}/none" in fixes(edgesite_report_file=str(tmp_path / "none/report.json"))
    assert f"move {tmp_path}/file away" in fixes(**storage, storage_escrow_dir=str(tmp_path / "file/escrow"))
    monkeypatch.setattr("os.access", lambda _path, _mode: False)
    assert f"chown USER {tmp_path}" in fixes(edgesite_report_file=str(tmp_path / "report.json"))
    assert f"chown USER {tmp_path}" in fixes(**storage, storage_escrow_dir=str(tmp_path / "escrow"))


def test_all_that_is_wrong_with_a_layer_is_told(tmp_path):
    volumes = [{"name": "Data", "device": "/dev/sdb", "mount": "srv"}]
    told = problems(
        storage_volumes=volumes,
        storage_recovery_certificate="",
        storage_escrow_dir=str(tmp_path),
        storage_pcrs=[24],
        tls_services=[{"unit": "nginx", "user": "a b"}],
    )
    assert [problem.split(", ")[0].split(" is ")[0] for _host, _layer, problem in told] == [
        "storage_pcrs has 24",
        "storage_recovery_certificate",
        "storage_volumes[0].device",
        "storage_volumes[0].mount",
        "storage_volumes[0].name",
        "tls_services[0].unit",
        "tls_services[0].user",
    ]


def test_all_that_is_wrong_with_a_file_of_layouts_is_told(tmp_path):
    file = tmp_path / "parted.yaml"
    file.write_text("version: v2\nmig-configs: {one: [{devices: some, mig-enabled: 1}]}\n")
    told = problems(mig_from_file=str(file), mig_config="two")
    assert len(told) == 4
    assert all(problem.startswith(f"mig_from_file {file}: ") for _host, _layer, problem in told)


def test_values_that_are_good_are_no_problem():
    good = {
        "gpu_settings": [{"gpus": [{"model": "A100"}], "power_limit": "250"}],
        "mig_layouts": [{"gpus": [{"model": "A100"}], "instances": {"1g.5gb": 7}}],
        "mig_quiesce": ["dcgm.service"],
        "driver_branch": "550",
        "somebody_elses": "{{ nowhere }}",
    }
    assert problems(**good) == problems({**FACTS, "gpus": [T4]}, **good) == []
    assert problems(ORIN, jetpack_mirror="http://hub/jetson", jetpack_packages=["nvidia-jetpack"]) == []


def test_only_layers_that_tags_select_are_judged():
    wanted = {"gpu": {"gpu_settings": 5, "mig_layouts": 5, "mig_layot": 1}}
    assert [one.layer for one in judge(wanted, layers=["mig"]).problems] == ["mig", "variables"]


def test_hosts_that_did_not_answer_and_hosts_that_lie():
    hosts = {
        "cut": {LOOK: {"unreachable": True, "msg": "timed out"}, "gpu_settings": []},
        "broken": {LOOK: {"failed": False, "msg": "no sudo"}},
        "liar": {LOOK: {"facts": {**FACTS, "unread": 5}, "layers": []}, "gpu_settings": [{"gpus": "all"}]},
        "odd": {LOOK: 5},
        "good": {LOOK: {"facts": FACTS, "layers": []}},
    }
    found = judge(hosts, facts=True)
    told = {one.host: (one.layer, one.problem) for one in found.problems}
    assert told["cut"] == ("connection", "The host cannot be reached: timed out")
    assert told["broken"] == ("facts", "The host could not be read: no sudo")
    assert "is not what modules" in told["liar"][1] and "it gave no answer" in told["odd"][1]
    assert set(told) == set(hosts) - {"good"}
    assert found.checked[-1] == "what 1 of them have"
    assert found.unchecked[0] == "what broken, cut, liar and 1 more have, as they could not be read"


def test_facts_in_the_place_of_variables_are_the_hosts_problem():
    def guard(host):
        if host == "liar":
            raise EdgesiteError("Facts of liar would take the place of variables", "fix")

    found = judge({"liar": {"mig_layout": 1}, "honest": {"mig_layout": 1}}, guard=guard).problems
    assert [(one.host, one.layer) for one in found] == [("honest", "variables"), ("liar", "facts")]


def test_a_model_that_no_host_has_is_a_note():
    info = {**FACTS, "gpus": [{"name": "NVIDIA A100-SXM4-40GB"}]}
    wanted = [{"gpus": [{"model": "A100"}]}, {"gpus": [{"model": "A1000"}]}]
    hosts = {name: {LOOK: {"facts": info, "layers": []}, "mig_layouts": wanted} for name in ("a", "b")}
    (note,) = judge(hosts, facts=True).notes
    assert note.startswith("The model A1000 in the variables of a, b matches no GPU")


def test_layers_that_hosts_call_for():
    found = judge({"a": {"driver_branch": "550", "gpu_settings": []}, "b": {}})
    assert found.called == {"a": ["driver", "gpu"], "b": []}
    assert found.checked[0] == "variables of 2 hosts, layers driver, gpu"


# one of each kind, as it is the kind that counts
ODD = st.sampled_from([None, True, 0, -1.5, "", "text", [], {}, [None], ["text"], [{}], [{"name": 5}], {"model": []}])
KEYS = ["failed", "msg", "gpus", "name", "accelerators", "driver", "nvml_status", "unread", "jetson", "tpm"]
ANSWER = ODD | st.dictionaries(st.sampled_from(KEYS), ODD, max_size=4)


@given(ANSWER)
def test_the_others_are_judged_whatever_one_of_them_answers(answer):
    wanted = {"gpu_settings": [{"gpus": "all"}], "jetpack_version": "6.2", "driver_branch": "550"}
    look = {"facts": FACTS, "layers": []}
    for told in (answer, {**look, "facts": answer}, {**look, "layers": answer}, {**look, "layers": [answer]}):
        found = judge({"liar": {LOOK: told, **wanted}, "honest": {LOOK: look}}, facts=True)
        assert "honest" not in {one.host for one in found.problems}


def entry(layer, *problems, **changes):
    told = [EdgesiteError(problem, "Do " + problem) for problem in problems]
    failed = {"failed": True, "msg": "all", "problems": outcome.listed(told)} if problems else {}
    return {**host_look.entry(layer, failed, ""), **changes}


def test_each_problem_of_a_layer_has_a_line_with_its_fix():
    wanted = {"driver_branch": "570", LOOK: {"facts": FACTS, "layers": [entry("driver", "one", "two")]}}
    found = judge({"a": wanted, "b": wanted}, facts=True).problems
    assert {(one.host, one.layer, one.problem, one.fix) for one in found} == {
        (host, "driver", problem, "Do " + problem) for host in ("a", "b") for problem in ("one", "two")
    }


def test_what_waits_for_another_layer_or_is_in_order_is_no_problem():
    waits = entry("gpu", "no driver", state="unknown", after="driver")
    look = {"facts": {**FACTS, "driver": None}, "layers": [entry("driver"), waits]}
    assert judge({"a": {"driver_branch": "570", "gpu_settings": [], LOOK: look}}, facts=True).problems == []


def test_without_nvml_that_is_told_once_and_not_by_each_layer():
    facts = {**FACTS, "driver": {"nvml_status": "library_not_found"}}
    look = {"facts": facts, "layers": [entry("gpu", "no NVML"), entry("mig", "no NVML")]}
    (found,) = judge({"a": {"gpu_settings": [], "mig_layouts": [], LOOK: look}}, facts=True).problems
    assert found.layer == "driver" and "libnvidia-ml.so.1 not found" in found.problem


def test_a_lost_gpu_is_told_once():
    facts = {**FACTS, "unread": [{"what": "gpu 1", "why": "it is lost", "fix": "Reboot"}]}
    look = {"facts": facts, "layers": [entry("gpu", "it is lost", "too many watts")]}
    found = judge({"a": {"gpu_settings": [], LOOK: look}}, facts=True).problems
    assert [(one.layer, one.problem) for one in found] == [("driver", "gpu 1: it is lost"), ("gpu", "too many watts")]


def test_what_follows_from_a_layer_that_it_builds_on_is_not_told():
    wanted = {"tls_services": [{"unit": "nginx.service"}], "identity_ca_dir": "/nowhere"}
    services = entry("tls", "There is no complete identity")
    for others in ([], [entry("identity", "the TPM is not trusted")]):
        look = {"facts": FACTS, "layers": [*others, services]}
        told = [one.problem for one in judge({"a": {**wanted, LOOK: look}}, facts=True).problems]
        assert "There is no complete identity" not in told and len(told) == 3 + len(others)
    gpus = {"facts": FACTS, "layers": [entry("driver", "too new"), entry("gpu", "too many watts")]}
    found = judge({"a": {"driver_branch": "580", "gpu_settings": [], LOOK: gpus}}, facts=True).problems
    assert [one.problem for one in found] == ["too new", "too many watts"]


def test_host_tools_that_cannot_be_had_are_a_problem():
    look = {"facts": FACTS, "layers": [entry("tools", "no space")]}
    (found,) = judge({"a": {LOOK: look}}, facts=True).problems
    assert (found.layer, found.problem) == ("tools", "no space")


TLS = {"tls_services": [{"unit": "nginx.service"}]}


@pytest.mark.parametrize(
    ("variables", "layer", "words"),
    [
        ({"edgesite_tpm_tcti": "/dev/tpmrm0"}, "variables", "edgesite_tpm_tcti is '/dev/tpmrm0', which is not a TCTI"),
        ({"identity_directory": "etc/identity"}, "identity", "identity_directory is 'etc/identity', which is not an"),
        ({"tls_tcti": "devcie:/dev/tpm0"}, "tls", "tls_tcti is 'devcie:/dev/tpm0', which is not a TCTI"),
        ({"identity_tcti": "devcie:/dev/tpm0"}, "identity", "identity_tcti is 'devcie:/dev/tpm0', which is not a TCTI"),
        ({"tls_identity_directory": "/"}, "tls", "tls_identity_directory is '/', which is not an absolute path"),
        ({"tls_identity_directory": ""}, "tls", "tls_identity_directory is '', which is not an absolute path"),
        ({"tls_group": "a b"}, "tls", "tls_group is 'a b', which is not"),
        ({"identity_key_group": ""}, "identity", "identity_key_group is '', which is not the name or the number"),
        ({"identity_clock_tolerance": -1}, "identity", "identity_clock_tolerance is -1, but has to be 0 to"),
        ({"identity_packages": [""]}, "identity", "identity_packages[0] is '', which is not the name of a package"),
        ({"identity_ek_sha256": ["sha256:" + "a" * 64]}, "identity", "identity_ek_sha256[0] is 'sha256:aaa"),
    ],
)
def test_a_value_that_two_layers_have_is_told_of_once_by_the_name_that_it_was_given(authority, variables, layer, words):
    ((host, found, problem),) = problems(**authority, **TLS, **variables)
    assert (host, found) == ("gpu-1", layer) and problem.startswith(words)


def test_a_layer_that_has_its_value_of_another_layer_names_that_ones_variable():
    ((_host, layer, problem),) = problems(**TLS, identity_directory="etc/identity")
    assert layer == "tls" and problem.startswith("identity_directory is 'etc/identity'")


def test_the_folder_of_the_records(authority, tmp_path):
    (tmp_path / "ca/state").rmdir()
    ((host, layer, problem),) = problems(**authority)
    assert (host, layer) == ("controller", "identity")
    assert problem.startswith("identity_ca_dir: The folder {0}/ca/state".format(tmp_path))
    ((_host, _layer, problem),) = problems(**authority, identity_state_dir=str(tmp_path / "records"))
    assert problem.startswith("identity_state_dir: The folder {0}/records".format(tmp_path))


def test_records_that_could_not_be_used(authority, tmp_path):
    (tmp_path / "ca/state/devices").mkdir(mode=0o700)
    (tmp_path / "ca/state/devices/gpu-9.json").write_text("nonsense")
    ((_host, _layer, problem),) = problems(**authority)
    assert "devices/gpu-9.json is damaged" in problem


def test_files_of_the_ca_by_the_variables_that_name_them(authority, tmp_path):
    authority["identity_crl_files"] = [str(tmp_path / "none.pem")]
    ((_host, _layer, problem),) = problems(**authority)
    assert problem == "identity_crl_files: missing on the controller: {0}/none.pem".format(tmp_path)


def test_roots_that_are_none(authority, tmp_path):
    root = Authority("Root")
    (tmp_path / "between.pem").write_text(Authority("Between", above=root).pem)
    between = [str(tmp_path / "between.pem")]
    ((_host, _layer, problem),) = problems(**{**authority, "identity_tpm_roots": between})
    assert problem.startswith("identity_tpm_roots: none of the certificates is a root that is valid now: unable to get")
    (tmp_path / "root.pem").write_text(root.pem)
    assert problems(**{**authority, "identity_tpm_roots": [*between, str(tmp_path / "root.pem")]}) == []
    signs = {"command": ["sh"], "roots": between}
    ((_host, _layer, problem),) = problems(**authority, identity_authority=signs)
    assert problem.startswith("identity_authority: none of the certificates is a root that is valid now: unable to get")
    pinned = {"identity_ek_trust": "pinned", "identity_ek_sha256": ["0" * 64], "identity_tpm_roots": between}
    assert problems(**{**authority, **pinned}) == []


def test_a_file_that_nothing_can_read_stops_nobody(authority, tmp_path):
    bad, mixed = tmp_path / "bad", tmp_path / "mixed"
    for folder in (bad, mixed):
        folder.mkdir()
        (folder / "nothing.cer").write_text("nothing")
    (mixed / "root.pem").write_text(Authority("Root").pem)
    assert problems(**{**authority, "identity_tpm_roots": [str(mixed)]}) == []
    ((_host, _layer, problem),) = problems(**{**authority, "identity_tpm_roots": [str(bad)]})
    assert problem == "identity_tpm_roots: {0} has no certificate".format(bad)


def test_a_root_that_has_expired(authority, tmp_path):
    (tmp_path / "old.pem").write_text(Authority("Old", ends=-DAY).pem)
    ((_host, _layer, problem),) = problems(**{**authority, "identity_tpm_roots": [str(tmp_path / "old.pem")]})
    assert problem.endswith("valid now: certificate has expired (CN=Old)")


def test_all_that_is_wrong_with_services_is_told_at_once():
    services = [{"unit": "a"}, {"unit": "b.service", "user": "c d"}]
    told = problems(tls_services=services, tls_group="e f", tls_tcti="g")
    assert [problem.partition(" is ")[0] for _host, _layer, problem in told] == [
        "tls_group",
        "tls_services[0].unit",
        "tls_services[1].user",
        "tls_tcti",
    ]


@pytest.mark.parametrize(
    "wrong", [{"identity_subject": ["a"]}, {"identity_subject_alt_names": {"a": "b"}}, {"identity_crl_files": [[5]]}]
)
def test_a_wrong_form_hides_no_other_mistake_of_an_identity(authority, wrong):
    values = {
        **authority,
        "identity_days": 99999,
        "identity_directory": "rel",
        "identity_tpm_roots": ["/nope"],
        **wrong,
    }
    told = " ".join(problem for _host, _layer, problem in problems(**values))
    for name in ("identity_days", "identity_directory", "identity_tpm_roots: /nope"):
        assert name in told


def test_a_wrong_authority_hides_nothing_else_on_the_controller(authority):
    values = {**authority, "identity_authority": {"rots": ["a"]}, "identity_crl_files": ["/nope"]}
    told = [problem for _host, _layer, problem in problems(**values)]
    assert any("identity_authority has 'rots'" in problem for problem in told)
    assert any(problem.startswith("identity_crl_files: missing on the controller: /nope") for problem in told)


@pytest.mark.parametrize(
    "variables",
    [
        {"tls_services": [{"unit": "nginx.service"}], "identity_directory": "rel"},
        {"identity_ca_passphrase": "battery", "identity_ca_dir": "/nope"},
    ],
)
def test_a_mistake_of_another_variable_hides_nothing_that_facts_tell(variables):
    told = [problem for _host, _layer, problem in problems({**FACTS, "tpm": None}, **variables)]
    assert any(problem.endswith("and this host has no TPM") for problem in told)


def test_layers_that_hosts_have_and_their_variables_have_not_are_noted():
    facts = {**FACTS, "layers": ["gpu", "mig"]}
    hosts = {name: {LOOK: {"facts": facts, "layers": []}, "mig_layouts": []} for name in ("a", "b")}
    (note,) = judge(hosts, facts=True).notes
    assert note.startswith("The layer gpu is not in the inventory for a, b, but ")
    assert judge(hosts, facts=True, layers=["mig"]).notes == []
    assert judge({"a": {LOOK: {"facts": {**FACTS, "layers": 5}, "layers": []}}}, facts=True).notes == []
