# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re
from dataclasses import asdict

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common import apt
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson import board, jetpack, jetpack_plan
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson.jetpack_plan import Wanted
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.common.line_cases import values
from hypothesis import given
from hypothesis import strategies as st

MINOR = Wanted(version="6.2.2", upgrade="minor")
GIB = 2**30


def info(version="36.4.7", soc="tegra234", suite=None, **more):
    l4t = board.parse_package_version(version)
    suite = suite or "r{0}.{1}".format(l4t.major, l4t.minor)
    text = jetpack.with_suite("", suite, soc)
    found = {
        "l4t": asdict(l4t),
        "jetpack": board.jetpack(l4t),
        "soc": soc,
        "unknown_board": None,
        "installed": {"nvidia-l4t-core": version, "nvidia-jetpack": "6.2.1+b38"},
        "held": [],
        "held_by_role": [],
        "broken": [],
        "apt": {"text": text, "suite": suite, "locked_by": []},
        "slots": None,
    }
    return {**found, **more}


def words(result):
    return [sentence for sentence in result["words"].values() if sentence]


def test_nothing_wanted_is_nothing_to_do():
    result = jetpack_plan.plan(info(held=["nvidia-l4t-core"], broken=["bash"]), Wanted())
    assert words(result) == [] and not result["upgrade"] and result["sources"] is None


def test_release_that_is_there_is_nothing_to_do():
    for wanted in (Wanted(version="6.2.1"), Wanted(suite="r36.4"), Wanted(version="6.2.1", suite="r36.4")):
        assert words(jetpack_plan.plan(info(), wanted)) == []


def test_minor_upgrade():
    result = jetpack_plan.plan(info(), MINOR._replace(hold=True, packages=("nvidia-jetpack", "tensorrt")))
    assert words(result) == [
        "use the packages of r36.5 (/etc/apt/sources.list.d/nvidia-l4t-apt-source.list)",
        "upgrade JetPack 6.2.1 (L4T 36.4.7) to 6.2.2",
        "install tensorrt",
        "hold the packages of L4T and JetPack",
    ]
    assert "r36.5 main" in result["sources"] and "r36.4" not in result["sources"]
    assert result["hold"] == ["nvidia-jetpack", "nvidia-l4t-core"]


def test_upgrade_within_a_suite():
    result = jetpack_plan.plan(info("36.4.3"), Wanted(version="6.2.1", upgrade="minor"))
    assert result["upgrade"] and result["sources"] is None


def test_sources_that_drifted_are_put_back():
    result = jetpack_plan.plan(info(suite="r36.5"), Wanted(version="6.2.1"))
    assert not result["upgrade"] and "r36.4 main" in result["sources"]


MIRROR = "http://hub/jetson"


@pytest.mark.parametrize("wanted", [Wanted(suite="r36.4", mirror=MIRROR), Wanted(mirror=MIRROR)])
def test_mirror_alone_changes_the_sources(wanted):
    result = jetpack_plan.plan(info(), wanted)
    assert "deb http://hub/jetson/t234 r36.4 main" in result["sources"] and not result["upgrade"]
    assert words(result) == ["use the packages of r36.4 from http://hub/jetson ({0})".format(jetpack.SOURCES)]
    there = {"text": result["sources"], "suite": "r36.4", "locked_by": []}
    assert words(jetpack_plan.plan(info(apt=there), wanted)) == []


def test_mirror_of_a_host_without_sources_has_the_suite_of_its_l4t():
    apt = {"text": None, "suite": None, "locked_by": []}
    assert "r36.4 main" in jetpack_plan.plan(info(apt=apt), Wanted(mirror=MIRROR))["sources"]
    with pytest.raises(EdgesiteError, match="L4T release of this host is unknown"):
        jetpack_plan.plan(info(apt=apt, l4t=None), Wanted(mirror=MIRROR))


def test_mirror_alone_wakes_nothing_that_is_commented_out():
    apt = {"text": "# deb https://x/jetson/common r36.4 main", "suite": "r36.4", "locked_by": []}
    assert words(jetpack_plan.plan(info(apt=apt), Wanted(mirror=MIRROR))) == []


def test_hold_alone_holds_what_is_there():
    result = jetpack_plan.plan(info(), Wanted(hold=True))
    assert result["hold"] == ["nvidia-jetpack", "nvidia-l4t-core"] and result["sources"] is None
    assert words(result) == ["hold the packages of L4T and JetPack"]


