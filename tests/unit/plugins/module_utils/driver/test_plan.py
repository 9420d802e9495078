# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import configparser
import hashlib
import re

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.driver import files as driver_files
from ansible_collections.edgesite.gpu.plugins.module_utils.driver.actions import Install
from ansible_collections.edgesite.gpu.plugins.module_utils.driver.options import DEBIAN_URL, options
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.common.line_cases import deb822, values
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.driver.cases import (
    FINGERPRINT,
    KERNEL,
    KEY,
    TRIXIE,
    does,
    info,
    installed,
    mirror,
    plan,
)
from hypothesis import given
from hypothesis import strategies as st

STARTS_AT_BOOT = "link /etc/systemd/system/multi-user.target.wants/{0}.service to /lib/systemd/system/{0}.service"
IN_USE = [{"name": "python", "pid": 4711, "kind": "process", "blocks": True}]


def test_a_host_without_a_driver_gets_everything():
    made = plan(info(), branch="550")
    assert made["problems"] == ()
    assert does(made) == [
        "take contrib and non-free from http://deb.debian.org/debian",
        "pin the driver's packages to 550.*",
        "install driver branch 550, proprietary modules: nvidia-kernel-dkms, nvidia-smi, libnvidia-ml1, libcuda1, "
        "nvidia-persistenced",
        "block unattended upgrades of the driver",
        "keep nouveau from loading",
        "keep GPUs initialised",
        STARTS_AT_BOOT.format("nvidia-persistenced"),
        "rebuild the initramfs",
    ]


def test_sources_that_have_the_driver_are_left_alone():
    found = info(components=["main", "contrib", "non-free"])
    assert not any(line.startswith("take contrib") for line in does(plan(found, branch="550")))


def test_a_host_that_is_as_wanted_gets_nothing():
    made = plan(installed("550.163.01"), branch=550)
    assert made["problems"] == () and does(made) == []
    assert not made["install"]


def test_packages_that_brought_another_branch_are_not_as_wanted():
    made = plan({**installed("550.163.01"), "user_space": "580.95.05"}, branch=550)
    (problem,) = made["problems"]
    assert "but the driver's libraries on the host are 580.95.05. Set driver_branch to 580" in problem


@pytest.mark.parametrize(
    ("installed_by", "way_out"),
    [("container", "driver.enabled=false"), ("installer", "'nvidia-uninstall --silent' on the host first")],
)
def test_no_packages_beside_a_driver_that_came_in_none(installed_by, way_out):
    found = info(loaded={"version": "550.163.01", "flavour": "open"}, user_space="550.163.01")
    (problem,) = plan({**found, "installed_by": installed_by, "verdict": "ok"}, branch="550")["problems"]
    assert "The driver on this host" in problem and way_out in problem


def test_what_the_installer_left_matters_only_where_packages_are_to_come():
    assert plan({**installed("550.163.01"), "installed_by": "installer"}, branch=550)["problems"] == ()


def test_an_exact_version_stays():
    found = installed("550.163.01", variables={"version": "550.163.01"})
    assert does(plan(found, version="550.163.01")) == []


@pytest.mark.parametrize(
    "there, variables, begin",
    [
        ("535.261.03", {"branch": "550"}, "upgrade the driver from 535.261.03 to branch 550"),
        ("550.163.01", {"branch": "535"}, "downgrade the driver from 550.163.01 to branch 535"),
        ("550.54.14", {"version": "550.163.01"}, "upgrade the driver from 550.54.14 to 550.163.01"),
        ("550.163.01", {"version": "550.54.14"}, "downgrade the driver from 550.163.01 to 550.54.14"),
    ],
)
def test_upgrade_and_downgrade(there, variables, begin):
    made = plan(installed(there, allow_reboot=True), **variables)
    assert made["problems"] == ()
    assert any(line.startswith(begin) for line in does(made))
    assert any(line.startswith("pin the driver's packages to") for line in does(made))
    assert "nvidia-smi={0}-1".format(there) in made["before"]


def test_packages_of_two_versions_are_made_one():
    found = installed("550.163.01")
    found["packages"][1]["version"] = "550.54.14-1"
    assert any(line.startswith("install driver branch 550") for line in does(plan(found, branch="550")))


def test_an_installation_that_broke_off_is_finished():
    found = installed("550.163.01")
    found["packages"][0]["complete"] = False
    assert "nvidia-kernel-dkms" in does(plan(found, branch="550"))[-1]


