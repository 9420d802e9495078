# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every action of every domain says what it interrupts."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from typing import TypeVar, get_args

import pytest
import yaml
from ansible_collections.edgesite.gpu.plugins.module_utils import converge as converging
from ansible_collections.edgesite.gpu.plugins.module_utils.boot import tools
from ansible_collections.edgesite.gpu.plugins.module_utils.common import disruption, effects, quiesce
from ansible_collections.edgesite.gpu.plugins.module_utils.common.clients import Client
from ansible_collections.edgesite.gpu.plugins.module_utils.converge import Domain
from ansible_collections.edgesite.gpu.plugins.module_utils.driver import actions as driver
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu import settings
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu import unwanted as gpu_unwanted
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.changed import Entry
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.selectors import GpuId
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson import clocks, fan, jetpack_actions, nvpmodel
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson.nvpmodel_conf import Mode
from ansible_collections.edgesite.gpu.plugins.module_utils.mig import actions as mig
from ansible_collections.edgesite.gpu.plugins.module_utils.mig import drm
from ansible_collections.edgesite.gpu.plugins.module_utils.mig import unwanted as mig_unwanted
from ansible_collections.edgesite.gpu.plugins.module_utils.site import removal
from ansible_collections.edgesite.gpu.plugins.module_utils.storage import volume as storage
from ansible_collections.edgesite.gpu.plugins.module_utils.storage.luks2 import Seal
from ansible_collections.edgesite.gpu.plugins.module_utils.tls import services as tls
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm import key as tpm
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.mig.cases import profile

PLUGINS = "ansible_collections.edgesite.gpu.plugins."
FOLDER = Path(converging.__file__).parent

NONE = {"disruption": "none", "of": []}
ALL_RESET = {"disruption": "reset", "of": ["all GPUs"]}
GPU = GpuId(0, "GPU-0", "0000:17:00.0", "A100")
OF_GPU = ["GPU 0 A100 (GPU-0, 0000:17:00.0)"]
FILE = effects.WriteFile("/etc/x", "new", "old")
ACCESS = tpm.Access("root", "tss", 0o640)
VOLUME = storage.Volume("models", "/dev/disk/by-id/nvme-1", "/models", "ext4", "aes-256-xts", "noatime", "u")
MODE = Mode(1, "7W", ())
ONE = profile("1g.5gb")


def restart(unit):
    return {"disruption": "restart", "of": [unit]}


