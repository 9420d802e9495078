# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of the GPU models: the only copy in the collection.

What a card reports at run time beats this page: modules read power limits, clocks and MIG profiles from NVML and
use the catalogue for what must be known before there is a driver (which packages, which layouts can exist at all).

Where a figure comes from is said at each model.  "Quoted" means a listing of nvidia-smi on a real card, quoted in a
public repository or issue; a "capture" is the whole nvidia-smi -q -x of a real node in NVIDIA/k8s-test-infra, below
tests/e2e/go/assertions/nvidiasmi/testdata/hardware; "derived" means worked out from other figures here and not seen on
a card.

Cards that differ from another one in few things are variants of it, at the end.
"""

from __future__ import annotations

from typing import Any, Dict, NamedTuple, Optional, Tuple

PCI_VENDOR_NVIDIA = 0x10DE

# Where the NVSwitches of a card are, whose fabric state NVML tells
IN_HOST = "host"
IN_RACK = "rack"


class Power(NamedTuple):
    """Milliwatts."""

    min_mw: int
    default_mw: int
    max_mw: int
    idle_mw: int


class Clocks(NamedTuple):
    """MHz. The SM clock is the graphics clock on all of these models."""

    graphics_min: int
    graphics_max: int
    graphics_step: float
    graphics_app_default: int
    graphics_idle: int
    video_max: int
    memory: Tuple[int, ...]  # the supported ones, fastest first
    graphics_max_slow_memory: int  # with the slowest memory clock, where boards with GDDR are slow altogether

    @property
    def sm_max(self) -> int:
        return self.graphics_max

    @property
    def memory_max(self) -> int:
        return self.memory[0]

    @property
    def memory_min(self) -> int:
        return self.memory[-1]


class Temperature(NamedTuple):
    """Degrees Celsius; memory_max 0 where the card reports none."""

    shutdown: int
    slowdown: int
    gpu_max: int
    memory_max: int


class MigProfile(NamedTuple):
    constant: int  # NVML_GPU_INSTANCE_PROFILE_*: the argument of the profile query
    id: int  # what the query gives back and create takes; opaque
    name: str
    slices: int  # compute slices
    memory_mib: int
    sms: int
    copy_engines: int
    decoders: int
    encoders: int
    jpegs: int
    ofas: int
    max_count: int
    size: int  # memory slices
    default_order: Tuple[int, ...]  # starts, in the order the driver tries them

    @property
    def starts(self) -> Tuple[int, ...]:
        return tuple(sorted(self.default_order))

    @property
    def placements(self) -> Tuple[Tuple[int, int], ...]:
        """(start, size) in memory slices."""
        return tuple((start, self.size) for start in self.starts)


class Mig(NamedTuple):
    slices: int
    memory_slices: int
    mode_change_needs_reset: bool
    mode_survives_reboot: bool
    min_driver: str
    profiles: Tuple[MigProfile, ...]

    def profile_by_id(self, profile_id: int) -> Optional[MigProfile]:
        for profile in self.profiles:
            if profile.id == profile_id:
                return profile
        return None

    def profile_by_name(self, name: str) -> Optional[MigProfile]:
        for profile in self.profiles:
            if profile.name == name:
                return profile
        return None


class Model(NamedTuple):
    key: str
    name: str  # as the driver prints it
    pci_device_ids: Tuple[int, ...]  # the first is the one the figures were taken from
    pci_subsystem_id: int  # vendor NVIDIA
    architecture: str
    compute_capability: Tuple[int, int]
    memory_mib: int  # NVML's total with ECC as it leaves the factory
    memory_mib_other_ecc: int  # and with the other ECC mode; the same on HBM, which has spare bits for it
    reserved_mib: int
    bar1_mib: int
    memory_bus_bits: int
    sms: int
    cores_per_sm: int
    power: Power
    clocks: Clocks
    temperature: Temperature
    fans: int
    pcie_gen: int
    ecc_supported: bool
    ecc_default: bool
    vgpu_capable: bool
    min_driver: str
    open_modules_possible: bool
    open_modules_required: bool
    board_part_number: str
    vbios: str
    display_outputs: bool
    mig: Optional[Mig]
    # memory banks with rows to spare; 0: half as many as the bus has bits. A30 and A100-80 derived from A100-40
    remapper_banks: int = 0
    other_names: Tuple[str, ...] = ()  # that the driver prints for the same ids, by subsystem or by release
    fabric: Optional[str] = None  # IN_HOST, IN_RACK, or None where NVML tells no fabric state


_Six = Tuple[int, int, int, int, int, int]


class _Family(NamedTuple):
    """What the cards with 7 compute and 8 memory slices of an architecture have in common.

    engines: (copy, decoders, JPEG) by column as in _seven; media: the same for 1g+me.
    """

    keeps_mode: bool  # a mode change takes a reset, and the mode survives a reboot
    engines: Tuple[Tuple[int, int, int], ...]
    media: Tuple[int, int, int]


# A100: nvidia-smi -lgip in NVIDIA's MIG user guide. H100, H200: mig-parted #120. B200: mig-parted #166 and #187; copy
# engines of 3g and up derived (two per slice).
_AMPERE = _Family(True, ((1, 0, 0), (1, 1, 0), (2, 1, 0), (3, 2, 0), (4, 2, 0), (7, 5, 1)), (1, 1, 1))
_HOPPER = _Family(False, ((1, 1, 1), (1, 1, 1), (2, 2, 2), (3, 3, 3), (4, 4, 4), (8, 7, 7)), (1, 1, 1))
_BLACKWELL = _Family(False, ((2, 1, 1), (2, 1, 1), (4, 2, 2), (6, 3, 3), (8, 4, 4), (16, 7, 7)), (2, 1, 1))

# Constant, id, compute slices, count, memory slices and order of the columns of _seven.  Placements and the order the
# driver fills them in: NVIDIA's MIG user guide (1g at 6,4,5,0,1,2,3; 2g and 3g at 4 first); the order of 1g with
# double memory is derived from it.
_ONE = (6, 4, 5, 0, 1, 2, 3)
_COLUMNS = (
    (0, 19, 1, 7, 1, _ONE),
    (9, 15, 1, 4, 2, (6, 4, 0, 2)),
    (1, 14, 2, 3, 2, (4, 0, 2)),
    (2, 9, 3, 2, 4, (4, 0)),
    (3, 5, 4, 1, 4, (0,)),
    (4, 0, 7, 1, 8, (0,)),
)


def _seven(family: _Family, min_driver: str, gb: _Six, memory_mib: _Six, sms: _Six) -> Mig:
    """MIG of a card with 7 compute and 8 memory slices.

    Order of the columns: 1g, 1g with double memory, 2g, 3g, 4g, 7g.  gb: the memory in their names.
    """
    one, *others = (_column(*column) for column in zip(_COLUMNS, family.engines, gb, memory_mib, sms))
    profiles = (one, _plus_media(one, family.media), *others)
    return Mig(7, 8, family.keeps_mode, family.keeps_mode, min_driver, profiles)


def _column(
    column: Tuple[int, int, int, int, int, Tuple[int, ...]],
    engines: Tuple[int, int, int],
    gb: int,
    memory_mib: int,
    sms: int,
) -> MigProfile:
    constant, profile_id, slices, count, size, order = column
    copy, decoders, jpegs = engines
    all_engines = (copy, decoders, 0, jpegs, int(slices == 7))
    name = "{0}g.{1}gb".format(slices, gb)
    return MigProfile(constant, profile_id, name, slices, memory_mib, sms, *all_engines, count, size, order)


def _plus_media(one: MigProfile, media: Tuple[int, int, int]) -> MigProfile:
    copy, decoders, jpegs = media
    plus = one._replace(constant=7, id=20, name=one.name + "+me", max_count=1)
    return plus._replace(copy_engines=copy, decoders=decoders, jpegs=jpegs, ofas=1)


# Seen on an A100: what MIG memory a 7g keeps for itself differs by driver; these are R470 to R510 listings.
_A100_SMS = (14, 14, 28, 42, 56, 98)
_A100_40_MIG = _seven(_AMPERE, "450.80.02", (5, 10, 10, 20, 20, 40), (4864, 9856, 9856, 19968, 19968, 40192), _A100_SMS)
_A100_80_MIG = _seven(
    _AMPERE, "450.80.02", (10, 20, 20, 40, 40, 80), (9728, 19968, 19968, 40192, 40192, 80640), _A100_SMS
)
_H100_SMS = (16, 26, 32, 60, 64, 132)
_H100_80_MIG = _seven(
    _HOPPER, "525.85.12", (10, 20, 20, 40, 40, 80), (9984, 20096, 20096, 40448, 40448, 81152), _H100_SMS
)
# A quoted listing: scaleway/docs-content, "How to use the NVIDIA MIG technology" (driver 525.125.06).
_H100_PCIE_MIG = _seven(
    _HOPPER,
    "525.85.12",
    (10, 20, 20, 40, 40, 80),
    (9856, 19968, 19968, 40192, 40192, 80896),
    (14, 14, 30, 46, 62, 114),
)
# A quoted listing: mig-parted #101.
_H100_NVL_MIG = _seven(
    _HOPPER, "535.54.03", (12, 24, 24, 47, 47, 94), (11008, 22144, 22144, 47488, 47488, 95360), _H100_SMS
)
# A quoted listing: kf-cuanschutz/NVIDIA_Grace_Hopper_benchmarking_logs_.
_96_GB = ((12, 24, 24, 48, 48, 96), (11264, 23552, 23552, 47616, 47616, 95232))
_GH200_96_MIG = _seven(_HOPPER, "535.54.03", *_96_GB, _H100_SMS)
# Names: mig-parted's configurations for 2329. Memory as on the GH200 with 96 GB, SMs by 10 per slice: derived.
_H20_MIG = _seven(_HOPPER, "535.54.03", *_96_GB, (10, 18, 20, 38, 40, 78))
# A quoted listing: mig-parted #139; memory of 3g, 4g and 7g derived from the 2g's.
_GH200_144_MIG = _seven(
    _HOPPER, "565.57.01", (18, 36, 36, 72, 72, 144), (17920, 36096, 36096, 72704, 72704, 145408), _H100_SMS
)
_H200_MIG = _seven(
    _HOPPER, "550.54.14", (18, 35, 35, 71, 71, 141), (16384, 33024, 33024, 71168, 71168, 143360), _H100_SMS
)
# 3g, 4g and 7g: memory derived from the 2g's 44.25 GiB per quarter; SMs of 4g and 7g from 18 per slice, 148 whole.
_B200_SMS = (18, 30, 36, 70, 72, 148)
_B200_MIG = _seven(
    _BLACKWELL, "570.133.20", (23, 45, 45, 90, 90, 180), (20992, 45312, 45312, 91136, 91136, 182272), _B200_SMS
)
# A quoted listing: mig-parted #227 (newer drivers say 1g.23gb, older ones 1g.24gb); 3g, 4g and 7g derived as on B200.
_GB200_SMS = (18, 32, 38, 74, 76, 152)
_GB200_MIG = _seven(
    _BLACKWELL, "570.133.20", (23, 47, 47, 93, 93, 186), (22528, 46592, 46592, 93696, 93696, 187392), _GB200_SMS
)
# Names: mig-parted's configurations for 3182 and 31C2. Memory derived from the whole card's, SMs as on B200 and GB200.
_B300_MIG = _seven(
    _BLACKWELL, "580.65.06", (34, 67, 67, 135, 135, 269), (33792, 68096, 68096, 136704, 136704, 273408), _B200_SMS
)
_GB300_MIG = _seven(
    _BLACKWELL, "580.65.06", (35, 70, 70, 139, 139, 278), (35072, 70400, 70400, 141312, 141312, 282624), _GB200_SMS
)
# NVIDIA's MIG user guide. Order of placements derived, upper half first as on the A100: nothing public says it for
# cards of 4 slices.
_A30_MIG = Mig(
    4,
    4,
    True,
    True,
    "460.32.03",
    (
        MigProfile(0, 14, "1g.6gb", 1, 5952, 14, 1, 0, 0, 0, 0, 4, 1, (2, 3, 0, 1)),
        MigProfile(7, 21, "1g.6gb+me", 1, 5952, 14, 1, 1, 0, 1, 1, 1, 1, (2, 3, 0, 1)),
        MigProfile(1, 5, "2g.12gb", 2, 11968, 28, 2, 2, 0, 0, 0, 2, 2, (2, 0)),
        MigProfile(8, 6, "2g.12gb+me", 2, 11968, 28, 2, 2, 0, 1, 1, 1, 2, (2, 0)),
        MigProfile(3, 0, "4g.24gb", 4, 24000, 56, 4, 4, 0, 1, 1, 1, 4, (0,)),
    ),
)
# cubecos #312 (driver 580.105.06), engines of +me.all, -me and 2g and 4g in part derived; order derived as on the A30.
_RTX_PRO_6000_MIG = Mig(
    4,
    12,
    False,
    False,
    "575.51.03",
    (
        MigProfile(0x00, 14, "1g.24gb", 1, 23680, 46, 1, 1, 1, 1, 0, 4, 3, (6, 9, 0, 3)),
        MigProfile(0x07, 21, "1g.24gb+me", 1, 23680, 46, 1, 1, 1, 1, 1, 1, 3, (6, 9, 0, 3)),
        MigProfile(0x0A, 47, "1g.24gb+gfx", 1, 23680, 46, 1, 1, 1, 1, 0, 4, 3, (6, 9, 0, 3)),
        MigProfile(0x0F, 65, "1g.24gb+me.all", 1, 23680, 46, 1, 4, 4, 4, 1, 1, 3, (6, 9, 0, 3)),
        MigProfile(0x0D, 67, "1g.24gb-me", 1, 23680, 46, 1, 0, 0, 0, 0, 4, 3, (6, 9, 0, 3)),
        MigProfile(0x01, 5, "2g.48gb", 2, 48512, 94, 2, 2, 2, 2, 0, 2, 6, (6, 0)),
        MigProfile(0x0B, 35, "2g.48gb+gfx", 2, 48512, 94, 2, 2, 2, 2, 0, 2, 6, (6, 0)),
        MigProfile(0x10, 64, "2g.48gb+me.all", 2, 48512, 94, 2, 4, 4, 4, 1, 1, 6, (6, 0)),
        MigProfile(0x0E, 66, "2g.48gb-me", 2, 48512, 94, 2, 0, 0, 0, 0, 2, 6, (6, 0)),
        MigProfile(0x03, 0, "4g.96gb", 4, 97280, 188, 4, 4, 4, 4, 1, 1, 12, (0,)),
        MigProfile(0x0C, 32, "4g.96gb+gfx", 4, 97280, 188, 4, 4, 4, 4, 1, 1, 12, (0,)),
    ),
)

_MODELS: Tuple[Model, ...] = (
    # telegraf testdata tesla-t4.xml (driver 515.105.01) and the capture.
    # Turing has a GSP: the open modules work, but are not needed.
    Model(
        key="T4",
        name="Tesla T4",
        pci_device_ids=(0x1EB8,),
        pci_subsystem_id=0x12A2,
        architecture="turing",
        compute_capability=(7, 5),
        memory_mib=15360,
        memory_mib_other_ecc=16384,
        reserved_mib=448,
        bar1_mib=256,
        memory_bus_bits=256,
        sms=40,
        cores_per_sm=64,
        power=Power(60000, 70000, 70000, 9500),
        clocks=Clocks(300, 1590, 15, 585, 300, 1470, (5001, 405), 645),
        temperature=Temperature(96, 93, 85, 0),
        fans=0,
        pcie_gen=3,
        ecc_supported=True,
        ecc_default=True,
        vgpu_capable=True,
        min_driver="410.72",
        open_modules_possible=True,
        open_modules_required=False,
        board_part_number="900-2G183-0000-001",
        vbios="90.04.84.00.06",
        display_outputs=False,
        mig=None,
    ),
    # The product brief; PCI id: mig-parted; limits, clocks and thresholds not checked against a listing of a card.
    Model(
        key="A30",
        name="NVIDIA A30",
        pci_device_ids=(0x20B7,),
        pci_subsystem_id=0x1532,
        architecture="ampere",
        compute_capability=(8, 0),
        memory_mib=24576,
        memory_mib_other_ecc=24576,
        reserved_mib=512,
        bar1_mib=32768,
        memory_bus_bits=3072,
        sms=56,
        cores_per_sm=64,
        power=Power(100000, 165000, 165000, 28000),
        clocks=Clocks(210, 1440, 15, 930, 210, 1305, (1215,), 1440),
        temperature=Temperature(92, 89, 85, 95),
        fans=0,
        pcie_gen=4,
        ecc_supported=True,
        ecc_default=True,
        vgpu_capable=True,
        min_driver="460.32.03",
        open_modules_possible=True,
        open_modules_required=False,
        board_part_number="900-21001-0040-000",
        vbios="92.00.65.00.02",
        display_outputs=False,
        mig=_A30_MIG,
        remapper_banks=384,
    ),
    # netdata testdata a100-sxm4-mig.xml (driver 510.47.03), and the capture.
    Model(
        key="A100-40",
        name="NVIDIA A100-SXM4-40GB",
        pci_device_ids=(0x20B0,),
        pci_subsystem_id=0x134F,
        architecture="ampere",
        compute_capability=(8, 0),
        memory_mib=40960,
        memory_mib_other_ecc=40960,
        reserved_mib=605,
        bar1_mib=65536,
        memory_bus_bits=5120,
        sms=108,
        cores_per_sm=64,
        power=Power(100000, 400000, 400000, 52000),
        clocks=Clocks(210, 1410, 15, 1095, 210, 1290, (1215,), 1410),
        temperature=Temperature(92, 89, 85, 95),
        fans=0,
        pcie_gen=4,
        ecc_supported=True,
        ecc_default=True,
        vgpu_capable=True,
        min_driver="450.80.02",
        open_modules_possible=True,
        open_modules_required=False,
        board_part_number="692-2G506-0200-003",
        vbios="92.00.45.00.03",
        display_outputs=False,
        mig=_A100_40_MIG,
        remapper_banks=640,
        other_names=("NVIDIA A100-PG509-200",),
    ),
    # Clocks and power: DCGM #152. Thresholds as on the 40 GB card.
    Model(
        key="A100-80",
        name="NVIDIA A100-SXM4-80GB",
        pci_device_ids=(0x20B2,),
        pci_subsystem_id=0x147F,
        architecture="ampere",
        compute_capability=(8, 0),
        memory_mib=81920,
        memory_mib_other_ecc=81920,
        reserved_mib=869,
        bar1_mib=131072,
        memory_bus_bits=5120,
        sms=108,
        cores_per_sm=64,
        power=Power(100000, 400000, 400000, 60000),
        clocks=Clocks(210, 1410, 15, 1155, 210, 1290, (1593,), 1410),
        temperature=Temperature(92, 89, 85, 95),
        fans=0,
        pcie_gen=4,
        ecc_supported=True,
        ecc_default=True,
        vgpu_capable=True,
        min_driver="450.80.02",
        open_modules_possible=True,
        open_modules_required=False,
        board_part_number="692-2G506-0210-002",
        vbios="92.00.81.00.01",
        display_outputs=False,
        mig=_A100_80_MIG,
        remapper_banks=640,
        other_names=("NVIDIA PG509-210",),
    ),
    # Clocks, power and thresholds: bart #323. 46068 MiB with ECC on: quoted listings.
    Model(
        key="A6000",
        name="NVIDIA RTX A6000",
        pci_device_ids=(0x2230,),
        pci_subsystem_id=0x1459,
        architecture="ampere",
        compute_capability=(8, 6),
        memory_mib=49140,
        memory_mib_other_ecc=46068,
        reserved_mib=455,
        bar1_mib=256,
        memory_bus_bits=384,
        sms=84,
        cores_per_sm=128,
        power=Power(100000, 300000, 300000, 22000),
        clocks=Clocks(210, 2100, 15, 1800, 210, 1950, (8001, 7601, 5001, 810, 405), 420),
        temperature=Temperature(98, 95, 93, 0),
        fans=1,
        pcie_gen=4,
        ecc_supported=True,
        ecc_default=False,
        vgpu_capable=True,
        min_driver="455.45.01",
        open_modules_possible=True,
        open_modules_required=False,
        board_part_number="900-5G133-2200-000",
        vbios="94.02.5C.00.02",
        display_outputs=True,
        mig=None,
    ),
    # Quoted nvidia-smi -q -x of two L4s, driver 555.42.06; it prints margins to the limit only, thresholds derived.
    Model(
        key="L4",
        name="NVIDIA L4",
        pci_device_ids=(0x27B8,),
        pci_subsystem_id=0x16CA,
        architecture="ada",
        compute_capability=(8, 9),
        memory_mib=23034,
        memory_mib_other_ecc=24564,
        reserved_mib=434,
        bar1_mib=32768,
        memory_bus_bits=192,
        sms=58,
        cores_per_sm=128,
        power=Power(40000, 72000, 72000, 12000),
        clocks=Clocks(210, 2040, 15, 2040, 210, 1770, (6251, 405), 405),
        temperature=Temperature(89, 86, 84, 0),
        fans=0,
        pcie_gen=4,
        ecc_supported=True,
        ecc_default=True,
        vgpu_capable=True,
        min_driver="525.60.13",
        open_modules_possible=True,
        open_modules_required=False,
        board_part_number="900-2G193-0000-001",
        vbios="95.04.29.00.06",
        display_outputs=False,
        mig=None,
    ),
    # The capture (driver 595.91.07); it prints margins to the limit only, thresholds derived.
    Model(
        key="L40S",
        name="NVIDIA L40S",
        pci_device_ids=(0x26B9,),
        pci_subsystem_id=0x1851,
        architecture="ada",
        compute_capability=(8, 9),
        memory_mib=46068,
        memory_mib_other_ecc=49140,
        reserved_mib=609,
        bar1_mib=65536,
        memory_bus_bits=384,
        sms=142,
        cores_per_sm=128,
        power=Power(100000, 350000, 350000, 33000),
        clocks=Clocks(210, 2520, 15, 2520, 210, 1965, (9001, 405), 405),
        temperature=Temperature(93, 90, 88, 0),
        fans=0,
        pcie_gen=4,
        ecc_supported=True,
        ecc_default=True,
        vgpu_capable=True,
        min_driver="535.86.10",
        open_modules_possible=True,
        open_modules_required=False,
        board_part_number="900-2G133-A880-000",
        vbios="95.02.66.00.15",
        display_outputs=False,
        mig=None,
    ),
    # The capture (driver 580.105.08); thresholds derived from its margins.
    Model(
        key="H100-80",
        name="NVIDIA H100 80GB HBM3",
        pci_device_ids=(0x2330,),
        pci_subsystem_id=0x16C1,
        architecture="hopper",
        compute_capability=(9, 0),
        memory_mib=81559,
        memory_mib_other_ecc=81559,
        reserved_mib=480,
        bar1_mib=131072,
        memory_bus_bits=5120,
        sms=132,
        cores_per_sm=128,
        power=Power(200000, 700000, 700000, 70000),
        clocks=Clocks(345, 1980, 15, 1980, 345, 1545, (2619, 1593), 1980),
        temperature=Temperature(95, 89, 87, 95),
        fans=0,
        pcie_gen=5,
        ecc_supported=True,
        ecc_default=True,
        vgpu_capable=True,
        min_driver="525.85.12",
        open_modules_possible=True,
        open_modules_required=False,
        board_part_number="692-2G520-0200-000",
        vbios="96.00.99.00.01",
        display_outputs=False,
        mig=_H100_80_MIG,
        fabric=IN_HOST,
    ),
    # A quoted nvidia-smi -q (thamada/nvidia-smi, driver 550.90.12) and amazon-eks-ami #1985; thresholds derived.
    Model(
        key="H200",
        name="NVIDIA H200",
        pci_device_ids=(0x2335,),
        pci_subsystem_id=0x18BE,
        architecture="hopper",
        compute_capability=(9, 0),
        memory_mib=143771,
        memory_mib_other_ecc=143771,
        reserved_mib=700,
        bar1_mib=262144,
        memory_bus_bits=6144,
        sms=132,
        cores_per_sm=128,
        power=Power(200000, 700000, 700000, 75000),
        clocks=Clocks(345, 1980, 15, 1980, 345, 1545, (3201,), 1980),
        temperature=Temperature(95, 89, 87, 95),
        fans=0,
        pcie_gen=5,
        ecc_supported=True,
        ecc_default=True,
        vgpu_capable=True,
        min_driver="550.54.14",
        open_modules_possible=True,
        open_modules_required=False,
        board_part_number="695-2G520-0280-000",
        vbios="96.00.A5.00.03",
        display_outputs=False,
        mig=_H200_MIG,
        fabric=IN_HOST,
    ),
    # The capture (driver 580.105.08); thresholds derived from its margins.
    # Data-centre Blackwell has no proprietary modules: the open ones are required.
    Model(
        key="B200",
        name="NVIDIA B200",
        pci_device_ids=(0x2901,),
        pci_subsystem_id=0x1999,
        architecture="blackwell",
        compute_capability=(10, 0),
        memory_mib=183359,
        memory_mib_other_ecc=183359,
        reserved_mib=728,
        bar1_mib=262144,
        memory_bus_bits=8192,
        sms=148,
        cores_per_sm=128,
        power=Power(200000, 1000000, 1000000, 195000),
        clocks=Clocks(120, 1965, 7.5, 1965, 120, 1965, (3996, 3402), 1965),
        temperature=Temperature(93, 91, 88, 95),
        fans=0,
        pcie_gen=5,
        ecc_supported=True,
        ecc_default=True,
        vgpu_capable=True,
        min_driver="570.133.20",
        open_modules_possible=True,
        open_modules_required=True,
        board_part_number="692-2G525-0220-500",
        vbios="97.00.FA.00.09",
        display_outputs=False,
        mig=_B200_MIG,
        remapper_banks=3840,
        fabric=IN_HOST,
    ),
    # Server Edition. MIG: cubecos #312; memory and compute capability quoted; limits, clocks and thresholds not checked
    # against a listing of a card.
    Model(
        key="RTXPRO6000",
        name="NVIDIA RTX PRO 6000 Blackwell Server Edition",
        pci_device_ids=(0x2BB5,),
        pci_subsystem_id=0x204E,
        architecture="blackwell",
        compute_capability=(12, 0),
        memory_mib=97887,
        memory_mib_other_ecc=98304,
        reserved_mib=637,
        bar1_mib=131072,
        memory_bus_bits=512,
        sms=188,
        cores_per_sm=128,
        power=Power(300000, 600000, 600000, 35000),
        clocks=Clocks(180, 2430, 15, 2430, 180, 2430, (12481, 405), 405),
        temperature=Temperature(95, 92, 90, 0),
        fans=0,
        pcie_gen=5,
        ecc_supported=True,
        ecc_default=True,
        vgpu_capable=True,
        min_driver="575.51.03",
        open_modules_possible=True,
        open_modules_required=True,
        board_part_number="900-2G153-0000-000",
        vbios="98.02.64.00.01",
        display_outputs=False,
        mig=_RTX_PRO_6000_MIG,
    ),
)


def _variant(of: Model, key: str, name: str, device: int, subsystem: int, **differs: Any) -> Model:
    ids = {"pci_device_ids": (device,), "pci_subsystem_id": subsystem, "other_names": ()}
    return of._replace(**{"key": key, "name": name, **ids, **differs})


_BASE = {model.key: model for model in _MODELS}

# Ids and names: g_nv_name_released.h of NVIDIA's open-gpu-kernel-modules 595.45.04.  Memory and default power limit:
# quoted nvidia-smi, but for A800, H800, H200 NVL and the RTX PRO 6000 Workstation and Max-Q: those of the same card
# with faster links, or of NVIDIA's data sheets.  GB200, GB300: captures of nvidia-smi -q -x.  Clocks and lowest power
# limits of the others, and what is not in a row but the base's (thresholds, part numbers), are not checked against a
# listing of the card; only the simulator uses them.
_A800_40 = _variant(
    _BASE["A100-40"],
    "A800-40",
    "NVIDIA A800-SXM4-40GB",
    0x20BD,
    0x17F4,
    min_driver="535.54.03",
    mig=_A100_40_MIG._replace(min_driver="535.54.03"),
)
_A100_80_PCIE = _variant(
    _BASE["A100-80"],
    "A100-80-PCIE",
    "NVIDIA A100 80GB PCIe",
    0x20B5,
    0x1533,
    power=Power(150000, 300000, 300000, 45000),
    clocks=Clocks(210, 1410, 15, 1065, 210, 1290, (1512,), 1410),
)
_H100_PCIE = _variant(
    _BASE["H100-80"],
    "H100-80-PCIE",
    "NVIDIA H100 PCIe",
    0x2331,
    0x1626,
    sms=114,
    power=Power(200000, 350000, 350000, 51000),
    clocks=Clocks(345, 1755, 15, 1755, 345, 1545, (1593,), 1755),
    min_driver="520.56.06",
    mig=_H100_PCIE_MIG,
    fabric=None,
)
_H100_NVL = _variant(
    _BASE["H100-80"],
    "H100-NVL",
    "NVIDIA H100 NVL",
    0x2321,
    0x1839,
    memory_mib=95830,
    memory_mib_other_ecc=95830,
    memory_bus_bits=6144,
    power=Power(200000, 400000, 400000, 65000),
    clocks=Clocks(345, 1785, 15, 1785, 345, 1545, (2619, 1593), 1785),
    min_driver="535.54.03",
    mig=_H100_NVL_MIG,
    fabric=None,
)
_VARIANTS: Tuple[Model, ...] = (
    _variant(
        _BASE["A100-40"],
        "A100-40-PCIE",
        "NVIDIA A100-PCIE-40GB",
        0x20F1,
        0x145F,
        power=Power(150000, 250000, 250000, 35000),
        clocks=Clocks(210, 1410, 15, 765, 210, 1290, (1215,), 1410),
    ),
    _A100_80_PCIE,
    _A800_40,
    _variant(
        _A800_40,
        "A800-40-ACTIVE",
        "NVIDIA A800 40GB Active",
        0x20F6,
        0x180A,
        power=Power(100000, 240000, 240000, 35000),
        fans=1,
    ),
    _variant(_BASE["A100-80"], "A800-80", "NVIDIA A800-SXM4-80GB", 0x20F3, 0x179B),
    _variant(
        _A100_80_PCIE,
        "A800-80-PCIE",
        "NVIDIA A800 80GB PCIe",
        0x20F5,
        0x1799,
        other_names=("NVIDIA A800 80GB PCIe LC",),
    ),
    _H100_PCIE,
    _H100_NVL,
    _variant(_BASE["H100-80"], "H800-80", "NVIDIA H800", 0x2324, 0x17A6),
    _variant(_H100_PCIE, "H800-80-PCIE", "NVIDIA H800 PCIe", 0x2322, 0x17A4, min_driver="525.85.12"),
    _variant(_H100_NVL, "H800-NVL", "NVIDIA H800 NVL", 0x233A, 0x183A),
    _variant(
        _BASE["H100-80"],
        "H20",
        "NVIDIA H20",
        0x2329,
        0x198B,
        sms=78,
        memory_mib=97871,
        memory_mib_other_ecc=97871,
        memory_bus_bits=6144,
        power=Power(200000, 500000, 500000, 72000),
        min_driver="535.54.03",
        mig=_H20_MIG,
    ),
    _variant(
        _BASE["H100-80"],
        "GH200-96",
        "NVIDIA GH200 480GB",
        0x2342,
        0x1809,
        memory_mib=97871,
        memory_mib_other_ecc=97871,
        memory_bus_bits=6144,
        power=Power(200000, 900000, 900000, 76000),
        min_driver="535.54.03",
        open_modules_required=True,
        mig=_GH200_96_MIG,
        other_names=("NVIDIA GH200 120GB",),
        fabric=None,
    ),
    _variant(
        _BASE["H200"],
        "GH200-144",
        "NVIDIA GH200 144G HBM3e",
        0x2348,
        0x18D2,
        memory_mib=146831,
        memory_mib_other_ecc=146831,
        power=Power(200000, 900000, 900000, 76000),
        min_driver="565.57.01",
        open_modules_required=True,
        mig=_GH200_144_MIG,
        fabric=None,
    ),
    # MIG as on the H200: cubecos #312.
    _variant(
        _BASE["H200"],
        "H200-NVL",
        "NVIDIA H200 NVL",
        0x233B,
        0x1996,
        power=Power(200000, 600000, 600000, 75000),
        clocks=Clocks(345, 1785, 15, 1785, 345, 1545, (3201,), 1785),
        min_driver="565.57.01",
        mig=_H200_MIG._replace(min_driver="565.57.01"),
        fabric=None,
    ),
    _variant(
        _BASE["B200"],
        "GB200",
        "NVIDIA GB200",
        0x2941,
        0x2046,
        sms=152,
        memory_mib=189471,
        memory_mib_other_ecc=189471,
        reserved_mib=742,
        power=Power(200000, 1200000, 1200000, 160000),
        clocks=Clocks(120, 2062, 7.5, 2062, 120, 1890, (3996,), 2062),
        temperature=Temperature(92, 89, 87, 95),
        board_part_number="900-2G548-A801-000",
        vbios="97.00.B9.00.69",
        remapper_banks=3968,
        mig=_GB200_MIG,
        fabric=IN_RACK,
    ),
    _variant(
        _BASE["B200"],
        "B300",
        "NVIDIA B300 SXM6 AC",
        0x3182,
        0x20E6,
        compute_capability=(10, 3),
        memory_mib=275040,
        memory_mib_other_ecc=275040,
        power=Power(200000, 1100000, 1100000, 180000),
        min_driver="580.65.06",
        mig=_B300_MIG,
    ),
    _variant(
        _BASE["B200"],
        "GB300",
        "NVIDIA GB300",
        0x31C2,
        0x21F1,
        compute_capability=(10, 3),
        sms=152,
        memory_mib=284208,
        memory_mib_other_ecc=284208,
        reserved_mib=947,
        bar1_mib=524288,
        power=Power(200000, 1400000, 1400000, 172000),
        clocks=Clocks(120, 2070, 7.5, 2070, 120, 1912, (3996,), 2070),
        temperature=Temperature(92, 89, 87, 95),
        pcie_gen=6,
        board_part_number="900-2G548-0081-000",
        vbios="97.10.4A.00.1A",
        remapper_banks=5952,
        min_driver="580.65.06",
        mig=_GB300_MIG,
        fabric=IN_RACK,
    ),
    # MIG as on the Server Edition: NVIDIA's MIG user guide.
    _variant(
        _BASE["RTXPRO6000"],
        "RTXPRO6000-WS",
        "NVIDIA RTX PRO 6000 Blackwell Workstation Edition",
        0x2BB1,
        0x204B,
        power=Power(150000, 600000, 600000, 15000),
        fans=1,
        min_driver="570.133.07",
        display_outputs=True,
    ),
    _variant(
        _BASE["RTXPRO6000"],
        "RTXPRO6000-MAXQ",
        "NVIDIA RTX PRO 6000 Blackwell Max-Q Workstation Edition",
        0x2BB4,
        0x204C,
        power=Power(250000, 300000, 300000, 15000),
        fans=1,
        min_driver="570.133.07",
        display_outputs=True,
    ),
)

MODELS = _MODELS + _VARIANTS

_BY_KEY: Dict[str, Model] = {model.key: model for model in MODELS}
_BY_NAME: Dict[str, Model] = {name: model for model in MODELS for name in (model.name, *model.other_names)}
_BY_PCI: Dict[int, Model] = {device: model for model in MODELS for device in model.pci_device_ids}


def keys() -> Tuple[str, ...]:
    return tuple(model.key for model in MODELS)


def by_key(key: str) -> Optional[Model]:
    return _BY_KEY.get(key)


def by_name(name: str) -> Optional[Model]:
    """The model NVML names so; the match is exact, since names of different cards begin alike."""
    return _BY_NAME.get(name)


def by_pci_device(device: int, vendor: int = PCI_VENDOR_NVIDIA) -> Optional[Model]:
    return _BY_PCI.get(device) if vendor == PCI_VENDOR_NVIDIA else None
