# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The domain of luks_volume: encrypted data volumes that this host's TPM opens."""

from __future__ import annotations

import os
from typing import Any, Dict, List, Optional, Sequence, Tuple

from ...boot.host import ready
from ...boot.unit import NONE
from ...common import effects as common_effects
from ...common.effects import CRYPTTAB, FSTAB, WriteFile
from ...common.errors import EdgesiteError
from ...common.host import effects, owned_files
from ...common.host.command import Run
from ...converge import Domain, described_by
from ...tpm.host import read
from .. import luks2, tab_file
from .. import plan as storage_plan
from .. import volume as storage
from ..luks2 import OURS, Header
from ..volume import (
    Action,
    Disk,
    Drop,
    Enrol,
    Format,
    MakeFileSystem,
    Open,
    Recover,
    State,
    Unseal,
    Volume,
    Wanted,
)
from . import block_device, luks, policies, requirements, sealing, survey
from .block_device import Device


class LuksVolumeDomain(Domain[State, Action]):
    """certificate: the operators', PEM. recovery_keys: theirs, to be used where the TPM does not help.

    installs: check mode, of a run that first installs the programs that are missing. What only they would tell is taken
    for good then.
    """

    def __init__(
        self,
        run: Run,
        wanted: Wanted,
        certificate: str,
        recovery_keys: Sequence[str] = (),
        installs: bool = False,
    ) -> None:
        storage.check(wanted)
        self.run = run
        self.wanted = wanted
        self.certificate = certificate
        self.given = [key.strip().encode("utf-8") for key in recovery_keys]
        self.installs = installs
        self.missing: List[str] = []
        self.blind = False
        # by the volume's name: the given key that opens it, and the key that this run made
        self.fitting: Dict[str, bytes] = {}
        self.keys: Dict[str, bytes] = {}

    def observe(self) -> State:
        volumes = self.wanted.volumes
        release = requirements.check_releases(self.run) if volumes else 0
        self.missing = requirements.missing_packages([volume.filesystem for volume in volumes]) if volumes else []
        if not self.installs:
            _check_packages(self.missing)
        self.blind = bool(self.missing) and not requirements.can_try()
        mounts = block_device.mounts()
        disks = {volume.name: self._look(volume, mounts) for volume in volumes}
        ciphers = {
            volume.cipher: self.blind or requirements.has_cipher(self.run, volume.cipher)
            for volume in volumes
            if not _made(disks[volume.name])
        }
        return State(
            disks,
            owned_files.read_text(CRYPTTAB) or "",
            owned_files.read_text(FSTAB) or "",
            ciphers,
            read.default_tcti("/") is not None,
            policies.look(release),
        )

    def _look(self, volume: Volume, mounts: Dict[str, str]) -> Optional[Disk]:
        device = block_device.resolve(volume.device)
        if device is None:
            return None
        seen = block_device.look(device)
        header = luks2.parse(seen.start, device.node)
        ours = storage.ours(header)
        holds_data = header is not None and header.subsystem == OURS
        filled = () if holds_data else survey.filled(device.node, seen.size)
        mapping = block_device.mapped(volume.name)
        mapped = mapping is not None and block_device.backs(device, mapping)
        unlocks, why_not = False, ""
        if header is not None and ours:
            unlocks, why_not = self._unlocks(volume, device, header)
        source = mounts.get(volume.mount)
        mounted = mapped and source is not None and os.path.realpath(source) == os.path.realpath(volume.mapper)
        return Disk(
            node=device.node,
            size=seen.size,
            read_only=seen.read_only,
            content=("LUKS",) if ours else block_device.content(self.run, device, filled),
            fingerprint=survey.fingerprint(filled),
            header=header,
            used=block_device.users(device, volume.name),
            taken="" if mounted else _taken(volume, mapping is not None and not mapped, source),
            mapped=mapped,
            unlocks=unlocks,
            why_not=why_not,
            has_key=volume.name in self.fitting,
            inside=luks.inside(self.run, volume) if mapped else "",
            mounted=mounted,
        )

    def _unlocks(self, volume: Volume, device: Device, header: Header) -> Tuple[bool, str]:
        """Whether the TPM opens the volume, and if not, why. A recovery key that does so is kept then."""
        if self.blind:
            return bool(header.tpm), ""
        unlocks, why_not = sealing.opens(self.run, device) if header.tpm else (False, "")
        if not unlocks:
            fitting = next((key for key in self.given if luks.key_opens(self.run, device, key)), None)
            if fitting is not None:
                self.fitting[volume.name] = fitting
        return unlocks, why_not

    def plan(self, state: State) -> List[Action]:
        return storage_plan.plan(self.wanted, state)

    def predict(self, state: State, actions: List[Action]) -> State:
        return storage_plan.after(self.wanted, state, actions)

    def ready(self, actions: List[Action]) -> None:
        ready.check("Encrypting volumes", NONE)
        # before anything is written, since all that is written depends on it
        if any(isinstance(action, (Format, Recover)) for action in actions):
            luks.encrypt(self.run, self.certificate, b"a try")

    def apply(self, action: Action) -> None:
        if isinstance(action, WriteFile):
            effects.apply(self.run, action)
        elif isinstance(action, Format):
            self._format(action)
        elif isinstance(action, Enrol):
            key = self._key(action.volume)
            sealing.enrol(self.run, _device(action.volume), action.seal, action.arguments, key)
        elif isinstance(action, Unseal):
            sealing.unseal(self.run, _device(action.volume))
        elif isinstance(action, Recover):
            self._recover(action)
        elif isinstance(action, Drop):
            self._drop(_device(action.volume))
        elif isinstance(action, Open):
            luks.open_volume(self.run, action.volume)
        elif isinstance(action, MakeFileSystem):
            luks.make_file_system(self.run, action.volume, _device(action.volume))
        else:
            luks.mount(self.run, action.volume)

    def _format(self, action: Format) -> None:
        volume, device = action.volume, _device(action.volume)
        used = block_device.users(device, "")
        filled = survey.filled(device.node, block_device.look(device).size)
        if used or survey.fingerprint(filled) != action.fingerprint:
            raise EdgesiteError(
                "{0} has changed during this run: {1}".format(volume.device, used or "something wrote to it"),
                "Find out what uses it (lsof, fuser -v), and run again",
            )
        key = luks.new_key()
        sealed = luks.encrypt(self.run, self.certificate, key)
        if action.wipes:
            luks.wipe(self.run, device)
        luks.make(self.run, volume, device, key)
        luks.keep_token(self.run, device, luks2.recovery_token(0, self.wanted.certificate, 1, sealed))
        self.keys[volume.name] = key

    def _recover(self, action: Recover) -> None:
        device, key = _device(action.volume), luks.new_key()
        sealed = luks.encrypt(self.run, self.certificate, key)
        slot = luks.add_key(self.run, device, key, self._known(action.volume))
        token = luks2.recovery_token(slot, self.wanted.certificate, action.number + 1, sealed)
        luks.keep_token(self.run, device, token)
        self.keys[action.volume.name] = key

    def _drop(self, device: Device) -> None:
        header = luks.header(device)
        if header is not None:
            for entry in header.recovery[:-1]:
                luks.drop(self.run, device, entry)

    def _key(self, volume: Volume) -> bytes:
        key = self._known(volume)
        if key is None:
            raise EdgesiteError(
                "No key that opens volume {0} is known".format(volume.name),
                "Decrypt the volume's recovery key, as docs/storage.md says, and set storage_recovery_keys (the option "
                "recovery_keys) for one run",
            )
        return key

    def _known(self, volume: Volume) -> Optional[bytes]:
        return self.keys.get(volume.name, self.fitting.get(volume.name))

    def undo(self, action: Action) -> None:
        if isinstance(action, WriteFile):
            effects.apply(self.run, common_effects.undo(action))
        elif isinstance(action, Format):
            self._unmake(action)
        elif isinstance(action, Open):
            luks.close(self.run, action.volume)
        elif isinstance(action, storage.Mount) and action.volume.mount in block_device.mounts():
            luks.unmount(self.run, action.volume)

    def _unmake(self, action: Format) -> None:
        """Only what this very run made: its UUID tells."""
        device = _device(action.volume)
        header = luks.header(device)
        if header is not None and header.uuid == action.volume.uuid:
            if block_device.users(device, ""):
                raise EdgesiteError(
                    "{0} is in use".format(device.node),
                    "'lsblk {0}' on the host shows by what; end that and run the playbook again".format(device.node),
                )
            luks.unmake(device, block_device.look(device).size)

    def final(self, action: Action) -> bool:
        # what was wiped is gone, and so are key slots that a new one took the place of
        return (isinstance(action, Format) and bool(action.wipes)) or isinstance(action, (Recover, Unseal, Drop))

    def describe(self, action: Action) -> Dict[str, Any]:
        return described_by(storage, action)

    def render(self, state: State) -> Dict[str, Any]:
        return {
            "volumes": {volume.name: _show(volume, state.disks[volume.name], state) for volume in self.wanted.volumes}
        }

    def extras(self, before: State, after: State) -> Dict[str, Any]:
        lacks = {"missing_packages": self.missing} if self.missing else {}
        volumes = [self._result(volume, after.disks[volume.name]) for volume in self.wanted.volumes]
        return {"volumes": volumes, **lacks}

    def _result(self, volume: Volume, disk: Optional[Disk]) -> Dict[str, Any]:
        header = disk.header if disk is not None else None
        newest = header.recovery[-1] if header is not None and header.recovery else None
        return {
            "name": volume.name,
            "device": volume.device,
            "mount": volume.mount,
            "uuid": header.uuid if header is not None else None,
            "tpm": _seals(header) if header is not None else [],
            "recovery": newest.cms if newest is not None else None,
        }