@pytest.mark.parametrize(
    "version, soc, wanted, problem, fix",
    [
        ("36.4.7", "tegra234", Wanted(version="6.2.2"), "but jetpack_upgrade is none", "jetpack_upgrade: minor"),
        (
            "36.5.0",
            "tegra234",
            Wanted(version="6.2.1", upgrade="minor"),
            "back to an older release",
            "flash the module",
        ),
        ("36.4.7", "tegra234", Wanted(version="6.1", upgrade="minor"), "back to an older release", "flash the module"),
        ("36.4.7", "tegra234", Wanted(suite="r35.6", upgrade="minor"), "back to an older release", "flash the module"),
        ("35.4.1", "tegra234", MINOR, "apt cannot move to another major release", r"35\.5\.0.* first.*5\.1\.6"),
        ("35.5.0", "tegra234", MINOR, "another major release", "which this one is, can start JetPack 6. Flash it"),
        ("35.6.1", "tegra194", MINOR, "another major release", r"module \(tegra194\) has no release later than L4T 35"),
        ("36.5.0", "tegra234", Wanted(version="7.2", upgrade="minor"), "another major release", "^Flash it"),
        ("36.4.7", "tegra234", Wanted(version="6.1.9"), "jetpack_version is 6.1.9.*5.0.2, 5.1, .*7.2", "jetpack_suite"),
        ("36.4.7", "tegra234", Wanted(version="6"), "jetpack_version is 6, which is not a release", "jetpack_suite"),
        ("36.4.7", "tegra234", Wanted(version="6.9"), "6.9 is wanted, but jetpack_upgrade is none", "minor"),
        (
            "36.4.7",
            "tegra234",
            Wanted(version="8.0", upgrade="minor"),
            "JetPack 8.0 is wanted.*another major",
            "^Flash",
        ),
        (
            "35.6.1",
            "tegra194",
            Wanted(version="6.9", upgrade="minor"),
            "6.9 is wanted.*another major",
            "no release later",
        ),
        ("35.4.1", "tegra234", Wanted(version="6.9", upgrade="minor"), "6.9 is wanted.*another major", "5.1.3"),
        ("38.4", "tegra264", Wanted(version="6.9", upgrade="minor"), "back to an older release", "flash the module"),
        ("36.5.2", "tegra234", Wanted(version="6.2.2", upgrade="minor"), "JetPack 6.2.3 is installed and", "flash"),
        ("36.4.7", "tegra234", Wanted(suite="36.5"), "jetpack_suite is '36.5', which is not", "suite"),
        (
            "36.4.7",
            "tegra234",
            Wanted(version="6.2.2", suite="r36.4"),
            "6.2.2 is in the suite r36.5",
            "set it to r36.5",
        ),
        ("36.4.7", "tegra234", Wanted(upgrade="minor"), "neither jetpack_version nor jetpack_suite", "jetpack_version"),
        ("36.4.7", "tegra234", Wanted(upgrade="major"), "jetpack_upgrade is major", "reflash"),
    ],
)
def test_what_cannot_be_had_is_refused_with_what_to_do(version, soc, wanted, problem, fix):
    with pytest.raises(EdgesiteError, match=problem) as caught:
        jetpack_plan.plan(info(version, soc), wanted)
    assert caught.match(fix) if not fix.startswith("^") else caught.value.fix.startswith(fix[1:])


def test_host_that_tells_no_release_is_refused():
    with pytest.raises(EdgesiteError, match="L4T release of this host is unknown"):
        jetpack_plan.plan(info(l4t=None), MINOR)


def test_holds_of_somebody_else_are_in_the_way_of_an_upgrade_only():
    held = info(held=["nvidia-l4t-bootloader", "nvidia-l4t-core"], held_by_role=["nvidia-l4t-core"])
    with pytest.raises(EdgesiteError, match="packages that are held: nvidia-l4t-bootloader.*apt-mark unhold") as caught:
        jetpack_plan.plan(held, MINOR)
    assert "nvidia-l4t-core" not in caught.value.problem
    assert words(jetpack_plan.plan(held, Wanted(version="6.2.1"))) == []


def test_board_that_the_bootloader_does_not_know_is_in_the_way_of_an_upgrade_only():
    there = info(unknown_board="3767--0005--1--acme-")
    with pytest.raises(EdgesiteError, match="board is 3767--0005--1--acme-, which .*nvidia-l4t-bootloader.*maker"):
        jetpack_plan.plan(there, MINOR)
    assert words(jetpack_plan.plan(there, Wanted(version="6.2.1"))) == []
    with pytest.raises(EdgesiteError, match="nvidia-l4t-bootloader does not know"):
        jetpack_plan.plan({**there, "broken": ["nvidia-l4t-bootloader"]}, Wanted(version="6.2.1"))


