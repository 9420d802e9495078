# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of the GPU models: the only copy in the collection.

What a card reports at run time beats this page: modules read power limits, clocks and MIG profiles from NVML and
use the catalogue for what must be known before there is a driver (which packages, which layouts can exist at all).

Where a figure comes from is said at each model.  "Quoted" means a listing of nvidia-smi on a real card, quoted in a
public repository or issue; a "capture" is the whole nvidia-smi -q -x of a real node in NVIDIA/k8s-test-infra, below
tests/e2e/go/assertions/nvidiasmi/testdata/hardware; "derived" means worked out from other figures here and not seen on
a card.
"""

from __future__ import annotations

from typing import Dict, NamedTuple, Optional, Tuple

PCI_VENDOR_NVIDIA = 0x10DE


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


def _seven_slices(
    names: Tuple[str, str, str, str, str, str],
    memory: Tuple[int, int, int, int, int, int],
    sms: Tuple[int, int, int, int, int, int],
    engines: Tuple[Tuple[int, int, int], ...],
    media: Tuple[int, int, int],
) -> Tuple[MigProfile, ...]:
    """The profiles of the cards with 7 compute and 8 memory slices.

    Order of the columns: 1g, 1g with double memory, 2g, 3g, 4g, 7g.  `engines` holds (copy, decoders, JPEG) for each,
    `media` the same for 1g+me.  Placements and the order the driver fills them in: NVIDIA's MIG user guide
    (1g at 6,4,5,0,1,2,3; 2g and 3g at 4 first); the double-memory order is derived from it.
    """
    one = (6, 4, 5, 0, 1, 2, 3)

    def profile(
        column: int,
        constant: int,
        profile_id: int,
        slices: int,
        count: int,
        size: int,
        order: Tuple[int, ...],
        ofas: int,
    ) -> MigProfile:
        copy, decoders, jpegs = engines[column]
        return MigProfile(
            constant,
            profile_id,
            names[column],
            slices,
            memory[column],
            sms[column],
            copy,
            decoders,
            0,
            jpegs,
            ofas,
            count,
            size,
            order,
        )

    plus_media = MigProfile(
        7, 20, names[0] + "+me", 1, memory[0], sms[0], media[0], media[1], 0, media[2], 1, 1, 1, one
    )
    return (
        profile(0, 0, 19, 1, 7, 1, one, 0),
        plus_media,
        profile(1, 9, 15, 1, 4, 2, (6, 4, 0, 2), 0),
        profile(2, 1, 14, 2, 3, 2, (4, 0, 2), 0),
        profile(3, 2, 9, 3, 2, 4, (4, 0), 0),
        profile(4, 3, 5, 4, 1, 4, (0,), 0),
        profile(5, 4, 0, 7, 1, 8, (0,), 1),
    )


# (copy, decoders, JPEG) for 1g, 1g double, 2g, 3g, 4g, 7g.  A100: nvidia-smi -lgip in NVIDIA's MIG user guide.
# H100, H200: mig-parted #120.  B200: mig-parted #166 and #187; copy engines of 3g and up derived (two per slice).
_AMPERE_ENGINES = ((1, 0, 0), (1, 1, 0), (2, 1, 0), (3, 2, 0), (4, 2, 0), (7, 5, 1))
_HOPPER_ENGINES = ((1, 1, 1), (1, 1, 1), (2, 2, 2), (3, 3, 3), (4, 4, 4), (8, 7, 7))
_BLACKWELL_ENGINES = ((2, 1, 1), (2, 1, 1), (4, 2, 2), (6, 3, 3), (8, 4, 4), (16, 7, 7))

# Seen on an A100: what MIG memory a 7g keeps for itself differs by driver; these are R470 to R510 listings.
_A100_40_MIG = Mig(
    7,
    8,
    True,
    True,
    "450.80.02",
    _seven_slices(
        ("1g.5gb", "1g.10gb", "2g.10gb", "3g.20gb", "4g.20gb", "7g.40gb"),
        (4864, 9856, 9856, 19968, 19968, 40192),
        (14, 14, 28, 42, 56, 98),
        _AMPERE_ENGINES,
        (1, 1, 1),
    ),
)
_A100_80_MIG = Mig(
    7,
    8,
    True,
    True,
    "450.80.02",
    _seven_slices(
        ("1g.10gb", "1g.20gb", "2g.20gb", "3g.40gb", "4g.40gb", "7g.80gb"),
        (9728, 19968, 19968, 40192, 40192, 80640),
        (14, 14, 28, 42, 56, 98),
        _AMPERE_ENGINES,
        (1, 1, 1),
    ),
)
_H100_80_MIG = Mig(
    7,
    8,
    False,
    False,
    "525.85.12",
    _seven_slices(
        ("1g.10gb", "1g.20gb", "2g.20gb", "3g.40gb", "4g.40gb", "7g.80gb"),
        (9984, 20096, 20096, 40448, 40448, 81152),
        (16, 26, 32, 60, 64, 132),
        _HOPPER_ENGINES,
        (1, 1, 1),
    ),
)
_H200_MIG = Mig(
    7,
    8,
    False,
    False,
    "550.54.14",
    _seven_slices(
        ("1g.18gb", "1g.35gb", "2g.35gb", "3g.71gb", "4g.71gb", "7g.141gb"),
        (16384, 33024, 33024, 71168, 71168, 143360),
        (16, 26, 32, 60, 64, 132),
        _HOPPER_ENGINES,
        (1, 1, 1),
    ),
)
# 3g, 4g and 7g: memory derived from the 2g's 44.25 GiB per quarter; SMs of 4g and 7g from 18 per slice, 148 whole.
_B200_MIG = Mig(
    7,
    8,
    False,
    False,
    "570.133.20",
    _seven_slices(
        ("1g.23gb", "1g.45gb", "2g.45gb", "3g.90gb", "4g.90gb", "7g.180gb"),
        (20992, 45312, 45312, 91136, 91136, 182272),
        (18, 30, 36, 70, 72, 148),
        _BLACKWELL_ENGINES,
        (2, 1, 1),
    ),
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

MODELS: Tuple[Model, ...] = (
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

_BY_KEY: Dict[str, Model] = {model.key: model for model in MODELS}
_BY_NAME: Dict[str, Model] = {model.name: model for model in MODELS}
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
