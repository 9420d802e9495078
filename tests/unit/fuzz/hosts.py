# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts in memory, one for each module: nothing of this machine is changed, but bad names fail as they would.

A function here has the name of the module whose host it makes.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from types import SimpleNamespace

from ansible_collections.edgesite.gpu.plugins.module_utils.boot.host import tools as host_tools_backend
from ansible_collections.edgesite.gpu.plugins.module_utils.boot.tools import State as ToolsState
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import (
    command,
    effects,
    files,
    folders,
    owned_files,
)
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host.command import Result
from ansible_collections.edgesite.gpu.plugins.module_utils.common.reading import Reading
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host import locked_clocks, pynvml_loader
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson.host import clocks as clocks_backend
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson.host import jetpack as jetpack_facts
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.drm import Drm
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.host import drm as mig_drm
from ansible_collections.edgesite.gpu.plugins.module_utils.site.host import facts
from ansible_collections.edgesite.gpu.plugins.module_utils.storage.host.domain import LuksVolumeDomain
from ansible_collections.edgesite.gpu.plugins.module_utils.tls.host import services as tls_backend
from ansible_collections.edgesite.gpu.plugins.module_utils.tls.services import Software, Unit
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm import key as tpm_keys
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm.host import facts as tpm_facts
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm.host import read as tpm_read
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm.host.connection import Connection
from ansible_collections.edgesite.gpu.tests.unit.fuzz.examples import KEY_FILE, PUBLICS
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.driver.host import driver_host
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.gpu.test_settings import FACTS
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.jetson.host import jetson_host
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.mig.cases import card, instance
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.site.host.removal_host import RemovalHost
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.storage import test_plan as volumes
from ansible_collections.edgesite.gpu.tests.unit.shapes import text_of

_TEXTS = {
    "/etc/nvfancontrol.conf": text_of("jetson", "nvfancontrol_conf/orin-nano"),
    "/etc/nvpmodel.conf": text_of("jetson", "nvpmodel_conf/orin-nano-super-maxn"),
    "/var/lib/nvpmodel/status": "pmode:0002 fmode:quiet",
}
_TPM_TEXTS = {"handles-persistent": b"- 0x81000001\n- 0x81010001\n"}


def patch(monkeypatch, name, module, rng):
    """Puts a module onto its host, which is as rng says."""
    monkeypatch.undo()
    monkeypatch.setattr(command, "run", _run)
    monkeypatch.setattr(command, "find", "/usr/bin/{0}".format)
    monkeypatch.setattr(files, "read_bytes", lambda path, limit=-1: named(path))
    monkeypatch.setattr(owned_files, "read_text", _read_text)
    monkeypatch.setattr(owned_files, "read_link", named)
    for changes in ("write_text", "write_link", "remove"):
        monkeypatch.setattr(owned_files, changes, _changes)
    monkeypatch.setattr(effects, "apply", _changes)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    _HOSTS.get(name, lambda *_arguments: None)(monkeypatch, module, rng)


def named(path):
    """Nothing is at any path; one that the kernel would not take raises what it raises then."""
    with contextlib.suppress(OSError):
        os.lstat(path)


def _read_text(path):
    named(path)
    return KEY_FILE if path.endswith("/key.pem") else _TEXTS.get(path)


def _changes(*_arguments, **_more):
    raise AssertionError("a plan changed something")


def _run(argv, data=None, timeout=15.0, environment=None, heard=None):
    """Each program says no, once the kernel would have started it."""
    for argument in argv:
        named(argument)
    return Result(1, b"", "no")


class _Nvml:
    """Stands in for NVML's process. cards, gpus: as read_cards and read_gpus give them."""

    cards, gpus = (), ()

    def __init__(self, pynvml_path=None):
        pynvml_loader._Finder([pynvml_path or "/nowhere"]).find_spec("pynvml")

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        return None

    def start(self):
        return None

    def ask(self, function, *_arguments):
        return list(self.cards if function.__name__ == "read_cards" else self.gpus), {}


def _with_nvml(monkeypatch, module, **changes):
    monkeypatch.setattr(module, "NvmlProcess", type("Nvml", (_Nvml,), changes))


def _gpu_info(monkeypatch, _module, _rng):
    nothing = SimpleNamespace(value=None, unread=[])
    _with_nvml(monkeypatch, facts)
    told = {"gpus": [], "unread": [], "driver": {"nvml_status": "ok"}}
    monkeypatch.setattr(facts.nvml_facts, "read", lambda nvml: told)
    monkeypatch.setattr(facts.pci_bus, "read_candidates", lambda root: [])
    monkeypatch.setattr(facts.board, "read", lambda run, root: nothing)
    monkeypatch.setattr(facts.secureboot, "read", lambda root: nothing)
    monkeypatch.setattr(facts.system, "read", lambda root: {})
    monkeypatch.setattr(tpm_read, "default_tcti", lambda root: "device:/dev/tpmrm0")


def _gpu_settings(monkeypatch, module, rng):
    other = {**FACTS, "index": 1, "uuid": "GPU-bbbb", "pci_bus_id": "0000:65:00.0", "ecc": None}
    _with_nvml(monkeypatch, module, gpus=(FACTS, other))
    monkeypatch.setattr(locked_clocks, "read", lambda: rng.choice([{}, {"GPU-aaaa": {"gpu_clocks": (1110, 1410)}}]))


