# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.driver.holders import Holder, holders
from ansible_collections.edgesite.gpu.plugins.module_utils.machine.modules import ModuleUse

UVM = ModuleUse("nvidia_uvm", 0, ())
MAIN = ModuleUse("nvidia", 1, ("nvidia_uvm",))


@pytest.mark.parametrize(
    "name, kind, blocks",
    [
        ("python3", "process", True),
        ("/usr/bin/dcgm-exporter", "process", True),
        (None, "process", True),
        ("Xorg", "display", True),
        ("/usr/lib/xorg/Xorg", "display", True),
        ("nvidia-persistenced", "service", False),
        ("nvidia-persiste", "service", False),
        ("/usr/bin/nv-fabricmanager", "service", False),
        ("nvidia", "process", True),
    ],
)
def test_processes(name, kind, blocks):
    assert holders({7: name}, [MAIN, UVM]) == [
        Holder(7, name, kind, blocks),
        Holder(None, "nvidia_uvm", "module", False),
    ]


def test_processes_come_by_pid():
    assert [holder.pid for holder in holders({20: "b", 3: "a"}, [])] == [3, 20]


@pytest.mark.parametrize(
    "use, blocks",
    [
        (UVM, False),
        (ModuleUse("nvidia_drm", 1, ()), True),  # the console
        (ModuleUse("nvidia_modeset", 1, ("nvidia_drm",)), False),
        (ModuleUse("nvidia_modeset", None, ()), False),
        (ModuleUse("gdrdrv", 0, ()), True),  # comes with something else, which wants it
    ],
)
def test_modules(use, blocks):
    assert holders({}, [use]) == [Holder(None, use.name, "module", blocks)]


def test_a_process_accounts_for_the_use_of_a_module():
    assert not holders({7: "nvidia-persistenced"}, [ModuleUse("nvidia_uvm", 2, ())])[1].blocks


def test_the_main_module_is_told_only_where_something_unseen_holds_it():
    assert holders({}, [MAIN]) == []
    assert holders({}, [ModuleUse("nvidia", 2, ("nvidia_uvm",))]) == [Holder(None, "nvidia", "module", True)]


def test_labels():
    assert [holder.label for holder in holders({7: "train", 8: None}, [UVM])] == [
        "train (pid 7)",
        "a process (pid 8)",
        "module nvidia_uvm",
    ]
