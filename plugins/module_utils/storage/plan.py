# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps that bring volumes to what is wanted. Whatever is on a device stays, unless it was named to be wiped."""

from __future__ import annotations

from typing import Dict, List, Optional, Tuple

from ..common import effects
from ..common.effects import CRYPTTAB, FSTAB, WriteFile
from ..common.errors import EdgesiteError, Problems
from . import policy, tab_file
from .luks2 import EMPTY, OURS, Header, Recovery, Seal
from .places import MIB
from .policy import Means
from .volume import (
    CIPHERS,
    FILE_SYSTEMS,
    Action,
    Disk,
    Drop,
    Enrol,
    Format,
    MakeFileSystem,
    Mount,
    Open,
    Recover,
    State,
    Unseal,
    Volume,
    Wanted,
    ours,
)

# Of each line of this collection. headless: nobody sits there to be asked, and a unit that asks would wait for ever.
CRYPTTAB_END = ("none", "luks,tpm2-device=auto,nofail,headless=1")
_TPM_OFF = (
    "Turn it on in the firmware, where it may be called fTPM or PTT; then 'ls -l /dev/tpmrm0' on the host shows it"
)


def plan(wanted: Wanted, state: State) -> List[Action]:
    """The steps, volume by volume. All volumes are looked at before the first step of any."""
    problems = Problems()
    actions: List[Action] = []
    tables = {CRYPTTAB: state.crypttab, FSTAB: state.fstab}
    seal = policy.seal(wanted.pcrs, wanted.signed, wanted.pcrlock, state.means) if wanted.volumes else Seal()
    for volume in wanted.volumes:
        with problems:
            actions += _of_volume(wanted, volume, state, seal, tables)
    problems.end()
    return actions


def _of_volume(wanted: Wanted, volume: Volume, state: State, seal: Seal, tables: Dict[str, str]) -> List[Action]:
    """The steps for one volume. tables: the files as the steps before it leave them; its lines are put into them."""
    disk = _present(volume, state)
    making = _refuse(wanted, volume, disk, state)
    uuid = volume.uuid if making or disk.header is None else disk.header.uuid
    actions = _keys(wanted, volume, disk, making, seal, state.means)
    actions += _line(tables, CRYPTTAB, 0, crypttab_entry(volume, uuid), 0o600)
    if making or not disk.mapped:
        actions.append(Open(volume))
    if making or _empty(disk):
        actions.append(MakeFileSystem(volume, disk.node))
    actions += _line(tables, FSTAB, 1, fstab_entry(volume), 0o644)
    if not disk.mounted:
        actions.append(Mount(volume))
    return actions


def _line(tables: Dict[str, str], path: str, column: int, entry: Tuple[str, ...], mode: int) -> List[Action]:
    """The step that writes a line, where it is not there; its value in that column is its name."""
    before = tables[path]
    if tab_file.find(before, column, entry[column]) == entry:
        return []
    tables[path] = tab_file.put(before, column, entry)
    does = "write the line for {0} in {1}".format(entry[column], path)
    return [WriteFile(path, tables[path], before, mode, does)]


def crypttab_entry(volume: Volume, uuid: str) -> Tuple[str, ...]:
    """The line for a volume."""
    return (volume.name, "UUID=" + uuid, *CRYPTTAB_END)


def fstab_entry(volume: Volume) -> Tuple[str, ...]:
    """A volume that does not open must not keep the host from coming up."""
    options = volume.options if "nofail" in volume.options.split(",") else volume.options + ",nofail"
    return (volume.mapper, volume.mount, volume.filesystem, options, "0", "2")


def _present(volume: Volume, state: State) -> Disk:
    disk = state.disks[volume.name]
    if disk is None:
        raise EdgesiteError(
            "The device {0} of volume {1} does not exist".format(volume.device, volume.name),
            "Set device in storage_volumes to a name that 'ls -l /dev/disk/by-id /dev/disk/by-partuuid' on the host "
            "shows; if the disk is missing there, 'dmesg' may say why",
        )
    return disk


def _empty(disk: Disk) -> bool:
    return disk.header is not None and disk.header.subsystem == EMPTY


def _refuse(wanted: Wanted, volume: Volume, disk: Disk, state: State) -> bool:
    """Whether the volume is to be made; raises EdgesiteError where it must not be touched."""
    _refuse_place(volume, disk, state)
    if not state.tpm:
        raise EdgesiteError("This host has no TPM to which volume {0} could be sealed".format(volume.name), _TPM_OFF)
    if disk.header is not None and ours(disk.header) and not _lost(disk):
        _refuse_existing(volume, disk, disk.header)
        return False
    _refuse_new(wanted, volume, disk, state)
    return True


