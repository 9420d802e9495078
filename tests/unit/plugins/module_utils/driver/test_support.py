# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.driver import support
from ansible_collections.edgesite.gpu.plugins.module_utils.driver.support import Gpu
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu import catalogue
from hypothesis import given
from hypothesis import strategies as st


def gpu(device, architecture=None):
    return Gpu("0000:17:00.0", device, architecture or support.architecture(device), support.name(device))


V100, P4, M60, K80 = gpu("1db4"), gpu("1bb3"), gpu("13f2"), gpu("102d")
T4, A100, L4, H100 = gpu("1eb8"), gpu("20b0"), gpu("27b8"), gpu("2330")
GH200, B200, RTX5090 = gpu("2342"), gpu("2901"), gpu("2b85")
UNKNOWN = gpu("3021")


@pytest.mark.parametrize(
    "device, oldest",
    [
        ("2330", 525),  # H100 SXM
        ("2331", 520),  # H100 PCIe
        ("2322", 525),  # H800 PCIe
        ("2321", 535),  # H100 NVL
        ("2342", 535),  # GH200 120GB
        ("2335", 550),  # H200
        ("233b", 565),  # H200 NVL
        ("2348", 565),  # GH200 144G HBM3e
        ("26b5", 525),  # L40
        ("26b9", 535),  # L40S
        ("2901", 570),  # B200
        ("2bb5", 575),  # RTX PRO 6000 Blackwell Server Edition
        ("3182", 580),  # B300
        ("31c2", 580),  # GB300
        ("2e12", 580),  # GB10
        ("20b0", 450),  # A100
        ("1eb8", 410),  # T4
    ],
)
def test_oldest_branch_is_the_models_and_not_its_familys(device, oldest):
    assert support.branches(gpu(device))[0] == oldest
    assert support.unsupported([gpu(device)], None, oldest) == []
    (problem,) = support.unsupported([gpu(device)], None, oldest - 1)
    assert "needs branch {0} or newer".format(oldest) in problem.reason


@pytest.mark.parametrize("model", catalogue.MODELS, ids=lambda model: model.key)
def test_catalogue_and_nvidias_lists_know_the_same_oldest_branch(model):
    device = "{0:04x}".format(model.pci_device_ids[0])
    assert support.branches(gpu(device))[0] == support.branch_of(model.min_driver)


@pytest.mark.parametrize(
    "device, architecture",
    [
        # names as in pci.ids
        ("102d", "kepler"),  # Tesla K80
        ("118f", "kepler"),  # Tesla K10
        ("13f2", "maxwell"),  # Tesla M60
        ("1430", "maxwell"),  # Quadro M2000
        ("17fd", "maxwell"),  # Tesla M40
        ("15f8", "pascal"),  # Tesla P100
        ("1b38", "pascal"),  # Tesla P40
        ("1bb3", "pascal"),  # Tesla P4
        ("1d01", "pascal"),  # GeForce GT 1030
        ("1d81", "volta"),  # TITAN V
        ("1db4", "volta"),  # Tesla V100
        ("1df6", "volta"),  # Tesla V100S
        ("1e30", "turing"),  # Quadro RTX 6000
        ("1eb8", "turing"),  # Tesla T4
        ("2184", "turing"),  # GeForce GTX 1660
        ("20f1", "ampere"),  # A100 PCIe
        ("2235", "ampere"),  # A40
        ("25b6", "ampere"),  # A2, A16
        ("2331", "hopper"),  # H100 PCIe
        ("2342", "hopper"),  # GH200
        ("26b5", "ada"),  # L40
        ("27b8", "ada"),  # L4
        ("2901", "blackwell"),  # B200
        ("2941", "blackwell"),  # GB200
        ("2b85", "blackwell"),  # GeForce RTX 5090
        ("2e12", "blackwell"),  # GB10
        ("3182", "blackwell"),  # B300
        ("31c2", "blackwell"),  # GB300
        # Fermi, and a chip that is newer than the table
        ("06d1", None),
        ("3021", None),
        ("ffff", None),
        ("", None),
        ("zz", None),
    ],
)
def test_architecture(device, architecture):
    assert support.architecture(device) == architecture


def test_ranges_agree_with_the_catalogue_and_do_not_overlap():
    for model in catalogue.MODELS:
        for device in model.pci_device_ids:
            found = [name for first, last, name in support._RANGES if first <= device <= last]
            assert found == [model.architecture], model.key
            one = gpu("{0:04x}".format(device))
            assert ("open" in support.flavours(one)) == model.open_modules_possible
            assert (support.flavours(one) == ("open",)) == model.open_modules_required
    ends = [end for first, last, _name in support._RANGES for end in (first, last)]
    assert ends == sorted(ends)


@pytest.mark.parametrize(
    "device, branch, firmware",
    [
        ("1eb8", 580, "gsp_tu10x.bin"),  # T4
        ("20b0", 580, "gsp_tu10x.bin"),  # A100 (GA100)
        ("20b7", 535, "gsp_tu10x.bin"),  # A30
        ("2230", 580, "gsp_ga10x.bin"),  # RTX A6000
        ("27b8", 580, "gsp_ga10x.bin"),  # L4
        ("2330", 580, "gsp_ga10x.bin"),  # H100
        ("2901", 580, "gsp_ga10x.bin"),  # B200
        ("27b8", 525, None),
        ("27b8", None, None),
        ("1db4", 580, None),  # V100 has no GSP
        ("ffff", 580, None),
    ],
)
def test_firmware_of_the_open_modules(device, branch, firmware):
    assert support.firmware(gpu(device), branch) == firmware


