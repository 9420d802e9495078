# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import fields, replace

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.driver import verdict as driver_verdict
from ansible_collections.edgesite.gpu.plugins.module_utils.driver.parse import Dkms
from ansible_collections.edgesite.gpu.plugins.module_utils.driver.state import Card, Fabric, OnDisk, State
from ansible_collections.edgesite.gpu.plugins.module_utils.driver.support import Gpu
from ansible_collections.edgesite.gpu.plugins.module_utils.driver.verdict import verdict
from hypothesis import example, given
from hypothesis import strategies as st

OLD, NEW, THIRD = "550.163.01", "580.95.05", "570.172.08"
K1, K2 = "6.1.0-29-amd64", "6.1.0-30-amd64"

A100 = Gpu("0000:17:00.0", "20b0", "ampere", "NVIDIA A100-SXM4-40GB")
V100 = Gpu("0000:18:00.0", "1db4", "volta")
B200 = Gpu("0000:19:00.0", "2901", "blackwell", "NVIDIA B200")


def card(gpu=A100, driver="nvidia"):
    return (Card(gpu, driver),)


def disk(version=NEW, kernel=K2, flavour="open", signed=True):
    return OnDisk(kernel, version, flavour, signed)


def dkms(kernel=K2, state="installed", version=NEW):
    return Dkms("nvidia", version, kernel, state)


# A host that is well: one kernel, one version
GOOD = State(
    running=K2,
    kernels=(K2,),
    newest=K2,
    on_disk=(disk(),),
    loaded=NEW,
    loaded_flavour="open",
    user_space=NEW,
    nouveau_blacklisted=True,
    cards=card(),
)
# After an update of the kernel, before the reboot
TWO = replace(GOOD, running=K1, kernels=(K1, K2), on_disk=(disk(kernel=K1), disk()))
UNLOADED = replace(GOOD, loaded=None, loaded_flavour=None, nvml_status="driver_not_loaded", cards=card(driver=None))
NOTHING = State(running=K2, kernels=(K2,), newest=K2, nvml_status="library_not_found", cards=card(driver=None))
SECURE = replace(UNLOADED, secure_boot="enabled")
# A container, or a host whose kernel is not its own
GUEST = replace(GOOD, kernels=(), newest=None, on_disk=())


def but(state, **changes):
    return replace(state, **changes)


