# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes stay, with the lines that open them."""

from __future__ import annotations

from ansible_collections.edgesite.gpu.plugins.module_utils.storage import footprint, plan

OURS = ("models", "UUID=7e57", *plan.CRYPTTAB_END)


def test_volumes_of_this_collection_are_named_and_no_others():
    crypttab = "# a comment\n" + "\t".join(OURS) + "\nswap /dev/sda2 /dev/urandom swap\nshort\n"
    (kept,) = footprint.kept(crypttab, "/dev/mapper/models\t/srv/models\text4\tnofail\t0\t2\n")
    assert kept.what == "volume models (UUID=7e57)"
    assert "umount /srv/models; cryptsetup close models" in kept.by_hand


def test_volume_that_is_not_in_fstab_is_named_too():
    (kept,) = footprint.kept("\t".join(OURS) + "\n", "")
    assert "umount" not in kept.by_hand and "cryptsetup close models" in kept.by_hand