def _refuse_place(volume: Volume, disk: Disk, state: State) -> None:
    """Raises EdgesiteError where the volume's name or mount point is somebody else's."""
    if disk.taken:
        raise EdgesiteError(
            "Volume {0}: {1}".format(volume.name, disk.taken),
            "Set another name or mount in storage_volumes, or move what is there away: 'findmnt {0}' and 'dmsetup info "
            "{1}' on the host show what it is".format(volume.mount, volume.name),
        )
    entry = tab_file.find(state.fstab, 1, volume.mount)
    if entry is not None and entry[0] != volume.mapper:
        raise EdgesiteError(
            "{0} mounts {1} at {2}, where volume {3} is to be mounted".format(
                FSTAB, entry[0], volume.mount, volume.name
            ),
            "Remove that line from {0} on the host, or set another mount in storage_volumes".format(FSTAB),
        )
    line = tab_file.find(state.crypttab, 0, volume.name)
    if line is not None and not _is_ours(line, disk.header):
        raise EdgesiteError(
            "{0} already has a line with the name {1}, for {2} and not for this volume".format(
                CRYPTTAB, volume.name, line[1] if len(line) > 1 else "no device"
            ),
            "Remove that line from {0} on the host, or set another name in storage_volumes".format(CRYPTTAB),
        )


def _is_ours(line: Tuple[str, ...], header: Optional[Header]) -> bool:
    """Of this volume, or of one that an earlier run began to make: nobody else's line looks so."""
    return len(line) > 1 and (line[2:] == CRYPTTAB_END or header is not None and line[1] == "UUID=" + header.uuid)


def _lost(disk: Disk) -> bool:
    """Made by an earlier run that ended before anybody could open it, so it has never held anything."""
    return _empty(disk) and not disk.mapped and not (disk.unlocks and disk.header is not None and disk.header.recovery)


def _refuse_existing(volume: Volume, disk: Disk, header: Header) -> None:
    spec = CIPHERS[volume.cipher].spec
    if header.cipher != spec:
        raise EdgesiteError(
            "Volume {0} is encrypted with {1}, but {2} is wanted".format(volume.name, header.cipher, spec),
            "Its cipher cannot be changed: set cipher in storage_volumes to what it has, or save its content and clear "
            "the volume by hand",
        )
    if disk.mapped and not _empty(disk) and disk.inside != volume.filesystem:
        raise EdgesiteError(
            "Volume {0} has {1}, but {2} is wanted".format(
                volume.name, disk.inside or "no file system", volume.filesystem
            ),
            "It is not reformatted: set filesystem in storage_volumes to what it has, or save its content and clear "
            "the volume by hand",
        )


def _refuse_new(wanted: Wanted, volume: Volume, disk: Disk, state: State) -> None:
    if disk.used:
        raise EdgesiteError(
            "{0} ({1}) is in use: {2}".format(volume.device, disk.node, disk.used),
            "Set device in storage_volumes to another one, or free this one: 'lsblk {0}' on the host shows what is on "
            "it".format(disk.node),
        )
    if disk.read_only:
        raise EdgesiteError(
            "{0} ({1}) is read-only".format(volume.device, disk.node),
            "Set device in storage_volumes to another one, or run 'blockdev --setrw {0}' on the host".format(disk.node),
        )
    least = FILE_SYSTEMS[volume.filesystem]
    if disk.size < least:
        raise EdgesiteError(
            "{0} has {1} MiB, but {2} needs at least {3} MiB".format(
                volume.device, disk.size // MIB, volume.filesystem, least // MIB
            ),
            "Set device in storage_volumes to a larger one",
        )
    identity = "{0}@{1}".format(volume.device, disk.fingerprint)
    if disk.content and not ours(disk.header) and identity not in wanted.wipe:
        raise EdgesiteError(
            "{0} ({1}) is not empty: {2}".format(volume.device, disk.node, ", ".join(disk.content)),
            "Set device in storage_volumes to an empty one. If everything on it may be erased for good, set "
            "storage_wipe (the option wipe) to ['{0}'] for one run".format(identity),
        )
    if not state.ciphers.get(volume.cipher, False):
        raise EdgesiteError(
            "The kernel of this host does not have the cipher {0}, which volume {1} asks for".format(
                volume.cipher, volume.name
            ),
            "Set cipher: aes-256-xts in storage_volumes, or use a kernel that has it: SM4 is off in the kernels of "
            "Debian and Ubuntu, and on in that of openEuler",
        )