# name, state, verdict, words of the first reason (those of all reasons where it is a list), words of the fix
CASES = [
    ("all fits", GOOD, "ok", [], None),
    (
        "all fits, proprietary",
        but(GOOD, on_disk=(disk(flavour="proprietary"),), loaded_flavour="proprietary"),
        "ok",
        [],
        None,
    ),
    ("all fits on both kernels", TWO, "ok", [], None),
    ("no kernel of its own", GUEST, "ok", [], None),
    ("NVML cannot be asked", but(GOOD, nvml_status="pynvml_missing"), "ok", [], None),
    ("NVML refuses without root", but(GOOD, nvml_status="no_permission"), "ok", [("no_permission",)], None),
    (
        "no access to the device",
        but(GOOD, nvml_status="operating_system"),
        "ok",
        [("NVML could not be queried",)],
        None,
    ),
    ("a user of the driver is no fault", but(GOOD, blockers=("train (pid 7)",)), "ok", [], None),
    ("Secure Boot, signed and loaded", but(GOOD, secure_boot="enabled", mok_enrolled=True), "ok", [], None),
    ("an older kernel without module", but(GOOD, kernels=(K1, K2)), "ok", [], None),
    ("vGPU host: every card is passed on", but(GOOD, cards=card(driver="vfio-pci")), "ok", [], None),
    ("one card is passed on", but(GOOD, cards=card() + card(V100, "vfio-pci")), "ok", [], None),
    # notes
    (
        "headers of DKMS are missing",
        but(GOOD, dkms=(dkms(),), without_headers=(K2,)),
        "ok",
        [(K2, "headers", "next update")],
        None,
    ),
    ("headers without DKMS do not matter", but(GOOD, without_headers=(K2,)), "ok", [], None),
    (
        "nouveau may come first",
        but(GOOD, nouveau_blacklisted=False, nouveau_available=True),
        "ok",
        [("nouveau is not blacklisted",)],
        None,
    ),
    ("gone from disk for the running kernel", but(TWO, on_disk=(disk(),)), "ok", [(NEW, K1, "do not unload")], None),
    # the libraries are of another version than the loaded module
    ("update, nothing holds it", but(GOOD, loaded=OLD), "reload_required", (OLD, NEW, "libraries"), "Reload"),
    (
        "update, held",
        but(GOOD, loaded=OLD, blockers=("train (pid 7)",)),
        "reboot_required",
        (OLD, NEW, "in use by train (pid 7)"),
        "reboot",
    ),
    (
        "downgrade",
        but(GOOD, loaded=THIRD, user_space=OLD, on_disk=(disk(OLD),)),
        "reload_required",
        (THIRD, OLD),
        "Reload",
    ),
    ("update without kernel of its own", but(GUEST, loaded=OLD), "reload_required", (OLD, NEW), "Reload"),
    ("the same, held", but(GUEST, loaded=OLD, blockers=("Xorg (pid 1)",)), "reboot_required", ("Xorg",), "reboot"),
    (
        "update for the newest kernel alone",
        but(TWO, loaded=OLD, on_disk=(disk(),)),
        "reboot_required",
        (OLD, NEW, K2),
        K2,
    ),
    ("libraries without module", but(GOOD, loaded=OLD, on_disk=()), "broken", (OLD, NEW, "no module"), NEW),
    (
        "libraries held back",
        but(GOOD, user_space=OLD, loaded=OLD),
        "broken",
        (NEW, OLD, "do not match"),
        "the same version",
    ),
    ("module held back", but(GOOD, user_space=THIRD), "broken", (NEW, THIRD, "do not match"), "the same version"),
    ("three versions", but(GOOD, loaded=OLD, user_space=THIRD), "broken", (NEW, THIRD), "the same version"),
    ("no libraries", but(GOOD, user_space=None), "broken", (NEW, "libnvidia-ml.so.1"), "libraries"),
    ("no libraries, not loaded", but(UNLOADED, user_space=None), "broken", (NEW, "libnvidia-ml.so.1"), "libraries"),
    ("nothing but sources", but(NOTHING, dkms=(dkms(None, "added"),)), "broken", ("neither",), "libraries"),
    # flavours
    (
        "other flavour on disk",
        but(GOOD, loaded_flavour="proprietary"),
        "reload_required",
        ("proprietary", "open", NEW),
        "Reload",
    ),
    (
        "other flavour, held",
        but(GOOD, loaded_flavour="proprietary", blockers=("Xorg (pid 1)",)),
        "reboot_required",
        ("proprietary", "open", "Xorg"),
        "reboot",
    ),
    ("open modules on Volta", but(GOOD, cards=card(V100)), "broken", ("Volta", "open", NEW), "proprietary"),
    (
        "proprietary modules on Blackwell",
        but(UNLOADED, on_disk=(disk(flavour="proprietary"),), cards=card(B200, None)),
        "broken",
        ("B200", "proprietary", NEW),
        "open",
    ),
    (
        "branch too old for Blackwell",
        but(GOOD, loaded=OLD, user_space=OLD, on_disk=(disk(OLD),), cards=card(B200)),
        "broken",
        ("B200", "550", "570"),
        "570",
    ),
    (
        "branch that Volta lost",
        but(
            GOOD,
            loaded="590.44.01",
            user_space="590.44.01",
            on_disk=(disk("590.44.01", flavour="proprietary"),),
            loaded_flavour="proprietary",
            cards=card(V100),
        ),
        "broken",
        ("Volta", "580", "590"),
        "580",
    ),
    # not loaded
    ("ready to load", UNLOADED, "reload_required", (NEW, K2, "not loaded"), "modprobe"),
    (
        "ready to load on both kernels",
        but(UNLOADED, running=K1, kernels=(K1, K2), on_disk=(disk(kernel=K1), disk())),
        "reload_required",
        (NEW, K1),
        "modprobe",
    ),
    (
        "only the newest kernel has it",
        but(UNLOADED, running=K1, kernels=(K1, K2)),
        "reboot_required",
        (NEW, K1, K2),
        K2,
    ),
    ("the running kernel is gone", but(UNLOADED, running=K1), "reboot_required", (K1, K2), K2),
    (
        "only an old kernel has it",
        but(UNLOADED, kernels=(K1, K2), on_disk=(disk(kernel=K1),)),
        "broken",
        (K1, K2, NEW),
        K2,
    ),
    ("libraries alone", but(UNLOADED, on_disk=()), "broken", ("no kernel module", K2), "package"),
    (
        "libraries alone, no kernel of its own",
        but(GUEST, loaded=None, nvml_status="driver_not_loaded"),
        "broken",
        (NEW, "no kernel of its own"),
        "machine",
    ),
    ("not loaded and half an update", but(UNLOADED, user_space=OLD), "broken", (NEW, OLD), "the same version"),
    (
        "DKMS has not built it",
        but(UNLOADED, on_disk=(), dkms=(dkms(None, "added"),)),
        "broken",
        ("nvidia/" + NEW, "not built", K2),
        "dkms autoinstall -k " + K2,
    ),
    (
        "DKMS built but did not install it",
        but(UNLOADED, on_disk=(), dkms=(dkms(state="built"),)),
        "broken",
        ("'built'", K2),
        "dkms autoinstall",
    ),
    (
        "DKMS without headers",
        but(UNLOADED, on_disk=(), dkms=(dkms(None, "added"),), without_headers=(K2,)),
        "broken",
        ("headers are missing", K2),
        "Install the headers of kernel " + K2,
    ),
    # nouveau
    (
        "nouveau has the card",
        but(UNLOADED, nouveau_loaded=True, nouveau_blacklisted=False, cards=card(driver="nouveau")),
        "broken",
        ("nouveau", "not blacklisted", NEW),
        "Blacklist",
    ),
    (
        "nouveau until the reboot",
        but(UNLOADED, nouveau_loaded=True, cards=card(driver="nouveau")),
        "reboot_required",
        ("nouveau",),
        "Reboot",
    ),
    (
        "nouveau in the initramfs",
        but(UNLOADED, nouveau_loaded=True, initramfs_rebuilt=False, cards=card(driver="nouveau")),
        "broken",
        ("nouveau", "initramfs"),
        "initramfs",
    ),
    ("nouveau is loaded but has no card", but(UNLOADED, nouveau_loaded=True), "reload_required", (NEW,), "modprobe"),
    # Secure Boot
    (
        "unsigned",
        but(SECURE, on_disk=(disk(signed=False),), mok_enrolled=False),
        "broken",
        ("Secure Boot", "not signed", NEW),
        "signed",
    ),
    (
        "signed with a key that is not enrolled",
        but(SECURE, dkms=(dkms(),), mok_enrolled=False),
        "broken",
        ("Secure Boot", "not enrolled", NEW),
        "Enrol",
    ),
    ("signed with a key that may be enrolled", but(SECURE, dkms=(dkms(),)), "reload_required", (NEW,), "modprobe"),
    ("signed by the distribution", but(SECURE, mok_enrolled=False), "reload_required", (NEW,), "modprobe"),
    (
        "unsigned, Secure Boot off",
        but(UNLOADED, secure_boot="disabled", on_disk=(disk(signed=False),)),
        "reload_required",
        (NEW,),
        "modprobe",
    ),
    (
        "the next kernel would refuse it",
        but(TWO, secure_boot="enabled", on_disk=(disk(kernel=K1), disk(signed=False))),
        "broken",
        (K2, "not signed"),
        "signed",
    ),
    ("unsigned, and yet loaded", but(GOOD, secure_boot="enabled", on_disk=(disk(signed=False),)), "ok", [], None),
    # the next boot
    ("the newest kernel has none", but(TWO, on_disk=(disk(kernel=K1),)), "broken", ("next reboot", K2, NEW), K2),
    (
        "DKMS not built for the newest kernel",
        but(TWO, on_disk=(disk(kernel=K1),), dkms=(dkms(K1),), without_headers=(K2,)),
        "broken",
        ("next reboot", "not built", K2, "headers"),
        "headers of kernel " + K2,
    ),
    (
        "another version for the newest kernel",
        but(TWO, on_disk=(disk(kernel=K1), disk(OLD))),
        "broken",
        ("next reboot", K2, OLD, NEW),
        K2,
    ),
    ("loaded, and gone from disk", but(GOOD, on_disk=()), "broken", ("next reboot", K2), K2),
    ("the worst comes first", but(TWO, loaded=OLD, on_disk=(disk(kernel=K1),)), "broken", ("next reboot", K2), K2),
    # NVML
    (
        "NVML's mismatch beside equal files",
        but(GOOD, nvml_status="lib_rm_version_mismatch"),
        "reload_required",
        ("NVML", NEW),
        "Reload",
    ),
    (
        "the same, held",
        but(GOOD, nvml_status="lib_rm_version_mismatch", blockers=("train (pid 7)",)),
        "reboot_required",
        ("NVML", "train"),
        "reboot",
    ),
    ("fabric manager as wanted", but(GOOD, fabric=Fabric(True, NEW, True)), "ok", [], None),
    ("fabric manager that does not tell", but(GOOD, fabric=Fabric(True, None, True)), "ok", [], None),
    ("no fabric manager", but(GOOD, fabric=Fabric(False)), "broken", ("NVSwitches", "no fabric manager"), NEW),
    (
        "fabric manager of another version",
        but(GOOD, fabric=Fabric(True, OLD, True)),
        *("broken", ("fabric manager is " + OLD, "libraries are " + NEW), "fabric manager " + NEW),
    ),
    (
        "fabric manager that does not run",
        but(GOOD, fabric=Fabric(True, NEW)),
        *("broken", ("fabric manager is not running",), "systemctl start nvidia-fabricmanager"),
    ),
    (
        "fabric manager before the driver is loaded",
        but(UNLOADED, fabric=Fabric(True, NEW)),
        *("reload_required", (NEW, "not loaded"), "modprobe nvidia"),
    ),
    ("NVML does not work", but(GOOD, nvml_status="unknown"), "broken", (NEW, "NVML", "unknown"), "dmesg"),
    # cards
    ("a card is not driven", but(GOOD, cards=card() + card(B200, None)), "broken", (NEW, "B200"), "dmesg"),
    ("the card is gone", but(UNLOADED, cards=()), "broken", (NEW, "no NVIDIA GPU"), "lspci"),
    ("the card is gone, module loaded", but(GOOD, cards=()), "broken", (NEW, "no NVIDIA GPU"), "lspci"),
    (
        "every card is passed on, no module",
        but(UNLOADED, cards=card(driver="vfio-pci")),
        "broken",
        ("vfio-pci",),
        "lspci",
    ),
    # firmware
    ("firmware that fits", but(GOOD, firmware=(NEW + "/gsp_ga10x.bin", NEW + "/gsp_tu10x.bin")), "ok", [], None),
    (
        "no firmware",
        but(GOOD, firmware=()),
        *("broken", (NEW + "/gsp_tu10x.bin, which is missing",), "firmware-nvidia-gsp"),
    ),
    (
        "another version's firmware",
        but(GOOD, firmware=(OLD + "/gsp_tu10x.bin", NEW + "/gsp_ga10x.bin")),
        *("broken", (NEW + "/gsp_tu10x.bin", "the host has that of " + OLD), f"nvidia-firmware-580-{NEW}"),
    ),
    (
        "another card's firmware",
        but(GOOD, firmware=(NEW + "/gsp_tu10x.bin",), cards=card(B200)),
        *("broken", (NEW + "/gsp_ga10x.bin",), "firmware-nvidia-gsp"),
    ),
    (
        "no firmware, NVML does not work",
        but(GOOD, firmware=(), nvml_status="unknown"),
        *("broken", ("gsp_tu10x.bin",), "firmware-nvidia-gsp"),
    ),
    (
        "firmware is missing for the next kernel's module",
        but(TWO, on_disk=(disk(kernel=K1, flavour="proprietary"), disk()), loaded_flavour="proprietary", firmware=()),
        *("broken", ("gsp_tu10x.bin",), "firmware-nvidia-gsp"),
    ),
    (
        "proprietary modules may do without firmware",
        but(GOOD, on_disk=(disk(flavour="proprietary"),), loaded_flavour="proprietary", firmware=()),
        *("ok", [], None),
    ),
    ("firmware of a host whose kernel is not its own", but(GUEST, firmware=()), "ok", [], None),
    (
        "libraries of the host beside a driver container",
        but(GOOD, user_space="535.261.03", installed_by="container"),
        "broken",
        ("of a driver container is loaded, but the host has libraries 535.261.03 of its own",),
        "Remove the packages with the libraries 535.261.03",
    ),
    ("firmware of a driver container", but(GOOD, firmware=(), installed_by="container"), "ok", [], None),
    (
        "firmware of a card of unknown architecture",
        but(GOOD, firmware=(), cards=card(Gpu("0000:1a:00.0", "ffff"))),
        *("ok", [], None),
    ),
    # packages
    (
        "installation broke off",
        but(GOOD, incomplete=("nvidia-kernel-dkms",)),
        "broken",
        ("nvidia-kernel-dkms",),
        "dpkg --configure -a",
    ),
    # absent
    ("no driver", NOTHING, "absent", ("A100",), "Install"),
    ("no driver, nouveau has it", but(NOTHING, cards=card(driver="nouveau")), "absent", ("A100",), "Install"),
    ("neither card nor driver", but(NOTHING, cards=()), "absent", ("neither",), None),
    ("card passed on, no driver", but(NOTHING, cards=card(driver="vfio-pci")), "absent", ("neither",), None),
    ("Jetson", but(GOOD, jetson=True, cards=()), "absent", ("L4T",), None),
]


