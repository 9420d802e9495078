# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Encrypted data volumes: what is wanted, what was seen, and the steps between."""

from __future__ import annotations

import hashlib
import re
from typing import Any, Callable, Dict, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from ..common import effects, lines
from ..common.disruption import NONE, WIPE, by
from ..common.effects import WriteFile
from ..common.errors import EdgesiteError, Problems, shown
from ..common.lines import Kind
from ..tpm import der
from . import policy
from .luks2 import EMPTY, OURS, Header, Seal
from .places import MIB
from .policy import Means

# The smallest volume for each file system, LUKS2's 16 MiB included
FILE_SYSTEMS = {"ext4": 64 * MIB, "xfs": 512 * MIB}
_WORDS = {"name": "name", "device": "device", "mount": "mount point"}
_IDENTITIES = ("/dev/disk/by-id/", "/dev/disk/by-partuuid/")
_DEVICE = Kind(
    re.compile(r"/dev/disk/by-(id|partuuid)/[A-Za-z0-9_:+@-][A-Za-z0-9_.:+@=-]*"),
    "a name that stays with its device",
    "Names such as /dev/sdb change from boot to boot; use the one in {0} that shows its serial number or WWN, or that "
    "of a partition in {1}: 'ls -l {0} {1}' on the host lists them".format(*_IDENTITIES),
)
_NAME = Kind(
    re.compile(r"[a-z][a-z0-9_]{0,31}"),
    "a name of at most 32 lower-case letters, digits and _ that begins with a letter",
    "Use a name such as models",
)
_OPTIONS = Kind(
    re.compile(r"[A-Za-z0-9_.:+@/=,-]+"),
    "a list of mount options of letters, digits and _ . : + @ / = - separated by commas",
    "Write them like noatime,discard; defaults for none",
)


class Cipher(NamedTuple):
    """kernel: the kernel's name of it. spec and bits: what cryptsetup calls it."""

    kernel: str
    spec: str
    bits: int


CIPHERS = {
    "aes-256-xts": Cipher("xts(aes)", "aes-xts-plain64", 512),
    "sm4-xts": Cipher("xts(sm4)", "sm4-xts-plain64", 256),
}


class Volume(NamedTuple):
    """One volume that is wanted. options: of the mount. uuid: what it gets if it is made now."""

    name: str
    device: str
    mount: str
    filesystem: str
    cipher: str
    options: str
    uuid: str

    @property
    def mapper(self) -> str:
        return "/dev/mapper/" + self.name


class Wanted(NamedTuple):
    """certificate: SHA-256 of the operators'. wipe: whose content may go. signed: PCRs whose values are signed."""

    volumes: Tuple[Volume, ...]
    pcrs: Tuple[int, ...]
    certificate: str
    wipe: Tuple[str, ...] = ()
    signed: Tuple[int, ...] = ()
    pcrlock: bool = False


class Disk(NamedTuple):
    """What was seen of a volume's device.

    content: what is on it. fingerprint: of that. used: by whom, the volume's own mapping aside.
    mapped: it is open under the volume's name. taken: what else has that name, or the mount point. unlocks: whether
    the TPM opens it, else why_not. has_key: whether a recovery key that was given opens it. inside: the file system in
    it, where it is open. mounted: where it has to be.
    """

    node: str
    size: int
    read_only: bool
    content: Tuple[str, ...]
    fingerprint: str
    header: Optional[Header]
    used: str = ""
    taken: str = ""
    mapped: bool = False
    unlocks: bool = False
    why_not: str = ""
    has_key: bool = False
    inside: str = ""
    mounted: bool = False


class State(NamedTuple):
    """disks: by the volume's name; None for one that is not there. ciphers: whether the kernel has them.

    means: what the host has for policies.
    """

    disks: Dict[str, Optional[Disk]]
    crypttab: str
    fstab: str
    ciphers: Mapping[str, bool]
    tpm: bool
    means: Means


class Format(NamedTuple):
    """Makes the LUKS2 volume, with a recovery key that only the operators can read. wipes: what was on it."""

    volume: Volume
    node: str
    fingerprint: str
    wipes: str


class Unseal(NamedTuple):
    """Takes the key slots away that are sealed to a TPM.

    systemd-cryptenroll makes no new one where one has the same policy, whatever TPM that is sealed to.
    """

    volume: Volume
    node: str


class Enrol(NamedTuple):
    """Seals a key slot to this TPM, in the place of earlier ones. arguments: how systemd is asked for it."""

    volume: Volume
    node: str
    seal: Seal
    arguments: Tuple[str, ...]


class Recover(NamedTuple):
    """Adds a new recovery key. number: the last one's."""

    volume: Volume
    node: str
    number: int


class Drop(NamedTuple):
    """Takes the recovery keys away that a newer one replaces."""

    volume: Volume
    node: str


class Open(NamedTuple):
    """Opens the volume as a boot does."""

    volume: Volume


class MakeFileSystem(NamedTuple):
    """Makes the file system, and notes that the volume is no longer empty."""

    volume: Volume
    node: str


class Mount(NamedTuple):
    """Mounts it."""

    volume: Volume


Action = Union[Format, Unseal, Enrol, Recover, Drop, WriteFile, Open, MakeFileSystem, Mount]