def test_packages_that_are_not_held_are_held_and_let_go():
    assert does(plan(installed("550.163.01", held=False), branch="550")) == [
        "hold the driver's packages",
    ]
    made = plan(installed("550.163.01"), branch="550", hold=False)
    assert does(made) == [
        "allow unattended upgrades of the driver",
        "no longer hold the driver's packages",
    ]


def test_another_flavour_replaces_the_first():
    made = plan(installed("550.163.01"), branch="550", flavour="open")
    assert made["remove"] == ("nvidia-kernel-dkms",) and "nvidia-open-kernel-dkms" in made["strict"]


def test_auto_keeps_the_flavour_that_is_there():
    assert plan(installed("580.95.05"), branch="580")["flavour"] == "proprietary"
    assert plan(info(), branch="580")["flavour"] == "open"


@pytest.mark.parametrize(
    "models, variables, words",
    [
        (["V100"], {"branch": "550", "flavour": "open"}, "Tesla V100 .* does not work with the open kernel modules"),
        (["V100"], {"branch": "550", "flavour": "open"}, "Set driver_flavour: proprietary"),
        (["V100"], {"branch": "590"}, "is supported up to branch 580.* Set driver_branch to 580 or older"),
        (["P4"], {"branch": "590"}, "Tesla P4 .* is supported up to branch 580.* Set driver_branch to 580 or older"),
        (
            ["M60"],
            {"version": "590.44.01"},
            "Tesla M60 .* is supported up to branch 580.* Set driver_branch to 580 or older",
        ),
        (
            ["P4"],
            {"branch": "580", "flavour": "open"},
            "does not work with the open kernel modules.* Set driver_flavour: proprietary",
        ),
        (["B200"], {"branch": "580", "flavour": "proprietary"}, "does not work with the proprietary kernel modules"),
        (["T4", "B200"], {"branch": "550"}, "needs branch"),
        (["V100", "B200"], {"branch": "580"}, "no flavour of the driver supports all GPUs"),
        ([], {"branch": "580"}, "no NVIDIA GPU"),
        (["T4"], {}, "driver_branch is not set, and neither is driver_version"),
        (["T4"], {"branch": "latest"}, "driver_branch 'latest'"),
        (["T4"], {"version": "550.163.01-2"}, "driver_version '550.163.01-2'"),
        (["T4"], {"version": "550.163." + "9" * 5000}, "is not a version of NVIDIA's driver"),
        (["T4"], {"version": "550.163.01", "branch": "535"}, "does not belong to driver_branch 535"),
        (["T4"], {"branch": "550", "source": "runfile"}, "driver_source is 'runfile'"),
        (["T4"], {"branch": "550", "flavour": "free"}, "driver_flavour is 'free'"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(models, variables, words):
    made = plan(info(models), **variables)
    assert made["problems"] and not made["actions"]
    assert re.search(words, " ".join(made["problems"]))


@pytest.mark.parametrize("enrolled", [False, None])
def test_secure_boot_without_a_key_is_refused(enrolled):
    made = plan(info(secure_boot="enabled", mok={"enrolled": enrolled}), branch="550")
    assert "Secure Boot" in made["problems"][0] and "mokutil" in made["problems"][0]


def test_secure_boot_with_a_key_or_signed_modules_is_fine():
    assert plan(info(secure_boot="enabled", mok={"enrolled": True}), branch="550")["problems"] == ()
    noble = {"id": "ubuntu", "version_id": "24.04", "architecture": "x86_64"}
    assert plan(info(secure_boot="enabled"), noble, branch="580")["problems"] == ()


def test_headers_are_installed_with_the_driver():
    found = info(kernel={"running": "6.12.40+deb13-amd64", "newest": KERNEL, "headers": {KERNEL: False}})
    made = plan(found, branch="550")
    assert made["headers"] == ("linux-headers-" + KERNEL, "linux-headers-amd64")
    assert set(made["headers"]) <= set(made["loose"])


def test_headers_of_a_kernel_that_no_longer_boots_are_not_needed():
    found = info(
        kernel={"running": "6.1.0-9-amd64", "newest": KERNEL, "headers": {"6.1.0-9-amd64": False, KERNEL: True}}
    )
    assert plan(found, branch="550")["headers"] == ()


def test_a_driver_that_works_needs_no_headers():
    found = installed("550.163.01", kernel={"running": KERNEL, "newest": KERNEL, "headers": {KERNEL: False}})
    assert does(plan(found, branch="550")) == []


def test_a_driver_in_use_is_not_replaced_unless_that_is_wanted():
    found = installed("535.261.03", holders=IN_USE)
    made = plan(found, branch="550")
    assert "python (pid 4711)" in made["problems"][0] and not made["actions"]
    assert plan(found, branch="550", allow_reboot=True)["problems"] == ()
    assert plan(found, branch="550", while_used=True)["problems"] == ()


@pytest.mark.parametrize(
    ("found", "variables", "disruption"),
    [
        (info(), {}, "none"),
        (info(), {"allow_reboot": True}, "none"),
        (info(nouveau={"loaded": True, "blacklisted": False}), {}, "none"),
        (info(nouveau={"loaded": True, "blacklisted": False}), {"allow_reboot": True}, "reboot"),
        (installed("535.261.03"), {}, "reset"),
        (installed("535.261.03"), {"allow_reboot": True}, "reset"),
        (installed("535.261.03", holders=IN_USE), {"allow_reboot": True}, "reboot"),
        (installed("535.261.03", holders=IN_USE), {"while_used": True}, "reset"),
        (installed("550.163.01"), {"allow_reboot": True}, "none"),
    ],
)
def test_what_comes_of_other_packages_for_those_who_use_the_gpus(found, variables, disruption):
    made = plan(found, branch="550", **variables)
    assert made["problems"] == () and made["disruption"] == disruption
    assert [one.disruption for one in made["actions"] if isinstance(one, Install)] in ([], [disruption])


def test_a_hold_of_somebody_else_is_respected():
    found = installed(
        "535.261.03", held_by_role=["nvidia-smi", "nvidia-kernel-dkms", "nvidia-persistenced", "libcuda1"]
    )
    (problem,) = plan(found, branch="550")["problems"]
    assert "not by this role: libnvidia-ml1. Find out why ('apt-mark showhold')" in problem
    assert plan(found, branch="535")["problems"] == ()


def test_only_the_roles_own_holds_are_let_go_and_noted():
    found = installed("550.163.01", held_by_role=["nvidia-smi", "libcuda1", "gone-550"])
    made = plan(found, branch="550", hold=False)
    assert made["unhold"] == ("libcuda1", "nvidia-smi") and made["noted"] == ()
    made = plan({**found, "packages": [*found["packages"], package("libnvidia-cfg1")]}, branch="550")
    assert made["hold"] == ("libnvidia-cfg1",) and made["noted"] == ("libcuda1", "libnvidia-cfg1", "nvidia-smi")
    assert made["held"] == ("libcuda1", "nvidia-smi")


def package(name, version="550.163.01-1"):
    return {"name": name, "version": version, "held": False}


def test_a_host_is_as_before_with_the_packages_as_its_manager_names_them():
    assert "nvidia-smi=535.261.03-1" in plan(installed("535.261.03"), branch="550")["before"]
    found = installed("570.133.20")
    found["packages"] = [{**package("nvidia-driver-cuda", "570.133.20-1.el9"), "held": True}]
    made = plan(found, ROCKY, branch="580", source="nvidia")
    assert made["before"] == ("nvidia-driver-cuda-570.133.20-1.el9",)
    assert "dnf versionlock delete" in made["problems"][0]


FABRIC = {"installed": True, "version": "550.163.01", "running": True}


@pytest.mark.parametrize(
    "state, at_boot, actions, start",
    [
        ("running", True, [], []),
        ("stopped", True, ["start nvidia-fabricmanager.service"], ["nvidia-fabricmanager"]),
        (
            *("stopped", False),
            [STARTS_AT_BOOT.format("nvidia-fabricmanager"), "start nvidia-fabricmanager.service"],
            ["nvidia-fabricmanager"],
        ),
        (
            "masked",
            True,
            ["unmask nvidia-fabricmanager.service", "start nvidia-fabricmanager.service"],
            ["nvidia-fabricmanager"],
        ),
    ],
)
def test_the_fabric_manager_runs_where_nvswitches_are(state, at_boot, actions, start):
    found = installed("550.163.01", fabric_manager=FABRIC)
    variables = {"branch": "550", "source": "mirror", "mirror": mirror(layout="nvidia")}
    names = ["nvidia-kernel-dkms", "nvidia-driver-cuda", "nvidia-persistenced", "nvidia-fabricmanager-550"]
    found["packages"] = [{**package(name), "held": True} for name in names]
    found["held_by_role"] = names
    found["services"]["nvidia-fabricmanager"] = state
    found["links"][driver_files.ENABLED.format("nvidia-fabricmanager")] = "unit" if at_boot else None
    for file in plan(found, **variables)["files"]:
        found["files"][file.path] = file.content
    made = plan(found, **variables)
    assert (does(made), made["start"]) == (actions, start)
    assert made["wanted"] == ["nvidia-persistenced", "nvidia-fabricmanager"]
    assert made["unmask"] == (["nvidia-fabricmanager"] if state == "masked" else [])


def test_a_fabric_manager_of_another_version_is_replaced():
    found = installed("550.163.01", fabric_manager=FABRIC)
    found["packages"].append(package("nvidia-fabricmanager-550", "550.54.14-1"))
    made = plan(found, branch="550", source="mirror", mirror=mirror(layout="nvidia"))
    assert "nvidia-fabricmanager-550" in made["strict"] and made["install"]


def service(state, variables=None):
    found = installed("550.163.01", variables=variables)
    found["services"]["nvidia-persistenced"] = state
    return found


def test_persistenced_runs_where_it_is_wanted_and_can():
    assert does(plan(service("stopped"), branch="550")) == ["start nvidia-persistenced.service"]
    assert does(plan(service("running"), branch="550")) == []
    # a reload or a reboot starts it with the driver
    assert plan({**service("stopped"), "loaded": None}, branch="550")["start"] == []
    # what it is told is new
    found = service("running")
    found["files"][driver_files.PERSISTENCED_DROP_IN] = "other"
    (step,) = plan(found, branch="550")["actions"]
    assert (step.unit, step.file.does) == ("nvidia-persistenced.service", "keep GPUs initialised")
    # a run that ended before it came to that
    found = service("running")
    found["files"][driver_files.RESTART] = "nvidia-persistenced\n"
    assert does(plan(found, branch="550")) == ["restart nvidia-persistenced.service"]


UNIT = "nvidia-persistenced.service"


@pytest.mark.parametrize(
    "state, steps",
    [("running", ["stop " + UNIT, "mask " + UNIT]), ("stopped", ["mask " + UNIT]), ("masked", []), ("absent", [])],
)
def test_persistenced_does_not_run_where_it_is_not_wanted(state, steps):
    made = plan(service(state, {"persistenced": False}), branch="550", persistenced=False)
    assert does(made) == steps and made["wanted"] == []


def test_fabric_manager_comes_where_nvswitches_are():
    made = plan(info(fabric_manager={"installed": False}), ROCKY, branch="580", source="nvidia")
    assert "nvidia-fabricmanager" in made["strict"]
    assert made["stream"] == "nvidia-driver:580-open"
    assert "fabric manager" in plan(info(fabric_manager=FABRIC), branch="550")["problems"][0]


def test_a_mirror_is_used_with_its_key():
    made = plan(info(), branch="550", source="mirror", mirror=mirror())
    assert made["problems"] == ()
    written = {file.path: file.content for file in made["files"]}
    assert (
        "URIs: http://hub/debian\nSuites: ./\nSigned-By: /etc/apt/keyrings/edgesite-driver.asc"
        in (written[driver_files.APT_SOURCE])
    )
    assert written[driver_files.APT_KEY] == KEY.decode()


def test_a_folder_is_a_mirror_too():
    made = plan(info(), branch="550", source="mirror", mirror=mirror(url=None, path="/mnt/stick", suite="trixie"))
    text = [file.content for file in made["files"] if file.path == driver_files.APT_SOURCE][0]
    assert "URIs: file:///mnt/stick\nSuites: trixie\nComponents: main\n" in text


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"key_fingerprint": FINGERPRINT[:-1] + "0"}, "only the pinned key"),
        ({"key_sha256": "0" * 64}, "SHA-256"),
        ({"key_base64": "bm90IGEga2V5"}, "not an OpenPGP public key"),
        ({"key_base64": "no Base64!"}, "driver_mirror.key site.asc cannot be used: it is not Base64"),
        ({"key_base64": "ü"}, "it is not Base64"),
        ({"key_fingerprint": ""}, "driver_mirror.key_fingerprint is not set. Set it to the 40 digits that 'gpg --show"),
        (
            {"key_fingerprint": "12 ab"},
            "driver_mirror.key_fingerprint is '12AB', which is not the fingerprint",
        ),
        ({"url": None}, "neither url nor path"),
        ({"path": "/mnt"}, "both url and path"),
        ({"layout": "ubuntu"}, "driver_mirror.layout"),
        ({"fingerprint": "x"}, "driver_mirror has unknown keys: fingerprint"),
    ],
)
def test_a_mirror_that_nobody_vouches_for_is_refused(changes, words):
    made = plan(info(), branch="550", source="mirror", mirror=mirror(**changes))
    assert words in made["problems"][0] and not made["actions"]