@pytest.mark.parametrize("state, word, reasons, fix", [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_verdict(state, word, reasons, fix):
    found = verdict(state)
    assert found.verdict == word, found
    if isinstance(reasons, list):
        assert len(found.reasons) == len(reasons), found
        wanted = zip(found.reasons, reasons)
    else:
        wanted = [(found.reasons[0], reasons)]
    for reason, parts in wanted:
        assert all(part in reason for part in parts), found
    assert found.fix is None if fix is None else fix in found.fix


def test_reasons_are_sentences_that_say_each_thing_once():
    for _name, state, *_rest in CASES:
        found = verdict(state)
        assert len(set(found.reasons)) == len(found.reasons)
        for text in [*found.reasons, *([found.fix] if found.fix else [])]:
            assert text[0].isupper(), text
            assert text.endswith("."), text


VERSIONS = (None, OLD, NEW, THIRD)
FLAVOURS = (None, "open", "proprietary")
BOTH = (False, True)
UNKNOWN = Gpu("0000:20:00.0", "ffff")


def state_of(number):
    """A state for each number: drawn as one number, as a draw per field takes hypothesis twenty times as long."""

    def pick(options):
        nonlocal number
        number, index = divmod(number, len(options))
        return options[index]

    kernels = pick([(), (K1,), (K2,), (K1, K2)])
    modules = [OnDisk(kernel, pick(VERSIONS), pick(FLAVOURS), pick(BOTH)) for kernel in (K1, K2)]
    loaded = pick(VERSIONS)
    gpus = [gpu for gpu in (A100, V100, B200, UNKNOWN) if pick(BOTH)]
    return State(
        running=pick([K1, K2]),
        kernels=kernels,
        newest=kernels[-1] if kernels else None,
        on_disk=tuple(module for module in modules if pick(BOTH) and module.kernel in kernels),
        without_headers=tuple(kernel for kernel in kernels if pick(BOTH)),
        loaded=loaded,
        loaded_flavour=pick(FLAVOURS) if loaded else None,
        user_space=pick(VERSIONS),
        nvml_status=pick(["ok", "driver_not_loaded", "lib_rm_version_mismatch", "nvml_77"]),
        incomplete=pick([(), ("nvidia-driver",)]),
        dkms=pick([(), (dkms(),), (dkms(None, "added"),), (dkms(K1), dkms(K2, "built"))]),
        secure_boot=pick(["enabled", "disabled", "unsupported", "unknown"]),
        mok_enrolled=pick([None, True, False]),
        nouveau_loaded=pick(BOTH),
        nouveau_blacklisted=pick(BOTH),
        nouveau_available=pick(BOTH),
        initramfs_rebuilt=pick([None, True, False]),
        blockers=pick([(), ("train (pid 7)",)]),
        cards=tuple(Card(gpu, pick([None, "nvidia", "nouveau", "vfio-pci"])) for gpu in gpus),
        fabric=pick([None, None, Fabric(False), Fabric(True, NEW, True), Fabric(True, OLD, True), Fabric(True, NEW)]),
        jetson=pick([False] * 9 + [True]),
    )


def states():
    return st.integers(0, 2**62).map(state_of)


def spoiled(state, number):
    """A host that is well but for two fields: states drawn whole are hardly ever well."""
    other = state_of(number)
    names = [field.name for field in fields(State)]
    two = names[number % len(names)], names[number // len(names) % len(names)]
    return replace(state, **{name: getattr(other, name) for name in two})


@example(GOOD)
@example(TWO)
@given(states() | st.builds(spoiled, st.sampled_from([GOOD, TWO, UNLOADED, SECURE, GUEST]), st.integers(0, 2**62)))
def test_ok_is_promised_only_where_everything_fits(state):
    found = verdict(state)
    assert (found.verdict in ("reload_required", "reboot_required", "broken")) <= (
        bool(found.fix) and bool(found.reasons)
    )
    if found.verdict != "ok":
        return
    assert state.loaded is not None and state.loaded == state.user_space
    assert state.nvml_status == "ok" and not state.incomplete and state.cards
    assert state.fabric in (None, Fabric(True, state.user_space, True))
    for kernel in {state.running, state.newest} & set(state.kernels):
        module = state.module(kernel)
        assert module is None or module.version in (None, state.loaded)
    if state.gpus:
        assert state.newest is None or state.module(state.newest)
        assert all(card.driver is not None for card in state.cards)
        assert not (V100 in state.gpus and state.loaded_flavour == "open")
        assert not (B200 in state.gpus and state.loaded_flavour == "proprietary")


@given(states())
def test_who_holds_the_driver_decides_between_reload_and_reboot_alone(state):
    free, held = verdict(replace(state, blockers=())), verdict(replace(state, blockers=("train (pid 7)",)))
    if free.verdict == "reload_required" and state.loaded:
        assert held.verdict == "reboot_required"
    if free.verdict in ("ok", "broken", "absent"):
        assert held.verdict == free.verdict


@pytest.mark.parametrize(
    "state, reason",
    [
        (but(UNLOADED, on_disk=(disk(version=None),)), "Kernel module of unknown version is on disk"),
        (
            but(UNLOADED, running=K1, kernels=(K1, K2), on_disk=(disk(version=None),)),
            "but one of unknown version for the newest one",
        ),
        (but(TWO, on_disk=(disk(version=None, kernel=K1),)), "(only one of unknown version for {0})".format(K1)),
        (
            but(UNLOADED, kernels=(), newest=None, on_disk=(), user_space=None, dkms=(dkms(),)),
            "There is no kernel module for the running kernel",
        ),
    ],
)
def test_module_of_unknown_version(state, reason):
    """modinfo is missing, or fails."""
    assert reason in " ".join(verdict(state).reasons)


@given(states())
def test_absent_only_without_driver_or_on_a_jetson(state):
    assert (verdict(state).verdict == "absent") == (state.jetson or not state.installed)


def test_levels_have_an_order():
    assert driver_verdict._LEVELS == ("ok", "reload_required", "reboot_required", "broken")


def test_card_that_the_driver_cannot_start():
    found = verdict(replace(GOOD, cards=(Card(A100, "nvidia", listed=False), Card(V100, "vfio-pci"))))
    assert found.verdict == "broken"
    assert "drives NVIDIA A100-SXM4-40GB (0000:17:00.0), but NVML cannot read it" in found.reasons[0]
    assert "dmesg" in found.fix
