# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the layer driver keeps beside packages."""

from __future__ import annotations

from ansible_collections.edgesite.gpu.plugins.module_utils.driver import files, footprint


def test_every_file_and_link_of_the_driver_is_decided_on():
    """But for the note in memory that a service is to restart."""
    decided = {*footprint.MARKED, *footprint.PLAIN, files.NOUVEAU, files.DNF_STREAM, files.HOLDS, files.RESTART}
    assert set(files.paths()) == decided and set(footprint.read()) == decided - {files.RESTART}


def test_what_packages_need_stays_and_is_named():
    links = dict.fromkeys(files.links(), "/lib/systemd/system/one.service")
    kept = footprint.kept(["libcuda1"], {files.NOUVEAU: "blacklist nouveau\n"}, links, footprint.masks()[:1])
    what = [entry.what for entry in kept]
    assert what == ["packages: libcuda1", files.NOUVEAU, *sorted(files.links()), footprint.masks()[0]]
    assert kept[-1].by_hand == "systemctl unmask nvidia-persistenced.service"
    assert footprint.kept([], {}, {}, []) == ()


def test_work_that_an_earlier_run_left_is_told():
    kept = footprint.kept([], {files.TRANSACTION: "", files.INITRAMFS: ""}, {}, [])
    assert [entry.what for entry in kept] == [
        "driver packages that may be incomplete",
        "an outdated initramfs",
    ]


def test_persistence_stays_where_the_drop_in_set_it():
    assert footprint.in_force({}) == ()
    (told,) = footprint.in_force({files.PERSISTENCED_DROP_IN: "[Service]\n"})
    assert told.reboot and told.by_hand == "nvidia-smi -pm 0"