def _mig(monkeypatch, module, rng):
    busy = card("A100-40", instance("3g.20gb", 4, busy=(0,)), instance("1g.5gb", 0), index=0)
    off = card("A100-40", index=1, enabled=False, pending=False)
    other = card("H100-80", index=2)
    _with_nvml(monkeypatch, module, cards=rng.choice([(busy, off, other), (card(),), (off,), ()]))
    held = Drm(True, parameters=("modeset=Y",))
    monkeypatch.setattr(
        mig_drm, "observe", lambda resets, **_more: rng.choice([Drm(False), held, replace(held, otherwise=True)])
    )


def _host_tools(monkeypatch, _module, rng):
    states = [ToolsState({}, None), ToolsState({"a.py": "0" * 64}, "0" * 16, True)]
    monkeypatch.setattr(host_tools_backend, "observe", lambda: rng.choice(states))


def _jetpack(monkeypatch, module, rng):
    host = jetson_host.JetsonHost()
    host.packages["nvidia-jetpack-runtime"] = jetson_host.Package("6.2.1+b1")
    monkeypatch.setattr(jetpack_facts, "free", lambda: 2**40)
    look = jetson_host._Look(host)
    look.run = _run
    monkeypatch.setattr(module.layer, "Look", lambda run: look)
    _jetson_clocks(monkeypatch, module, rng)


def _jetson_clocks(monkeypatch, _module, rng):
    shown = [text_of("jetson", "jetson_clocks/" + name) for name in ("agx-orin", "agx-orin-locked")]
    monkeypatch.setattr(clocks_backend, "show", lambda run: rng.choice(shown))
    monkeypatch.setattr(clocks_backend, "stored", lambda: rng.random() < 0.5)


def _luks_volume(monkeypatch, _module, rng):
    disks = [None, volumes.BLANK, volumes.DONE, volumes.DONE._replace(unlocks=False, why_not="no", has_key=True)]

    def observe(domain):
        for volume in domain.wanted.volumes:
            for path in (volume.device, volume.mount, volume.mapper):
                named(path)
        found = {volume.name: rng.choice(disks) for volume in domain.wanted.volumes}
        return volumes.state(None)._replace(disks=found)

    monkeypatch.setattr(LuksVolumeDomain, "observe", observe)


def _nvidia_driver(monkeypatch, module, rng):
    host = driver_host.DriverHost(rng.choice(["apt", "dnf"]))
    monkeypatch.setattr(command, "run", host.run)
    monkeypatch.setattr(module.pynvml_loader, "usable", object)
    monkeypatch.setattr(module.layer, "Look", lambda *_arguments: driver_host._Look(host))


def _tls_services(monkeypatch, _module, rng):
    def units(run, names):
        for name in names:
            named(name)
        states = [
            Unit(True, "active", True, "first"),
            Unit(False, "inactive", False, ""),
            Unit(True, "failed", True, "x"),
        ]
        return {name: rng.choice(states) for name in names}, {}

    monkeypatch.setattr(tls_backend, "_units", units)
    monkeypatch.setattr(tls_backend, "existing", lambda wish: named(wish.layout.directory) or [])
    monkeypatch.setattr(tls_backend, "_identity", lambda folder: (named(folder) or "one", 0.0))
    monkeypatch.setattr(tls_backend, "software", lambda wish: Software(True, False, True, rng.random() < 0.8))


def _remove(monkeypatch, _module, rng):
    host = RemovalHost(rng.choice(["apt", "dnf"])).patch(monkeypatch)
    inside, names, read = folders.inside, files.names, owned_files.read_text
    monkeypatch.setattr(folders, "inside", lambda paths: [named(path) for path in paths] and inside(paths))
    monkeypatch.setattr(files, "names", lambda path: named(path) or names(path))
    monkeypatch.setattr(owned_files, "read_text", lambda path: named(path) or read(path))
    monkeypatch.setattr(command, "run", host.run)


def _tpm(monkeypatch, _module, _rng):
    def ask(tpm, tool, *arguments, data=None, **_more):
        tpm.run(["/usr/bin/" + tool, "-T", tpm.tcti, *arguments], data)
        public = PUBLICS.get(arguments[arguments.index("-c") + 1] if "-c" in arguments else "", PUBLICS["key"])
        return _TPM_TEXTS.get(arguments[0], b"") if tool == "tpm2_getcap" else public.tpm2b

    value = {"manufacturer": "IBM", "firmware": "1", "ek_certificates": []}
    monkeypatch.setattr(Connection, "ask", ask)
    monkeypatch.setattr(tpm_read, "default_tcti", lambda root: "device:/dev/tpmrm0")
    monkeypatch.setattr(tpm_facts.tpm, "read", lambda run, tcti, *_arguments, **_more: Reading(dict(value)))


def _told(monkeypatch, module, _rng):
    """A module that only tells of the host."""
    reader = module.jetpack if hasattr(module, "jetpack") else module.driver_facts
    monkeypatch.setattr(reader, "read", lambda run, path=None: _Nvml(path) and {})


assert tpm_keys.STORAGE_KEY == 0x81000001
_HOSTS = {
    "gpu_info": _gpu_info,
    "gpu_settings": _gpu_settings,
    "host_tools": _host_tools,
    "jetpack": _jetpack,
    "jetpack_info": _told,
    "jetson_clocks": _jetson_clocks,
    "luks_volume": _luks_volume,
    "mig_layout": _mig,
    "mig_layout_info": _mig,
    "nvidia_driver": _nvidia_driver,
    "nvidia_driver_info": _told,
    "remove": _remove,
    "tls_services": _tls_services,
    "tpm_challenge": _tpm,
    "tpm_csr": _tpm,
    "tpm_info": _tpm,
    "tpm_key": _tpm,
}
