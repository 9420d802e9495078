# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What cryptsetup, openssl and mkfs do for an encrypted volume."""

from __future__ import annotations

import os
import re
from typing import Optional, Sequence

from ...common.errors import EdgesiteError
from ...common.host import limited, systemctl
from ...common.host.command import Run
from .. import luks2
from ..luks2 import EMPTY, OURS, Header
from ..volume import CIPHERS, Volume
from . import block_device, programs
from .block_device import Device

# A large disk
_MKFS_SECONDS = 900.0
# Keys are random and of 256 bits: no work is needed to keep them from being guessed. systemd does the same.
_CHEAP = ("--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000", "--hash", "sha256")
BY_TPM = ("--token-only", "--token-type", luks2.TPM_TOKEN)
# systemd's way to write recovery keys: letters that lie alike on keyboards
_LETTERS = "cbdefghijklnrtuv"


def key_opens(run: Run, device: Device, key: bytes) -> bool:
    """Whether a recovery key opens the volume. Tokens are left out, as cryptsetup would ask the TPM before the key."""
    with programs.files(key=key) as paths:
        asked = ["cryptsetup", "open", "--test-passphrase", "--disable-external-tokens", "--key-file", paths["key"]]
        return programs.ask(run, [*asked, device.node]).ok


def header(device: Device) -> Optional[Header]:
    """The header of a volume."""
    return luks2.parse(block_device.look(device).start, device.node)


def present(device: Device) -> Header:
    """The header of a volume that has one."""
    found = header(device)
    if found is None:
        raise EdgesiteError(
            "the LUKS2 header of {0} has disappeared".format(device.node), "Look for disk errors in dmesg on the host"
        )
    return found


def inside(run: Run, volume: Volume) -> str:
    """The file system in an open volume."""
    return block_device.file_system(run, volume.mapper)


def new_key() -> bytes:
    """A recovery key, as people will have to type it."""
    letters = "".join(_LETTERS[byte >> 4] + _LETTERS[byte & 15] for byte in os.urandom(32))
    return "-".join(re.findall("." * 8, letters)).encode("ascii")


def encrypt(run: Run, certificate: str, key: bytes) -> str:
    """A key that only those who hold the certificate's private key can read: CMS, PEM."""
    with programs.files(certificate=certificate.encode("utf-8"), key=key) as paths:
        padding = _padding(run, paths["certificate"])
        asked = ["openssl", "cms", "-encrypt", "-binary", "-aes256", "-outform", "PEM", "-in", paths["key"]]
        made = programs.ask(run, [*asked, "-recip", paths["certificate"], *padding])
    if not made.ok or "BEGIN CMS" not in made.text:
        raise EdgesiteError(
            "openssl cannot encrypt to the certificate for recovery keys: {0}".format(programs.last_line(made)),
            "Use a certificate with an RSA or EC key whose key usage allows encryption or key agreement",
        )
    return made.text


def _padding(run: Run, certificate: str) -> Sequence[str]:
    """What openssl is to be told for an RSA key. Raises EdgesiteError for one that is too short."""
    shown = programs.ask(run, ["openssl", "x509", "-noout", "-text", "-in", certificate])
    if not shown.ok:
        raise EdgesiteError(
            "openssl cannot read the certificate for recovery keys: {0}".format(programs.last_line(shown)),
            "Use a certificate in PEM whose private key the operators keep",
        )
    if "rsaEncryption" not in shown.text:
        return ()
    bits = re.search(r"Public-Key: \((\d+) bit\)", shown.text, re.ASCII)
    if bits is not None and int(bits.group(1)) < 2048:
        raise EdgesiteError(
            "The certificate for recovery keys has an RSA key of {0} bits".format(bits.group(1)),
            "Make one with an RSA key of 3072 bits or more, or with a P-256 key",
        )
    return ("-keyopt", "rsa_padding_mode:oaep")


def wipe(run: Run, device: Device) -> None:
    """Takes all signatures away, and the partitions that they are of."""
    programs.do(run, ["wipefs", "--all", "--force", device.node])