# By its class, each action with what it interrupts
ACTIONS = {
    effects.WriteFile: [(FILE, NONE)],
    effects.Link: [(effects.Link("/x", "/y", None), NONE)],
    effects.EnableUnit: [(effects.EnableUnit("x.service", True), NONE)],
    effects.MaskUnit: [(effects.MaskUnit("x.service", True), NONE)],
    effects.RunUnit: [
        (effects.RunUnit("x.service", True), NONE),
        (effects.RunUnit("x.service", False), restart("x.service")),
    ],
    effects.RenewUnit: [
        (effects.RenewUnit("x.service", "reload"), NONE),
        (effects.RenewUnit("x.service", "restart"), restart("x.service")),
        (effects.RenewUnit("x.service", "try-restart"), restart("x.service")),
        (effects.RenewUnit("x.service", "try-reload-or-restart"), restart("x.service")),
    ],
    effects.ReadUnits: [(effects.ReadUnits(), NONE)],
    quiesce.SwitchUnit: [
        (quiesce.SwitchUnit("dcgm.service", True), NONE),
        (quiesce.SwitchUnit("dcgm.service", False), restart("dcgm.service")),
    ],
    driver.GetKey: [(driver.GetKey("/x", "https://x", "F", None, "get it"), NONE)],
    driver.Install: [
        (driver.Install(None, (), "install it"), NONE),
        (driver.Install(None, (), "upgrade it", disruption.RESET), ALL_RESET),
        (driver.Install(None, (), "upgrade it", disruption.REBOOT), {"disruption": "reboot", "of": []}),
    ],
    driver.Remove: [
        (driver.Remove(("x",), ("x=1",)), NONE),
        (driver.Remove(("x",), ("x=1",), used=True), ALL_RESET),
    ],
    driver.RunTriggers: [(driver.RunTriggers(FILE), NONE)],
    driver.Hold: [(driver.Hold(("x",), True, FILE), NONE)],
    driver.TellService: [
        (driver.TellService("nvidia-persistenced.service", FILE), restart("nvidia-persistenced.service")),
        (driver.TellService("nvidia-persistenced.service", None), restart("nvidia-persistenced.service")),
    ],
    driver.RebuildInitramfs: [(driver.RebuildInitramfs(), NONE)],
    driver.Reload: [
        (driver.Reload((), (), ("nvidia",), (), "load it"), NONE),
        (driver.Reload((), ("nvidia",), ("nvidia",), (), "load it"), ALL_RESET),
    ],
    jetpack_actions.Install: [
        (jetpack_actions.Install(True, (), False, (), "upgrade"), {"disruption": "reboot", "of": []}),
        (jetpack_actions.Install(False, ("x",), False, (), "install"), NONE),
    ],
    jetpack_actions.Hold: [(jetpack_actions.Hold(("x",), FILE), NONE)],
    jetpack_actions.ConfigureRuntime: [
        (jetpack_actions.ConfigureRuntime("docker", "/etc/docker/daemon.json"), NONE),
        (jetpack_actions.ConfigureRuntime("containerd"), restart("containerd.service")),
    ],
    jetpack_actions.WriteCdi: [(jetpack_actions.WriteCdi(), NONE)],
    nvpmodel.WriteModes: [(nvpmodel.WriteModes(("x",), "", "", None), NONE)],
    nvpmodel.SetMode: [
        (nvpmodel.SetMode(MODE, "now", (), None, 0), NONE),
        (nvpmodel.SetMode(MODE, "boot", ("CPU_ONLINE",), None, 0), NONE),
    ],
    nvpmodel.ReleaseClocks: [(nvpmodel.ReleaseClocks(), NONE)],
    clocks.Lock: [(clocks.Lock(), NONE), (clocks.Lock(fan=True), restart("nvfancontrol.service"))],
    clocks.Restore: [(clocks.Restore(), NONE)],
    fan.SetProfile: [(fan.SetProfile("cool", "", ""), restart("nvfancontrol.service"))],
    settings.Change: [
        (settings.Change(GPU, "ecc", True, False), NONE),
        (settings.Change(GPU, "power_limit", 250000, 300000), NONE),
    ],
    gpu_unwanted.Forget: [(gpu_unwanted.Forget(GPU, "ecc", True, Entry(True, (False,))), NONE)],
    mig.SetMode: [
        (mig.SetMode(GPU, True, False, resets=True), {"disruption": "reset", "of": OF_GPU}),
        (mig.SetMode(GPU, True, False), NONE),
        (mig.SetMode(GPU, True, False, waits=True), NONE),
    ],
    mig.MakeGpuInstance: [
        (mig.MakeGpuInstance(GPU, ONE, 0, True), NONE),
        (mig.MakeGpuInstance(GPU, ONE, 0, False), {"disruption": "destroy", "of": OF_GPU}),
    ],
    mig.MakeComputeInstance: [
        (mig.MakeComputeInstance(GPU, ONE, 0, 1, 0, True), NONE),
        (mig.MakeComputeInstance(GPU, ONE, 0, 1, 0, False), {"disruption": "destroy", "of": OF_GPU}),
    ],
    mig.MakeLater: [(mig.MakeLater(GPU, "2x 3g.20gb"), NONE)],
    mig.EndClient: [
        (mig.EndClient(GPU, Client(7, "x")), {"disruption": "reset", "of": ["x (pid 7)"]}),
    ],
    mig_unwanted.Forget: [(mig_unwanted.Forget(GPU, Entry(True, (False,))), NONE)],
    drm.SwitchModule: [(drm.SwitchModule(False, ()), NONE), (drm.SwitchModule(True, ()), NONE)],
    tools.Install: [(tools.Install("new", "old"), NONE)],
    storage.Format: [
        (storage.Format(VOLUME, "/dev/sdb", "", ""), NONE),
        (
            storage.Format(VOLUME, "/dev/sdb", "", "ext4"),
            {"disruption": "wipe", "of": ["/dev/disk/by-id/nvme-1"]},
        ),
    ],
    storage.Unseal: [(storage.Unseal(VOLUME, "/dev/sdb"), NONE)],
    storage.Enrol: [(storage.Enrol(VOLUME, "/dev/sdb", Seal((7,)), ()), NONE)],
    storage.Recover: [(storage.Recover(VOLUME, "/dev/sdb", 1), NONE)],
    storage.Drop: [(storage.Drop(VOLUME, "/dev/sdb"), NONE)],
    storage.Open: [(storage.Open(VOLUME), NONE)],
    storage.MakeFileSystem: [(storage.MakeFileSystem(VOLUME, "/dev/sdb"), NONE)],
    storage.Mount: [(storage.Mount(VOLUME), NONE)],
    tpm.MakeStorageKey: [(tpm.MakeStorageKey(), NONE)],
    tpm.MakeKey: [(tpm.MakeKey("ecc_p256", "/key.pem", None, ACCESS, "there is none"), NONE)],
    tpm.Evict: [(tpm.Evict(0x81000010, None), NONE)],
    tpm.Keep: [(tpm.Keep(0x81000010), NONE)],
    tpm.SetAccess: [(tpm.SetAccess("/key.pem", ACCESS, ACCESS), NONE)],
    tpm.RemoveFile: [(tpm.RemoveFile("/key.pem", "", ACCESS), NONE)],
    tls.Change: [
        (tls.Change("nginx.service", "start"), NONE),
        (tls.Change("nginx.service", "reload"), NONE),
        (tls.Change("nginx.service", "restart"), restart("nginx.service")),
        (tls.Change("nginx.service", "stop"), restart("nginx.service")),
    ],
    removal.Release: [(removal.Release(("x",), FILE), NONE)],
    removal.RemoveFolder: [(removal.RemoveFolder("/etc/edgesite-gpu"), NONE)],
}