def told(**variables):
    with pytest.raises(EdgesiteError) as caught:
        options({"branch": "550", **variables})
    return [error.problem for error in caught.value.parts or [caught.value]]


def test_all_that_is_wrong_with_the_variables_is_told():
    wrong = {"branch": "new", "version": "1", "flavour": "free", "source": "mirror", "extra_packages": ["-y"]}
    addresses = {"distribution_url": "ftp://hub", "nvidia_key_fingerprint": "AB"}
    of_mirror = {"url": "ftp://hub", "path": "/mnt", "layout": "ubuntu", "key": "", "key_fingerprint": "AB", "name": 1}
    assert [problem.split()[0] for problem in told(**wrong, **addresses, mirror=of_mirror)] == [
        "driver_version",
        "driver_branch",
        "driver_flavour",
        "driver_mirror.url",
        "driver_mirror",
        "driver_mirror.key",
        "driver_mirror",
        "driver_mirror.layout",
        "driver_mirror.key_fingerprint",
        "driver_extra_packages[0]",
        "driver_distribution_url",
        "driver_nvidia_key_fingerprint",
    ]


def test_one_mistake_in_a_mirror_is_told_once():
    assert told(source="mirror") == ["driver_mirror is not set, and driver_source is mirror"]
    assert told(source="mirror", mirror=mirror(key_fingerprint="")) == ["driver_mirror.key_fingerprint is not set"]
    both = told(source="mirror", mirror=mirror(key_fingerprint="", key_base64="ü"))
    assert [problem.split()[0] for problem in both] == ["driver_mirror.key_fingerprint", "driver_mirror.key"]
    wrong_key = told(source="mirror", mirror=mirror(key_fingerprint="0" * 40, key_sha256="0" * 64))
    assert len(wrong_key) == 1 and "SHA-256" in wrong_key[0]


