# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host in memory with two A100, whose settings are converged as the role does it, and again at every boot."""

from __future__ import annotations

import contextlib
import copy

from ansible_collections.edgesite.gpu.plugins.module_utils.boot import unit as boot
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import run_lock
from ansible_collections.edgesite.gpu.plugins.module_utils.converge import converge
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu import nvml_words, settings
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host import changed, settings_domain
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host import settings as nvml_settings
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host.nvml import NOT_SUPPORTED
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host.settings_domain import SettingsDomain, boot_unit
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.nvml_errors import NvmlError
from ansible_collections.edgesite.gpu.plugins.module_utils.outcome import result
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.fake_host import FakeHost
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.gpu.test_settings import card

UUIDS = ("GPU-aaaa", "GPU-bbbb")
UNKNOWN_ERROR = 999
# By call, the setting, and its value as the call is given it
_CALLS = {
    "nvmlDeviceSetPersistenceMode": ("persistence_mode", bool),
    "nvmlDeviceSetEccMode": ("ecc", bool),
    "nvmlDeviceSetComputeMode": ("compute_mode", lambda number: nvml_words.word(nvml_words.COMPUTE_MODES, number)),
    "nvmlDeviceSetPowerManagementLimit": ("power_limit", int),
    "nvmlDeviceSetMemoryLockedClocks": ("memory_clocks", lambda *clocks: clocks),
    "nvmlDeviceResetMemoryLockedClocks": ("memory_clocks", lambda: None),
    "nvmlDeviceSetGpuLockedClocks": ("gpu_clocks", lambda *clocks: clocks),
    "nvmlDeviceResetGpuLockedClocks": ("gpu_clocks", lambda: None),
}


class SettingsHost(FakeHost):
    """broken: what NVML answers where it does not work. lost: cards that cannot be read, by index.

    refuses: calls with this name.
    """

    def __init__(self, **changes):
        super().__init__()
        self.broken = 0
        self.refuses = ""
        self.lost = {}
        self.enabled = False
        self.wanted = []
        # what NVML does not tell
        self.clocks = {uuid: {} for uuid in UUIDS}
        self.cards = {
            uuid: card(index=index, uuid=uuid, pci_bus_id=f"0000:{index + 23:02x}:00.0", processes=[], **changes)
            for index, uuid in enumerate(UUIDS)
        }

    def patch(self, monkeypatch):
        """See FakeHost.patch."""
        super().patch(monkeypatch)
        monkeypatch.setattr(run_lock, "held", lambda *_arguments: contextlib.nullcontext())
        monkeypatch.setattr(settings_domain.ready, "check", lambda what, unit: None)
        monkeypatch.setattr(settings_domain.boot_backend, "is_enabled", lambda unit: self.enabled)
        return self

    # --- what is on it

    def values(self):
        """By UUID and key, as cards have them, clocks too."""
        states = [settings.from_facts(facts, self.clocks[uuid]) for uuid, facts in self.cards.items()]
        return {state.gpu.uuid: dict(state.values) for state in states}

    def noted(self):
        """The file with what was changed, as a mapping."""
        return changed.read(changed.SETTINGS)

    def set(self, uuid, key, value):
        """Somebody else does."""
        facts = self.cards[uuid]
        if key == "power_limit":
            facts["power_w"]["limit"] = value / 1000.0
        elif key == "ecc":
            facts["ecc"]["pending"] = value
        elif key.endswith("_clocks"):
            self.clocks[uuid][key] = value
        else:
            facts[key] = value

    def reboot(self):
        """Most settings are as the driver has them at a start, and the boot unit sets them again."""
        for facts in self.cards.values():
            facts.update(persistence_mode=False, compute_mode="default")
            facts["power_w"]["limit"] = facts["power_w"]["default_limit"]
            facts["ecc"]["current"] = facts["ecc"]["pending"]
        self.clocks = {uuid: {} for uuid in UUIDS}
        for path in [path for path in self.files if path.startswith("/run/")]:
            del self.files[path]
        for entry in self.wanted if self.enabled else []:
            converge(SettingsDomain(self.run, self, [entry], boot.NONE, at_boot=True), check=False)

    # --- runs

    def converge(self, wanted, check=False, persist=True):
        """What the module returns."""
        if not check:
            self.wanted = wanted
        unit = boot_unit(wanted, "/usr/bin/python3", persist)

        def work():
            with changed.opened(changed.SETTINGS, self._opened, bool(wanted)) as nvml:
                return converge(SettingsDomain(self.run, nvml, wanted, unit), check=check)

        return result(work)

    @contextlib.contextmanager
    def _opened(self):
        if self.broken:
            raise NvmlError(self.broken)
        yield self

    def ask(self, function, *arguments):
        """Stands in for NVML's process."""
        if function is not nvml_settings.apply:
            there = [facts for facts in self.cards.values() if facts["index"] not in self.lost]
            return copy.deepcopy(there), dict(self.lost)
        return function(self, *arguments)

    def handle(self, index):
        """A card's handle is its UUID."""
        return UUIDS[index]

    def call(self, function, uuid, *values, what=""):
        """A call of NVML that changes something."""
        if self.refuses and self.refuses in function:
            raise NvmlError(NOT_SUPPORTED)
        key, read = _CALLS[function]
        if not self.step(what, lambda: self.set(uuid, key, read(*values))):
            raise NvmlError(UNKNOWN_ERROR)

    def _systemctl(self, words):
        verb = words[0]
        if verb in ("enable", "disable"):
            return self.step("systemctl " + verb, lambda: setattr(self, "enabled", verb == "enable"))
        return super()._systemctl(words)