def make(run: Run, volume: Volume, device: Device, key: bytes) -> None:
    """Makes the LUKS2 volume, marked as empty."""
    cipher = CIPHERS[volume.cipher]
    with programs.files(key=key) as paths:
        programs.do(
            run,
            [
                *("cryptsetup", "luksFormat", "--batch-mode", "--type", "luks2", *_CHEAP),
                *("--cipher", cipher.spec, "--key-size", str(cipher.bits)),
                *("--uuid", volume.uuid, "--subsystem", EMPTY, "--key-file", paths["key"], device.node),
            ],
        )


def keep_token(run: Run, device: Device, token: str) -> None:
    """Puts a token into the header."""
    with programs.files(token=token.encode("utf-8")) as paths:
        programs.do(run, ["cryptsetup", "token", "import", "--json-file", paths["token"], device.node])


def add_key(run: Run, device: Device, key: bytes, known: Optional[bytes]) -> int:
    """Adds a key, by one that is known or by the TPM; the slot that it got."""
    before = present(device)
    with programs.files(key=key, known=known or b"") as paths:
        by = ("--key-file", paths["known"]) if known else BY_TPM
        asked = ["cryptsetup", "luksAddKey", "--batch-mode", *_CHEAP, *by]
        programs.do(run, [*asked, "--new-keyfile", paths["key"], device.node])
    return luks2.new_slot(before, present(device))


def drop(run: Run, device: Device, entry: luks2.Recovery) -> None:
    """Takes a recovery key away."""
    programs.do(run, ["cryptsetup", "luksKillSlot", "--batch-mode", device.node, str(entry.slot)])
    programs.do(run, ["cryptsetup", "token", "remove", "--token-id", str(entry.token), device.node])


def open_volume(run: Run, volume: Volume) -> None:
    """Opens a volume as a boot does, by the unit that systemd makes of its line in crypttab."""
    unit = "systemd-cryptsetup@{0}.service".format(volume.name)
    try:
        systemctl.do(run, "restart", unit)
        opened = block_device.mapped(volume.name) is not None
    except EdgesiteError:
        opened = False
    if not opened:
        said = programs.ask(run, ["journalctl", "--no-pager", "-q", "-o", "cat", "-n", "5", "-u", unit])
        raise EdgesiteError(
            "{0} did not open the volume: {1}".format(unit, " / ".join(said.text.split("\n")).strip(" /")),
            "Run 'journalctl -u {0}' on the host".format(unit),
        )


def close(run: Run, volume: Volume) -> None:
    """Closes a volume, where it is open."""
    if block_device.mapped(volume.name) is not None:
        systemctl.do(run, "stop", "systemd-cryptsetup@{0}.service".format(volume.name))
    if block_device.mapped(volume.name) is not None:
        programs.do(run, ["cryptsetup", "close", volume.name])


def make_file_system(run: Run, volume: Volume, device: Device) -> None:
    """Makes the file system, and then says in the header that the volume holds something."""
    force = "-F" if volume.filesystem == "ext4" else "-f"
    programs.do(run, ["mkfs." + volume.filesystem, "-q", force, volume.mapper], timeout=_MKFS_SECONDS)
    programs.do(run, ["cryptsetup", "config", "--subsystem", OURS, device.node])


def unmake(device: Device, size: int) -> None:
    """Takes a header away that has just been made."""
    limited.call(device.node, _overwrite, device.node, min(size, luks2.AREA))


def _overwrite(node: str, size: int) -> None:
    with open(node, "r+b") as stream:
        stream.write(b"\0" * size)
        stream.flush()
        os.fsync(stream.fileno())


def mount(run: Run, volume: Volume) -> None:
    """Mounts a volume by its line in fstab."""
    if not os.path.isdir(volume.mount):
        os.makedirs(volume.mount, mode=0o755)
    programs.do(run, ["mount", volume.mount])


def unmount(run: Run, volume: Volume) -> None:
    """Unmounts a volume."""
    programs.do(run, ["umount", volume.mount])
