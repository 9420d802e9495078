# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a layer has put on a host: whose a file is, and which holds are the layer's."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common import footprint


@pytest.mark.parametrize(
    "text, ours",
    [
        ("# Written by the Ansible collection edgesite.gpu; changes are overwritten.\n[Unit]\n", True),
        ("# Written by edgesite.gpu.nvidia_driver\nPackage: *\n", True),
        ("// Written by edgesite.gpu.nvidia_driver\n", True),
        ("#!/bin/sh\n# Written by the Ansible collection edgesite.gpu; changes are overwritten.\n", True),
        ("[Service]\nNice=5\n# edgesite.gpu\n", False),
        ("", False),
    ],
)
def test_a_file_says_at_its_beginning_whose_it_is(text, ours):
    there = {"/etc/one": text}
    assert footprint.is_marked(text) == ours
    assert bool(footprint.marked(there)) == ours and bool(footprint.strangers(there)) != ours


def test_only_what_is_noted_and_held_is_let_go():
    assert footprint.holds("/note", None, ["a"]) is None
    assert footprint.holds("/note", "b\na\ngone\n", ["a", "b", "users"]) == ("/note", "b\na\ngone\n", ("a", "b"))


def test_packages_are_named_with_what_removes_them():
    assert footprint.packages([], True) == ()
    (kept,) = footprint.packages(["b", "a"], True)
    assert kept.what == "packages: a b" and kept.by_hand == "apt-get purge a b"
    assert footprint.packages(["a"], False)[0].by_hand == "dnf remove a"