@pytest.mark.parametrize(
    "text, branch",
    [("580.95.05", 580), ("580", 580), ("580-server", 580), ("", None), (None, None), ("latest", None), ("x580", None)],
)
def test_branch(text, branch):
    assert support.branch_of(text) == branch


@pytest.mark.parametrize(
    "one, flavour, branch, reason, fix",
    [
        (V100, "open", 550, ("Volta", "0000:17:00.0", "open", "proprietary"), "driver_flavour: proprietary"),
        (P4, "open", 550, ("Pascal", "open"), "driver_flavour: proprietary"),
        (M60, "open", None, ("Maxwell", "open"), "driver_flavour: proprietary"),
        (B200, "proprietary", 580, ("NVIDIA B200", "proprietary", "open"), "driver_flavour: open"),
        (RTX5090, "proprietary", None, ("Blackwell", "proprietary"), "driver_flavour: open"),
        (GH200, "proprietary", 550, ("GH200", "proprietary"), "driver_flavour: open"),
        (V100, "proprietary", 590, ("Volta", "580", "590"), "580 or older"),
        (K80, "proprietary", 535, ("Kepler", "470", "535"), "470 or older"),
        (B200, "open", 550, ("B200", "570", "550"), "570 or newer"),
        (gpu("2bb5"), "open", 570, ("RTX PRO 6000", "575", "570"), "575 or newer"),
        (L4, "proprietary", 470, ("L4", "525", "470"), "525 or newer"),
        (A100, "open", 510, ("510", "515"), "driver_flavour: proprietary"),
    ],
)
def test_what_a_card_cannot_run(one, flavour, branch, reason, fix):
    (problem,) = support.judge([one], flavour, branch)
    assert all(part in problem.reason for part in reason), problem
    assert fix in problem.fix


@pytest.mark.parametrize("one", [T4, A100, L4, H100])
@pytest.mark.parametrize("flavour", ["open", "proprietary"])
def test_turing_to_hopper_run_both(one, flavour):
    assert support.judge([one], flavour, 580) == support.judge([one], flavour, 590) == []


@pytest.mark.parametrize("one", [M60, P4, V100])
def test_the_last_branch_of_older_cards(one):
    assert support.judge([one], "proprietary", 580) == []


@pytest.mark.parametrize("flavour", ["open", "proprietary"])
def test_nothing_is_claimed_of_an_unknown_card(flavour):
    assert support.judge([UNKNOWN], flavour, 999) == []
    assert UNKNOWN.label == "GPU 10de:3021 (0000:17:00.0)"


def test_every_card_has_its_problem():
    assert len(support.judge([V100, B200, A100], "open", 590)) == 2


@pytest.mark.parametrize(
    "secure_boot, enrolled, signed, told",
    [
        ("enabled", False, False, "is not enrolled"),
        ("enabled", None, False, "may not be enrolled"),
        ("enabled", True, False, None),
        ("enabled", False, True, None),
        ("disabled", False, False, None),
        ("unsupported", None, False, None),
        ("unknown", None, False, None),
        (None, None, False, None),
    ],
)
def test_secure_boot(secure_boot, enrolled, signed, told):
    problems = support.judge([A100], "open", 580, secure_boot, enrolled, signed)
    if told is None:
        assert problems == []
    else:
        (problem,) = problems
        assert "Secure Boot" in problem.reason and told in problem.reason and "mokutil" in problem.fix


@pytest.mark.parametrize(
    "gpus, branch, flavour",
    [
        ([A100], 580, "open"),
        ([A100], None, "open"),
        ([A100], 550, "proprietary"),
        ([A100, V100], 580, "proprietary"),
        ([V100], 590, "proprietary"),
        ([B200], 550, "open"),
        ([B200, H100], 580, "open"),
        ([GH200], 550, "open"),
        ([V100, UNKNOWN], 580, "proprietary"),
        ([], 580, "open"),
        ([], 550, "proprietary"),
    ],
)
def test_auto(gpus, branch, flavour):
    assert support.choose(gpus, "auto", branch) == flavour


def test_what_is_asked_for_is_taken():
    assert support.choose([V100], "open", 580) == "open"


def test_no_flavour_for_all_cards():
    with pytest.raises(EdgesiteError) as error:
        support.choose([V100, B200, A100])
    assert "NVIDIA B200 (0000:17:00.0) needs the open" in str(error.value)
    assert "Volta GPU (0000:17:00.0) the proprietary" in str(error.value)


def test_auto_does_not_guess_for_an_unknown_card():
    with pytest.raises(EdgesiteError) as error:
        support.choose([UNKNOWN])
    assert "10de:3021" in str(error.value) and "'proprietary'" in error.value.fix


DEVICES = st.sampled_from(["102d", "13f2", "1db4", "1eb8", "20b0", "2330", "2342", "2901", "27b8"])


@given(st.lists(DEVICES.map(gpu), max_size=4), st.none() | st.integers(300, 700))
def test_what_auto_chooses_has_the_right_flavour(gpus, branch):
    try:
        flavour = support.choose(gpus, "auto", branch)
    except EdgesiteError:
        assert all(support.unsupported(gpus, each, None) for each in ("open", "proprietary"))
    else:
        assert support.unsupported(gpus, flavour, None) == []