def test_the_checksum_of_the_key_is_accepted():
    good = mirror(key_sha256=hashlib.sha256(KEY).hexdigest(), key_fingerprint=FINGERPRINT.lower())
    assert plan(info(), branch="550", source="mirror", mirror=good)["problems"] == ()


def test_nvidias_repository_and_key():
    made = plan(info(), branch="580", source="nvidia")
    by_path = {file.path: file for file in made["files"]}
    assert "repos/debian13/x86_64/" in by_path[driver_files.APT_SOURCE].content
    assert by_path[driver_files.APT_KEY].url.endswith("/debian13/x86_64/8793F200.pub")


ROCKY = {"id": "rocky", "version_id": "9.6", "architecture": "x86_64"}


def test_a_key_without_a_known_fingerprint_has_to_be_pinned():
    rocky = {**ROCKY, "version_id": "10.1"}
    (problem,) = plan(info(), rocky, branch="580", source="nvidia")["problems"]
    assert "CDF6BA43.pub" in problem and "driver_nvidia_key_fingerprint" in problem
    made = plan(info(), rocky, branch="580", source="nvidia", nvidia_key_fingerprint=FINGERPRINT.lower())
    assert made["problems"] == () and FINGERPRINT in [file.fingerprint for file in made["files"]]
    (problem,) = plan(info(), branch="580", source="nvidia", nvidia_key_fingerprint="CDF6BA43")["problems"]
    assert "driver_nvidia_key_fingerprint 'CDF6BA43' is not the fingerprint" in problem