def domains():
    """The classes of all domains, with those of their actions."""
    for path in sorted(FOLDER.rglob("*.py")):
        name = ".".join(path.relative_to(FOLDER.parent).with_suffix("").parts)
        importlib.import_module(PLUGINS + name)
    found, seen = [Domain], {}
    while found:
        found += (one := found.pop()).__subclasses__()
        if one.__module__.startswith(PLUGINS) and not inspect.isabstract(one):
            seen[one] = action_classes(one)
    return seen


def action_classes(domain):
    for base in [base for known in domain.__mro__ for base in known.__dict__.get("__orig_bases__", ())]:
        given = get_args(base)
        if len(given) == 2 and not isinstance(given[1], TypeVar):
            return get_args(given[1]) or (given[1],)
    raise AssertionError(f"{domain} does not say what its actions are")


DOMAINS = domains()
PLANNED = [
    pytest.param(domain, action, interrupts, id=f"{domain.__name__}-{type(action).__name__}")
    for domain, classes in DOMAINS.items()
    for one in classes
    for action, interrupts in ACTIONS.get(one, ())
]


def test_each_action_of_each_domain_is_looked_at():
    assert {one for classes in DOMAINS.values() for one in classes} == set(ACTIONS)


@pytest.mark.parametrize(("domain", "action", "interrupts"), PLANNED)
def test_action_says_what_it_interrupts(domain, action, interrupts):
    planner = object.__new__(domain)
    planner.kept = None
    told = planner.describe(action)
    assert {key: told[key] for key in ("disruption", "of")} == interrupts
    assert told["disruption"] in disruption.KINDS and told["does"] and "after" not in told


def test_kinds_go_from_the_least_to_the_worst():
    assert disruption.KINDS == ("none", "restart", "destroy", "reset", "reboot", "wipe")


def test_an_action_that_says_nothing_interrupts_nothing():
    assert disruption.kind({"does": "x"}) == "none"


def documented():
    """What RETURN of each module says of its actions."""
    for path in sorted((FOLDER.parent / "modules").glob("*.py")):
        returned = yaml.safe_load(getattr(importlib.import_module(PLUGINS + "modules." + path.stem), "RETURN", "{}"))
        if "actions" in returned:
            yield pytest.param(returned["actions"], id=path.stem)


@pytest.mark.parametrize("actions", list(documented()))
def test_documentation_tells_of_it(actions):
    text = str(actions)
    assert all(word in text for word in ("disruption", "V(none)", "V(reboot)")) and "of" in text
    assert all({"does", *disruption.by(sample["disruption"])} <= set(sample) for sample in actions["sample"])
    assert {sample["disruption"] for sample in actions["sample"]} <= set(disruption.KINDS)