def _keys(wanted: Wanted, volume: Volume, disk: Disk, making: bool, seal: Seal, means: Means) -> List[Action]:
    """The steps that give the TPM its key and the operators theirs."""
    if making or disk.header is None:
        wipes = "" if ours(disk.header) else ", ".join(disk.content)
        return [
            Format(volume, disk.node, disk.fingerprint, wipes),
            Enrol(volume, disk.node, seal, policy.arguments(seal, means)),
        ]
    return _renewed_keys(wanted, volume, disk, disk.header, seal, means)


def _renewed_keys(wanted: Wanted, volume: Volume, disk: Disk, header: Header, seal: Seal, means: Means) -> List[Action]:
    """Those for a volume that is there."""
    number = header.recovery[-1].number if header.recovery else 0
    new_key = Recover(volume, disk.node, number)
    actions: List[Action] = []
    if not (disk.unlocks or disk.has_key):
        raise EdgesiteError(
            "The TPM does not open volume {0} ({1}, LUKS {2}): {3}".format(
                volume.name, volume.device, header.uuid, disk.why_not or "it has no key for it"
            ),
            "After a TPM was cleared or the board replaced, or when PCR values changed, decrypt the volume's "
            "recovery key and set storage_recovery_keys (the option recovery_keys) for one run",
        )
    if not disk.unlocks or header.tpm != (seal,):
        # A key that people have seen is replaced, and first, so that no run that ends here forgets it.
        actions = [new_key, *_sealed(volume, disk, header, seal, means)]
    elif not header.recovery or header.recovery[-1].certificate != wanted.certificate:
        actions = [new_key]
    if len(header.recovery) + (new_key in actions) > 1:
        actions.append(Drop(volume, disk.node))
    return actions


def _sealed(volume: Volume, disk: Disk, header: Header, seal: Seal, means: Means) -> List[Action]:
    """Sealed anew. Earlier key slots go only after the new one is there, but for those that systemd takes for it."""
    enrol = Enrol(volume, disk.node, seal, policy.arguments(seal, means))
    in_its_way = any(policy.alike(bound, seal) for bound in header.tpm)
    return [Unseal(volume, disk.node), enrol] if in_its_way else [enrol]


def after(wanted: Wanted, state: State, actions: List[Action]) -> State:
    """The state that the actions lead to."""
    disks = dict(state.disks)
    tables = effects.files_after({CRYPTTAB: state.crypttab, FSTAB: state.fstab}, actions)
    for action in actions:
        if isinstance(action, WriteFile):
            continue
        disk = disks[action.volume.name]
        if disk is not None:
            disks[action.volume.name] = _after(wanted, disk, action)
    return state._replace(disks=disks, crypttab=tables[CRYPTTAB] or "", fstab=tables[FSTAB] or "")


def _after(wanted: Wanted, disk: Disk, action: Action) -> Disk:
    header = disk.header
    if isinstance(action, Format):
        volume = action.volume
        made = Header(
            volume.uuid, EMPTY, CIPHERS[volume.cipher].spec, (0,), (), (Recovery(0, 0, wanted.certificate, 1, ""),)
        )
        return disk._replace(content=("LUKS",), header=made, mapped=False, unlocks=False, inside="")
    if isinstance(action, Open):
        # What is in a closed volume is not known; one that holds something else cannot be mounted, and says so.
        holds = action.volume.filesystem if header is not None and header.subsystem == OURS else ""
        return disk._replace(mapped=True, inside=holds)
    if isinstance(action, Mount):
        return disk._replace(mounted=True)
    if header is None:
        return disk
    if isinstance(action, Unseal):
        return disk._replace(header=header._replace(tpm=()), unlocks=False)
    if isinstance(action, Enrol):
        return disk._replace(header=header._replace(tpm=(action.seal,)), unlocks=True, why_not="")
    if isinstance(action, Recover):
        new = Recovery(-1, -1, wanted.certificate, action.number + 1, "")
        return disk._replace(header=header._replace(recovery=header.recovery + (new,)))
    if isinstance(action, Drop):
        return disk._replace(header=header._replace(recovery=header.recovery[-1:]))
    if isinstance(action, MakeFileSystem):
        return disk._replace(header=header._replace(subsystem=OURS), inside=action.volume.filesystem)
    return disk
