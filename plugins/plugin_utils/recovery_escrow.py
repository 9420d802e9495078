# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recovery keys of hosts' volumes in a folder on the controller: FOLDER/HOST/UUID.pem, for its owner alone.

Hosts say what goes there, so nothing of theirs is taken for a name unless it is a UUID, and nothing that is there is
ever lost: a key that another one follows stays as UUID.1.pem, UUID.2.pem and so on.
"""

from __future__ import annotations

import itertools
import os
import tempfile
from typing import Any, List, Mapping, NamedTuple, Optional, Sequence

from ..module_utils.common import lines
from ..module_utils.common.errors import EdgesiteError, shown
from ..module_utils.tpm import der
from . import controller_file

# RFC 5652: id-envelopedData
_ENVELOPED = der.oid("1.2.840.113549.1.7.3")
# A recipient's key of 16384 bits takes 4 KiB.
_LARGEST = 16384
# Files of one host. A volume gets a new key with a new certificate, and after a recovery.
_MOST = 200


class Key(NamedTuple):
    """An encrypted recovery key of one volume. cms: PEM."""

    uuid: str
    cms: str

    @property
    def file(self) -> str:
        """The name of its file."""
        return self.uuid + ".pem"


def keep_all(folder: str, host: str, volumes: Sequence[Mapping[str, Any]], check: bool) -> List[Key]:
    """Keeps what is not there yet; returns that. volumes: as luks_volume returns them. check: says it only.

    Raises EdgesiteError. All that the host says is checked before any of it is written.
    """
    check_host(host)
    found = keys(host, volumes)
    try:
        lacking = missing(folder, host, found)
        for key in lacking if not check else ():
            keep(folder, host, key)
    except OSError as error:
        raise EdgesiteError(
            "Cannot keep recovery keys in {0}: {1}".format(folder, error.strerror or error),
            "Set storage_escrow_dir to a folder on the controller that is permanent, and that the playbook's user can "
            "write to; 'df {0}' shows its free space".format(folder),
        ) from error
    return lacking


def keys(host: str, volumes: Sequence[Mapping[str, Any]]) -> List[Key]:
    """The keys in a host's answer; volumes: as luks_volume returns them."""
    found = [_key(host, volume) for volume in volumes if volume.get("recovery")]
    if len({key.uuid for key in found}) < len(found):
        raise _lie(host, "one volume several times")
    return found


def missing(folder: str, host: str, found: Sequence[Key]) -> List[Key]:
    """Those that are not the newest ones in the folder."""
    return [key for key in found if _read(_newest(folder, host, key)) != _bytes(key)]


def keep(folder: str, host: str, key: Key) -> None:
    """Makes a key the newest one of its volume."""
    newest = _newest(folder, host, key)
    # Not in one go: makedirs gives the mode to the last one alone.
    for path in (folder, os.path.dirname(newest)):
        os.makedirs(path, mode=0o700, exist_ok=True)
    if len(os.listdir(os.path.dirname(newest))) >= _MOST:
        raise EdgesiteError(
            "{0} has {1} recovery keys in escrow ({2}), and can have no more".format(
                host, _MOST, os.path.dirname(newest)
            ),
            "Run the playbook with --check --diff to see why it makes new ones; move files of volumes that are gone to "
            "another folder",
        )
    before = _read(newest)
    if before is not None:
        _set_aside(newest, before)
    descriptor, draft = tempfile.mkstemp(dir=os.path.dirname(newest), prefix=".draft-")
    try:
        _write(descriptor, _bytes(key))
        os.replace(draft, newest)
    except OSError:
        os.unlink(draft)
        raise


def check_folder(folder: str, option: str) -> None:
    """Raises where an empty text would keep no key, or keep it anywhere."""
    if not folder.strip():
        raise EdgesiteError(
            "{0} is empty, so recovery keys would be kept nowhere".format(option),
            "Set it to a folder on the controller that is backed up, such as /srv/site/escrow",
        )


def check_host(host: str) -> None:
    """Raises where a name in the inventory cannot be a folder's."""
    if not lines.fits(host, lines.HOST):
        raise EdgesiteError(
            "The host's name {0} cannot be that of its folder in escrow".format(shown(host)),
            "Rename it in the inventory with letters, digits, dots, dashes and _ alone, such as gpu-1",
        )


def _key(host: str, volume: Mapping[str, Any]) -> Key:
    uuid, cms = volume.get("uuid"), volume["recovery"]
    if not isinstance(uuid, str) or not lines.fits(uuid, lines.UUID):
        raise _lie(host, "{0!r} as the UUID of a volume".format(uuid))
    if not isinstance(cms, str) or not cms.isascii() or len(cms) > _LARGEST or not _is_enveloped(cms):
        raise _lie(host, "a recovery key of volume {0} that is not one encrypted block (CMS, PEM)".format(uuid))
    return Key(uuid, cms)


def _lie(host: str, what: str) -> EdgesiteError:
    return EdgesiteError(
        "{0} returned {1}; nothing was written into escrow".format(host, what),
        "Find out what answers in place of Python on {0}; 'cryptsetup luksDump' shows the volume's header".format(host),
    )


def _is_enveloped(cms: str) -> bool:
    try:
        content = der.only(der.SEQUENCE, der.unpem("CMS", cms))
    except der.NotDer:
        return False
    # what is before and after the block goes into the file too
    return (
        content.startswith(_ENVELOPED)
        and cms.startswith("-----BEGIN")
        and cms.rstrip("\n").endswith("-----END CMS-----")
    )


def _newest(folder: str, host: str, key: Key) -> str:
    return os.path.join(folder, host, key.file)


def _bytes(key: Key) -> bytes:
    return key.cms.encode("ascii")


def _read(path: str) -> Optional[bytes]:
    try:
        return controller_file.read(path)
    except FileNotFoundError:
        return None


def _write(descriptor: int, data: bytes) -> None:
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _set_aside(newest: str, content: bytes) -> None:
    """Gives the newest key a number as well, unless it has one from a run that was broken off here."""
    stem = newest[: -len(".pem")]
    for number in itertools.count(1):
        numbered = "{0}.{1}.pem".format(stem, number)
        try:
            descriptor = os.open(numbered, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            if _read(numbered) == content:
                return
        else:
            _write(descriptor, content)
            return
