# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common import effects
from ansible_collections.edgesite.gpu.plugins.module_utils.common.effects import (
    EnableUnit,
    Link,
    MaskUnit,
    ReadUnits,
    RenewUnit,
    RunUnit,
    WriteFile,
)
from hypothesis import given
from hypothesis import strategies as st

PLACES = st.dictionaries(st.sampled_from(["/a", "/b", "/c"]), st.sampled_from([None, "one", "two"]))


@given(PLACES, PLACES, PLACES, PLACES)
def test_files_and_links_come_to_what_is_wanted_and_back(wanted, there, targets, links):
    there, links = ({**dict.fromkeys(want), **found} for want, found in ((wanted, there), (targets, links)))
    actions = [*effects.writes(wanted, there), *effects.links(targets, links)]
    files, pointed = effects.files_after(there, actions), effects.links_after(links, actions)
    assert files == {**there, **wanted} and pointed == {**links, **targets}
    assert effects.writes(wanted, files) == effects.links(targets, pointed) == []
    back = [effects.undo(action) for action in reversed(actions)]
    assert effects.files_after(files, back) == there and effects.links_after(pointed, back) == links


@pytest.mark.parametrize(
    ("effect", "words"),
    [
        (WriteFile("/a", "x", None), "write /a"),
        (WriteFile("/a", "x", "y"), "replace /a"),
        (WriteFile("/a", None, "y"), "remove /a"),
        (WriteFile("/etc/fstab", "x", "y", does="write /srv in /etc/fstab"), "write /srv in /etc/fstab"),
        (Link("/a", "b", None), "link /a to b"),
        (Link("/a", None, "b"), "remove /a"),
        (EnableUnit("a.service", True), "enable a.service"),
        (EnableUnit("a.service", False), "disable a.service"),
        (MaskUnit("a.service", True), "mask a.service"),
        (MaskUnit("a.service", False), "unmask a.service"),
        (RunUnit("a.service", True), "start a.service"),
        (RunUnit("a.service", False), "stop a.service"),
        (RenewUnit("a.service", "restart"), "restart a.service"),
        (ReadUnits(), "reload systemd's units"),
    ],
)
def test_words(effect, words):
    assert effects.describe(effect) == words
    assert effects.undo(effects.undo(effect)) == effect


def test_files_that_systemd_takes_notice_of():
    noticed = ["/etc/systemd/system/a.service", "/etc/systemd/system/a.service.d/b.conf", "/etc/crypttab", "/etc/fstab"]
    assert all(effects.is_unit_file(path) for path in noticed)
    assert not effects.is_unit_file("/etc/edgesite-gpu/mig.json")