VERSIONS = st.sampled_from(["535.261.03", "535.288.01", "550.163.01", "580.95.05"])


@given(there=VERSIONS, branch=st.sampled_from(["535", "550", "580"]), hold=st.booleans(), daemon=st.booleans())
def test_what_the_role_leaves_behind_is_what_it_wants(there, branch, hold, daemon):
    """However a host is found: once the plan is carried out, nothing is left to do."""
    variables = {"branch": branch, "hold": hold, "persistenced": daemon, "allow_reboot": True}
    first = plan(installed(there), **variables)
    assert first["problems"] == ()
    version = there if there.startswith(branch) else branch + ".1.2"
    after = installed(version, held=hold, variables=variables)
    for file in first["files"]:
        after["files"][file.path] = file.content
    assert does(plan(after, **variables)) == []


@given(st.dictionaries(st.sampled_from(["branch", "version", "flavour", "source", "mirror"]), st.text(max_size=9)))
def test_any_values_give_problems_or_actions(variables):
    variables.pop("mirror", None)
    made = plan(info(), **variables)
    assert bool(made["problems"]) != bool(made["actions"])


def source(values, on=None):
    """The source of packages that the role writes."""
    made = plan(info(), on, **{"branch": "550", **values})
    problems, files = made["problems"], {file.path: file.content for file in made["files"]}
    assert bool(problems) != bool(files)
    return problems, files.get(driver_files.APT_SOURCE) or files.get(driver_files.DNF_REPOSITORY)


