# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the configuration files of nvidia-mig-parted 0.15 ask of their cards.

Derived from config-default.yaml and the examples there: profiles and how many of each, by the cards that they are for.
"""

from __future__ import annotations

AMPERE_40 = ("A100-40", "A100-40-PCIE", "A800-40", "A800-40-ACTIVE")
AMPERE_80 = ("A100-80", "A100-80-PCIE", "A800-80", "A800-80-PCIE")
HOPPER_80 = ("H100-80", "H100-80-PCIE", "H800-80", "H800-80-PCIE")
NVL_94 = ("H100-NVL", "H800-NVL")
WITH_96 = ("GH200-96", "H20")
WITH_141 = ("H200", "H200-NVL")
RTX = ("RTXPRO6000", "RTXPRO6000-WS", "RTXPRO6000-MAXQ")

# Each all-PROFILE, and all-balanced at the end
FILES = (
    (("A30",), "4x1g.6gb 1x1g.6gb+me 2x2g.12gb 1x2g.12gb+me 1x4g.24gb", "2x1g.6gb 1x2g.12gb"),
    (
        AMPERE_40,
        "7x1g.5gb 1x1g.5gb+me 4x1g.10gb 3x2g.10gb 2x3g.20gb 1x4g.20gb 1x7g.40gb",
        "2x1g.5gb 1x2g.10gb 1x3g.20gb",
    ),
    (
        AMPERE_80 + HOPPER_80,
        "7x1g.10gb 1x1g.10gb+me 4x1g.20gb 3x2g.20gb 2x3g.40gb 1x4g.40gb 1x7g.80gb",
        "2x1g.10gb 1x2g.20gb 1x3g.40gb",
    ),
    (
        NVL_94,
        "7x1g.12gb 1x1g.12gb+me 4x1g.24gb 3x2g.24gb 2x3g.47gb 1x4g.47gb 1x7g.94gb",
        "2x1g.12gb 1x2g.24gb 1x3g.47gb",
    ),
    (
        WITH_96,
        "7x1g.12gb 1x1g.12gb+me 4x1g.24gb 3x2g.24gb 2x3g.48gb 1x4g.48gb 1x7g.96gb",
        "2x1g.12gb 1x2g.24gb 1x3g.48gb",
    ),
    (
        WITH_141,
        "7x1g.18gb 1x1g.18gb+me 4x1g.35gb 3x2g.35gb 2x3g.71gb 1x4g.71gb 1x7g.141gb",
        "2x1g.18gb 1x2g.35gb 1x3g.71gb",
    ),
    (
        ("GH200-144",),
        "7x1g.18gb 1x1g.18gb+me 4x1g.36gb 3x2g.36gb 2x3g.72gb 1x4g.72gb 1x7g.144gb",
        "2x1g.18gb 1x2g.36gb 1x3g.72gb",
    ),
    (
        ("B200",),
        "7x1g.23gb 1x1g.23gb+me 4x1g.45gb 3x2g.45gb 2x3g.90gb 1x4g.90gb 1x7g.180gb",
        "2x1g.23gb 1x2g.45gb 1x3g.90gb",
    ),
    (
        ("GB200",),
        "7x1g.23gb 1x1g.23gb+me 4x1g.47gb 3x2g.47gb 2x3g.93gb 1x4g.93gb 1x7g.186gb",
        "2x1g.23gb 1x2g.47gb 1x3g.93gb",
    ),
    (
        ("B300",),
        "7x1g.34gb 1x1g.34gb+me 4x1g.67gb 3x2g.67gb 2x3g.135gb 1x4g.135gb 1x7g.269gb",
        "2x1g.34gb 1x2g.67gb 1x3g.135gb",
    ),
    (
        ("GB300",),
        "7x1g.35gb 1x1g.35gb+me 4x1g.70gb 3x2g.70gb 2x3g.139gb 1x4g.139gb 1x7g.278gb",
        "2x1g.35gb 1x2g.70gb 1x3g.139gb",
    ),
    (
        RTX,
        "4x1g.24gb 1x1g.24gb+me 4x1g.24gb+gfx 1x1g.24gb+me.all 4x1g.24gb-me 2x2g.48gb 2x2g.48gb+gfx 1x2g.48gb+me.all "
        "2x2g.48gb-me 1x4g.96gb 1x4g.96gb+gfx",
        "2x1g.24gb 1x2g.48gb",
    ),
)


def counts(wanted):
    """By profile, of words such as 7x1g.5gb."""
    return {name: int(count) for count, _x, name in (one.partition("x") for one in wanted)}