def _check_packages(missing: Sequence[str]) -> None:
    if missing:
        raise EdgesiteError(
            "This host lacks programs for encrypted volumes",
            "Install these packages: {0}".format(", ".join(missing)),
            {"missing_packages": list(missing)},
        )


def _made(disk: Optional[Disk]) -> bool:
    return disk is not None and storage.ours(disk.header) and disk.unlocks


def _device(volume: Volume) -> Device:
    device = block_device.resolve(volume.device)
    if device is None:
        raise EdgesiteError("{0} has disappeared".format(volume.device), "Look for disk errors in dmesg on the host")
    return device


def _taken(volume: Volume, mapping: bool, source: Optional[str]) -> str:
    """What else has the volume's name, or its mount point."""
    if mapping:
        return "{0} belongs to another device".format(volume.mapper)
    if source is not None:
        return "{0} is mounted at {1}".format(source, volume.mount)
    if source is None and os.path.isdir(volume.mount) and os.listdir(volume.mount):
        return "{0} is not empty, and its content would be hidden".format(volume.mount)
    if os.path.exists(volume.mount) and not os.path.isdir(volume.mount):
        return "{0} is not a folder".format(volume.mount)
    return ""


def _seals(header: Header) -> List[Dict[str, Any]]:
    return [
        {"pcrs": list(seal.pcrs), "signed_pcrs": list(seal.signed), "pcrlock": seal.pcrlock, "pin": seal.pin}
        for seal in header.tpm
    ]


def _show(volume: Volume, disk: Optional[Disk], state: State) -> Dict[str, Any]:
    if disk is None:
        return {"device": volume.device, "present": False}
    header = disk.header
    shown: Dict[str, Any] = {"device": volume.device, "content": list(disk.content)}
    if header is not None and storage.ours(header):
        shown = {
            "device": volume.device,
            "cipher": header.cipher,
            "uuid": header.uuid,
            "tpm": _seals(header),
            "recovery_keys": len(header.recovery),
            "opened_by_tpm": disk.unlocks,
            "file_system": header.subsystem == OURS,
        }
    return dict(
        shown,
        open=disk.mapped,
        mounted=disk.mounted,
        crypttab=_entry(state.crypttab, 0, volume.name),
        fstab=_entry(state.fstab, 1, volume.mount),
    )


def _entry(text: str, column: int, value: str) -> Optional[str]:
    found = tab_file.find(text, column, value)
    return " ".join(found) if found else None
