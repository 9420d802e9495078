# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.clients import Client
from ansible_collections.edgesite.gpu.plugins.module_utils.mig import in_use
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.drm import Drm
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.in_use import Kernel
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.mig.cases import card

GPU = card().gpu
WATCHER = Client(9, "nv-hostengine")
HELD = Drm(True, parameters=("modeset=Y",), driver="550.163.01")
UNLOAD = "Set mig_unload_drm: true (the option unload_drm), which unloads nvidia_drm for the reset and loads it again."
QUIESCE = "list services that only monitor the card in mig_quiesce (the option quiesce)"


@pytest.mark.parametrize(
    ("clients", "kernel", "reset", "told"),
    [
        ([WATCHER], in_use.NOTHING, False, "nv-hostengine (pid 9). Stop them or wait for them, and run again."),
        (
            [WATCHER],
            Kernel(HELD, ("nvidia_drm",)),
            True,
            "nv-hostengine (pid 9), the kernel module nvidia_drm. Stop them or wait for them, and run again; "
            + QUIESCE
            + "; "
            + UNLOAD.replace("Set", "set"),
        ),
        (
            [],
            Kernel(replace(HELD, clients=(Client(7, "Xorg", unit="gdm.service"),)), ()),
            True,
            "the kernel module nvidia_drm, which is in use by Xorg (pid 7, gdm.service). " + UNLOAD,
        ),
        (
            [],
            Kernel(Drm(True), ("gdrdrv", "nvidia_peermem")),
            True,
            "by something that NVML does not list (kernel modules that use the driver: gdrdrv, nvidia_peermem). Stop "
            "what monitors the card, such as dcgm or an exporter, and run again; unload these modules with 'modprobe "
            "--remove gdrdrv nvidia_peermem'; " + QUIESCE + ".",
        ),
        (
            [],
            in_use.NOTHING,
            False,
            "by something that NVML does not list. Stop what monitors the card, such as dcgm or an exporter, and run "
            "again.",
        ),
    ],
)
def test_who_has_the_card_and_what_to_do(clients, kernel, reset, told):
    error = in_use.error("in use", GPU, clients, kernel, reset)
    assert str(error) == "in use: " + told
    names = [client.name for client in clients] + (["nvidia_drm"] if kernel.drm.holds else [])
    assert [holder["name"] for holder in error.details["holders"]] == names