def test_own_holds_are_set_aside_for_an_upgrade():
    held = info(held=["nvidia-l4t-core"], held_by_role=["nvidia-l4t-core"])
    assert jetpack_plan.plan(held, MINOR)["release"] == ["nvidia-l4t-core"]
    assert jetpack_plan.plan(held, Wanted(version="6.2.1"))["release"] == []


def test_install_that_broke_off_is_finished_first():
    result = jetpack_plan.plan(info(broken=["cuda-toolkit-12-6"]), MINOR)
    assert words(result)[0] == "finish the interrupted installation of cuda-toolkit-12-6"


KERNEL = "5.15.148-tegra-{0}-20250918154033"


def test_upgrade_that_broke_off_is_gone_on_with():
    installed = {"nvidia-l4t-core": "36.5.0-20260115194252", "nvidia-l4t-kernel": KERNEL.format("36.4.7"), "vim": "1"}
    half = info("36.5.0", installed=installed)
    assert jetpack_plan.plan(half, MINOR)["upgrade"]
    with pytest.raises(EdgesiteError, match="is installed only partly .nvidia-l4t-kernel was not upgraded"):
        jetpack_plan.plan(half, Wanted(version="6.2.2"))
    # its maker wants it so
    assert not jetpack_plan.plan({**half, "held": ["nvidia-l4t-kernel"]}, MINOR)["upgrade"]
    whole = info("36.5.0", installed={"nvidia-l4t-kernel": KERNEL.format("36.5.0")})
    assert not jetpack_plan.plan(whole, MINOR)["upgrade"]


versions = st.sampled_from(board.jetpacks())
releases = st.sampled_from([release for name in board.jetpacks() for release in board.releases_of(name)])


@given(releases, versions, st.sampled_from(["none", "minor"]), st.booleans())
def test_upgrades_stay_within_a_major_and_go_forward(there, version, upgrade, hold):
    wanted = Wanted(version=version, upgrade=upgrade, hold=hold)
    try:
        result = jetpack_plan.plan(info(there), wanted)
    except EdgesiteError as error:
        assert error.fix
        return
    goal = board.parse_package_version(board.releases_of(version)[-1])
    now = board.parse_package_version(there)
    assert goal.major == now.major
    assert result["upgrade"] == (board.jetpack(now) != version)
    if result["upgrade"]:
        assert upgrade == "minor" and (goal.minor, goal.patch) > (now.minor, now.patch)


POLICY = """\
nvidia-l4t-core:
  Installed: 36.4.0-20240912212859
  Candidate: {0}
  Version table:
     36.4.3-20250107174145 500
"""


@pytest.mark.parametrize(
    "candidate, wanted",
    [
        ("36.4.3-20250107174145", Wanted(version="6.2")),
        ("36.4.4-20250616085344", Wanted(version="6.2.1")),
        ("36.4.7-20250918154033", Wanted(version="6.2.1", suite="r36.4")),
        ("36.4.7-20250918154033", Wanted(suite="r36.4")),
        ("36.4.9-20270101000000", Wanted(suite="r36.4")),
    ],
)
def test_offer_that_is_the_wanted_release(candidate, wanted):
    jetpack_plan.check_offer(POLICY.format(candidate), wanted)


@pytest.mark.parametrize(
    "candidate, version, problem, fix",
    [
        (
            "36.4.7-20250918154033",
            "6.2",
            r"jetpack_version is 6.2, but the suite r36.4 has moved on and offers L4T 36.4.7, which is JetPack 6.2.1",
            r'Set jetpack_version: "6.2.1" to install that.*whose newest release is JetPack 6.2$',
        ),
        ("35.6.1-20250304100822", "5.1.6", "suite r35.6 offers L4T 35.6.1, which is JetPack 5.1.5", '"5.1.5"'),
        (
            "36.4.9-20270101000000",
            "6.2.1",
            "offers L4T 36.4.9, and no nvidia-jetpack that says what it is",
            "jetpack_suite: r36.4 alone",
        ),
        ("(none)", "6.2.2", "offer no nvidia-l4t-core", "folder of the chip"),
    ],
)
def test_offer_of_another_release_is_refused(candidate, version, problem, fix):
    with pytest.raises(EdgesiteError, match=problem) as caught:
        jetpack_plan.check_offer(POLICY.format(candidate), Wanted(version=version, upgrade="minor"))
    assert re.search(fix, caught.value.fix)