def of_options(options: Mapping[str, Any], new_uuid: Callable[[], str]) -> Wanted:
    """What luks_volume's options ask for. Raises EdgesiteError with all that is wrong with them."""
    problems = Problems()
    found = Wanted(
        volumes(options["volumes"], new_uuid),
        tuple(sorted(set(options["pcrs"]))),
        "",
        tuple(options["wipe"]),
        tuple(sorted(set(options["signed_pcrs"]))),
        options["pcrlock"],
    )
    with problems:
        check(found)
    with problems:
        found = found._replace(certificate=fingerprint(options["recovery_certificate"]))
    problems.end()
    return found


def volumes(entries: Sequence[Mapping[str, Any]], new_uuid: Callable[[], str] = str) -> Tuple[Volume, ...]:
    """The volumes in the form of luks_volume's option."""
    return tuple(
        Volume(
            entry["name"],
            entry["device"],
            entry["mount"],
            entry["filesystem"],
            entry["cipher"],
            entry["mount_options"],
            new_uuid(),
        )
        for entry in entries
    )


def check(wanted: Wanted, prefix: str = "") -> None:
    """Raises EdgesiteError with all that cannot be meant. prefix: of what users call the options."""
    option = prefix + "volumes"
    problems = Problems()
    for place, volume in enumerate(wanted.volumes):
        with problems:
            _check_volume("{0}[{1}].".format(option, place), volume)
    for what in ("name", "device", "mount"):
        with problems:
            _check_own(option, what, [getattr(volume, what) for volume in wanted.volumes])
    with problems:
        _check_pcrs(prefix + "pcrs", wanted.pcrs, "[7], the PCR of Secure Boot")
    with problems:
        _check_pcrs(prefix + "signed_pcrs", wanted.signed, "[11], the PCR of unified kernel images")
    for place, entry in enumerate(wanted.wipe):
        with problems:
            _check_wipe("{0}wipe[{1}]".format(prefix, place), entry, wanted.volumes)
    problems.end()


def _check_volume(where: str, volume: Volume) -> None:
    problems = Problems()
    for name, value, kind in (
        ("name", volume.name, _NAME),
        ("device", volume.device, _DEVICE),
        ("mount", volume.mount, lines.PATH),
        ("mount_options", volume.options, _OPTIONS),
    ):
        with problems:
            lines.checked(where + name, value, kind)
    problems.end()


def _check_own(option: str, what: str, values: Sequence[str]) -> None:
    problems = Problems()
    for place, value in enumerate(values):
        first = values.index(value)
        with problems:
            if first != place:
                raise EdgesiteError(
                    "{0}[{1}].{2} is {3}, as is {0}[{4}].{2}".format(option, place, what, shown(value), first),
                    "Give each volume a {0} of its own".format(_WORDS[what]),
                )
    problems.end()


def _check_pcrs(option: str, pcrs: Sequence[int], such_as: str) -> None:
    unknown = [str(pcr) for pcr in pcrs if pcr not in range(24)]
    if unknown:
        raise EdgesiteError(
            "{0} has {1}, and PCRs are numbered 0 to 23".format(option, ", ".join(unknown)),
            "Write numbers such as " + such_as,
        )


def _check_wipe(where: str, entry: str, volumes: Sequence[Volume]) -> None:
    if not any(entry.startswith(volume.device + "@") for volume in volumes):
        raise EdgesiteError(
            "{0} is {1}, which matches none of the volumes".format(where, shown(entry)),
            "Copy it from the message that refuses that volume: its device, @ and a fingerprint of what is on it",
        )


def fingerprint(certificate: str) -> str:
    """The SHA-256 of the first certificate in PEM, which is the one that openssl encrypts to."""
    try:
        blocks = der.unpem_all(["CERTIFICATE"], certificate)
        if not blocks:
            raise der.NotDer("it has no PEM block 'BEGIN CERTIFICATE'")
        return hashlib.sha256(blocks[0]).hexdigest()
    except der.NotDer as error:
        raise EdgesiteError(
            "recovery_certificate is not a certificate in PEM: {0}".format(error),
            "Set it to a certificate whose private key the operators keep; docs/storage.md says how to make one",
        ) from error


def ours(header: Optional[Header]) -> bool:
    """Whether a LUKS2 volume was made here."""
    return header is not None and header.subsystem in (OURS, EMPTY)


def describe(action: Action) -> str:
    """The action for people."""
    if isinstance(action, Format):
        wiped = ", wiping {0}".format(action.wipes) if action.wipes else ""
        return "encrypt {0} ({1}) as {2}{3}".format(
            action.volume.device, action.volume.cipher, action.volume.name, wiped
        )
    if isinstance(action, Unseal):
        return "remove the key slots of {0} that are sealed to a TPM".format(action.volume.name)
    if isinstance(action, Enrol):
        bound = policy.words(action.seal)
        return "seal {0} to the TPM{1}".format(action.volume.name, bound and " with " + bound)
    if isinstance(action, Recover):
        return "create a new recovery key for {0}".format(action.volume.name)
    if isinstance(action, Drop):
        return "remove the earlier recovery key of {0}".format(action.volume.name)
    if isinstance(action, WriteFile):
        return effects.describe(action)
    if isinstance(action, Open):
        return "open {0} with the TPM".format(action.volume.name)
    if isinstance(action, MakeFileSystem):
        return "create {0} in {1}".format(action.volume.filesystem, action.volume.name)
    return "mount {0} at {1}".format(action.volume.name, action.volume.mount)


def disruption(action: Action) -> Dict[str, Any]:
    """What the action interrupts, or loses: only devices that nobody uses are formatted."""
    if isinstance(action, Format):
        return by(WIPE, action.volume.device) if action.wipes else by(NONE)
    return effects.disruption(action) if isinstance(action, WriteFile) else by(NONE)