@pytest.mark.parametrize(
    "value",
    ["http://hub\nTrusted: yes\nX:", "http://hub/x\r", "http://hub/ [trusted=yes]", "http://hub/#", "ftp://hub", 7],
)
def test_an_address_of_a_mirror_that_is_none_is_named_with_what_is_allowed(value):
    (problem,), _text = source({"source": "mirror", "mirror": mirror(url=value)})
    assert problem.startswith(
        "driver_mirror.url is {0!r}, which is not a URL that begins with http://".format(str(value))
    )


def test_a_password_in_the_address_is_refused_and_not_printed():
    (problem,), _text = source({"source": "mirror", "mirror": mirror(url="https://site:s3cret@hub/")})
    assert "'https://...@hub/'" in problem and "s3cret" not in problem and "auth.conf.d" in problem


@given(
    st.sampled_from([TRIXIE, ROCKY]),
    st.one_of(
        st.tuples(st.just("url"), values("http://hub/debian", "https://hub:8443/%20x/", "file:///mnt/stick")),
        st.tuples(st.just("path"), values("/mnt/stick", "/mnt/stick/")),
        st.tuples(st.just("suite"), values("trixie", "./", "/", "trixie/main")),
        st.tuples(st.just("components"), values("main", "main contrib")),
    ),
)
def test_a_mirror_is_what_stands_in_its_source_or_is_refused(on, changed):
    name, value = changed
    wanted = {"url": "http://hub/debian", "suite": "trixie", name: value}
    if name == "path":
        del wanted["url"]
    variables = {"branch": "580", "source": "mirror", "mirror": {**mirror(layout="nvidia"), "url": None, **wanted}}
    problems, text = source(variables, on)
    if problems:
        assert "\n" not in problems[0] and (problems[0].startswith("driver_mirror." + name) or not value)
        return
    address = wanted.get("url") or "file://" + wanted["path"]
    if on is ROCKY:
        parser = configparser.ConfigParser(interpolation=None)
        parser.read_string(text)
        assert parser.sections() == ["edgesite-driver"] and parser["edgesite-driver"]["baseurl"] == address
        assert len(parser["edgesite-driver"]) == 5
        return
    suite = wanted["suite"] or "./"
    fields = {"Types": "deb", "URIs": address, "Suites": suite, "Signed-By": driver_files.APT_KEY}
    if not suite.endswith("/"):
        fields["Components"] = wanted.get("components") or "main"
    assert deb822(text) == fields


@given(values("http://deb.debian.org/debian", "https://hub/debian/"))
def test_the_archive_of_the_distribution_is_what_stands_in_its_source_or_is_refused(value):
    made = plan(info(), branch="550", distribution_url=value)
    if made["problems"]:
        assert made["problems"][0].startswith("driver_distribution_url is ")
        return
    (text,) = [file.content for file in made["files"] if file.path == driver_files.APT_SOURCE]
    assert deb822(text)["URIs"] == (value or DEBIAN_URL)
    assert len(deb822(text)) == 5


@given(st.lists(values("libnvidia-encode1", "g++", "libcuda1:i386"), min_size=1, max_size=2))
def test_packages_are_names_or_are_refused(names):
    made = plan(info(), branch="550", extra_packages=names)
    if made["problems"]:
        assert "driver_extra_packages[" in made["problems"][0]
        return
    assert list(made["loose"][-len(names) :]) == names
    assert not any(name.startswith("-") or name.endswith("-") or "=" in name for name in names)