META = "nvidia-jetpack:\n  Installed: (none)\n  Candidate: {0}\n  Version table:\n"


@pytest.mark.parametrize(
    "candidate, package, version",
    [
        ("36.5.2-20260601000000", "(none)", "6.2.3"),
        ("39.2.1-20260601000000", "7.2.1-b12", "7.2.1"),
        ("36.5.9-20270101000000", "6.2.9+b24", "6.2.9"),
        ("36.6.0-20270101000000", "6.3+b1", "6.3"),
        ("38.2.9-20270101000000", "7.0.9-b1", "7.0.9"),
        # the table is NVIDIA's word for a release; the package is that of the newest one
        ("36.4.3-20250107174145", "6.2.1+b38", "6.2"),
    ],
)
def test_jetpack_of_an_offer_is_that_of_its_package_where_the_table_has_none(candidate, package, version):
    output = POLICY.format(candidate) + META.format(package)
    jetpack_plan.check_offer(output, Wanted(version=version, upgrade="minor"))


def test_suite_that_moved_on_is_told_with_what_it_has():
    output = POLICY.format("36.5.2-20260601000000") + META.format("6.2.3+b30")
    with pytest.raises(EdgesiteError, match="r36.5 has moved on and offers L4T 36.5.2, which is JetPack 6.2.3"):
        jetpack_plan.check_offer(output, MINOR)


def test_suite_without_a_later_release_says_where_to_look():
    output = POLICY.format("36.5.2-20260601000000") + META.format("6.2.3+b30")
    with pytest.raises(EdgesiteError, match="set jetpack_suite to the suite that has JetPack 6.2.9") as caught:
        jetpack_plan.check_offer(output, MINOR._replace(version="6.2.9"))
    assert "moved on" not in caught.value.problem


def later(version, jetpack_version):
    return info(version, jetpack=jetpack_version)


@pytest.mark.parametrize(
    "there, suite",
    [
        (info("36.4.7"), "r36.5"),
        (info("36.5.0"), "r36.5"),
        (later("36.6.0", "6.2.8"), "r36.6"),
        (later("36.6.0", None), "r36.6"),
    ],
)
def test_release_that_is_later_than_the_table_is_looked_for_in_the_newest_suite(there, suite):
    result = jetpack_plan.plan(there, Wanted(version="6.2.9", upgrade="minor"))
    assert result["upgrade"]
    assert {line["suite"] for line in jetpack.parse_sources(result["sources"] or there["apt"]["text"])} == {suite}


def test_suite_of_a_later_release_can_be_named():
    result = jetpack_plan.plan(info("36.5.0"), Wanted(version="6.3", suite="r36.6", upgrade="minor"))
    assert result["upgrade"] and "r36.6 main" in result["sources"]


def test_later_release_that_is_there_is_nothing_to_do():
    for there in (later("36.6.0", "6.3"), later("36.4.9", "6.3")):
        assert words(jetpack_plan.plan(there, Wanted(version="6.3", upgrade="minor"))) == []


@given(st.text(), versions)
def test_any_offer_is_judged(text, version):
    for output in (text, "Candidate: " + text, POLICY.format(text)):
        try:
            jetpack_plan.check_offer(output, Wanted(version=version))
        except EdgesiteError as error:
            assert error.fix


TRANSACTION = """\
Reading package lists...
The following packages will be upgraded:
  nvidia-l4t-core nvidia-jetpack
2 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.
Need to get 1,234 MB/2,000 MB of archives.
After this operation, 500 MB of additional disk space will be used.
Do you want to continue? [Y/n] N
Abort.
"""


def test_transaction_that_fits():
    jetpack_plan.check_transaction(apt.transaction(TRANSACTION), 3 * GIB)
    jetpack_plan.check_transaction(apt.transaction("0 upgraded, 0 newly installed, 0 to remove.\n"), 0)
    freed = TRANSACTION.replace("500 MB of additional disk space will be used", "9 GB disk space will be freed")
    jetpack_plan.check_transaction(apt.transaction(freed), 2 * GIB)


@pytest.mark.parametrize(
    "output, free, problem",
    [
        (TRANSACTION, GIB, "too full: 1854 MiB are needed and 1024 MiB are free"),
        (
            "E: Unable to locate package nvidia-jetpak\n",
            GIB,
            "apt cannot bring the host to this JetPack: Unable to locate package nvidia-jetpak",
        ),
        (" nvidia-l4t-x : Depends: nvidia-l4t-core (>> 36.5)\n", GIB, "Depends: nvidia-l4t-core"),
        (
            "The following packages have been kept back:\n  nvidia-l4t-core vim\n",
            GIB,
            "nvidia-l4t-core would be kept back",
        ),
        ("The following packages will be REMOVED:\n  nvidia-jetpack* vim*\n", GIB, "nvidia-jetpack would be removed"),
    ],
)
def test_transaction_that_cannot_or_must_not_be_done(output, free, problem):
    with pytest.raises(EdgesiteError, match=problem):
        jetpack_plan.check_transaction(apt.transaction(output), free)


@given(st.text(), st.integers(0, GIB))
def test_any_output_of_apt_is_judged(text, free):
    for output in (text, TRANSACTION + text, "Need to get " + text):
        try:
            jetpack_plan.check_transaction(apt.transaction(output), free)
        except EdgesiteError as error:
            assert error.fix


def slots(version):
    return {"current": "B", "version": version, "capsule_status": 2}


def test_host_that_came_up_with_the_new_release():
    jetpack_plan.check_booted(info("36.5.0", slots=slots("36.5.0")), "36.5.0")
    jetpack_plan.check_booted(info("38.4", slots=slots("38.4.0")), "38.4")
    # older bootloaders tell no version, and boards without A/B no slots
    jetpack_plan.check_booted(info("36.5.0", slots=slots(None)), "36.5.0")
    jetpack_plan.check_booted(info("36.5.0"), "36.5.0")


def test_host_that_came_up_with_the_old_one_is_told():
    with pytest.raises(EdgesiteError, match=r"L4T is 36.4.7 instead of 36.5.0.*other slot"):
        jetpack_plan.check_booted(info("36.4.7"), "36.5.0")
    with pytest.raises(EdgesiteError, match=r"bootloader in slot B is still 36.4.7 \(capsule status 2\).*reboot again"):
        jetpack_plan.check_booted(info("36.5.0", slots=slots("36.4.7")), "36.5.0")


@pytest.mark.parametrize(
    "wanted, words",
    [
        (Wanted(mirror="http://hub/jetson\nTrusted: yes"), "jetpack_mirror is "),
        (Wanted(mirror="http://hub/jetson #"), "jetpack_mirror is "),
        (Wanted(suite="r36.4\n"), "jetpack_suite is "),
        (Wanted(packages=("nvidia-jetpack", "-oDPkg::Pre-Invoke::=id")), "jetpack_packages[1] is "),
        (Wanted(packages=("tensorrt=10",)), "jetpack_packages[0] is "),
        (Wanted(packages="tensorrt"), "jetpack_packages is 'tensorrt', which is not a list"),
    ],
)
def test_values_that_no_line_can_have_are_refused_here_and_in_preflight(wanted, words):
    for judge in (jetpack_plan.check, lambda one: jetpack_plan.plan(info(), one)):
        with pytest.raises(EdgesiteError) as caught:
            judge(wanted)
        assert caught.value.problem.startswith(words) and caught.value.fix and "\n" not in str(caught.value)


@given(values("http://hub/jetson", "https://hub:8443/jetson/", "file:///mnt/jetson"), st.sampled_from(["", "r36.4"]))
def test_a_mirror_is_what_stands_in_the_sources_or_is_refused(mirror, suite):
    there = info()["apt"]["text"] + "# a note\x0cdeb http://x/y r36.4 main\u2028\n"
    apt = {"text": there, "suite": "r36.4", "locked_by": []}
    try:
        text = jetpack_plan.plan(info(apt=apt), Wanted(mirror=mirror, suite=suite))["sources"] or there
    except EdgesiteError as error:
        assert error.problem.startswith("jetpack_mirror is ") and error.fix
        return
    lines = text.split("\n")
    assert len(lines) == len(there.split("\n")) and lines[-2:] == there.split("\n")[-2:]
    enabled = [line["uri"] for line in jetpack.parse_sources(text) if line["enabled"]]
    archive = mirror.rstrip("/") or jetpack.NVIDIA
    assert enabled == [archive + "/common", archive + "/t234"]


def test_all_that_cannot_be_meant_is_told():
    wanted = Wanted(version="6", suite="36", upgrade="major", mirror="ftp://hub", packages=("-y", "vpi3-dev", "a=1"))
    with pytest.raises(EdgesiteError) as caught:
        jetpack_plan.check(wanted)
    assert [error.problem.split(" is ")[0] for error in caught.value.parts] == [
        "jetpack_mirror",
        "jetpack_packages[0]",
        "jetpack_packages[2]",
        "jetpack_upgrade",
        "jetpack_suite",
        "jetpack_version",
    ]
