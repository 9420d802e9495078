# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the archive that the controller sends, into memory: nothing reaches the disk unless all of it is right."""

from __future__ import annotations

import hashlib
import io
import stat
import struct
import zipfile
import zlib
from typing import Dict

from ..tools import Entry, Manifest, check_archive, damaged

_ENCRYPTED = 0x1
# What zipfile raises for bytes that are no archive, or a broken one: OSError too, where a place in it makes no sense.
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, OverflowError, struct.error, OSError)


def read(path: str, manifest: Manifest) -> Dict[str, bytes]:
    """The content of the manifest's files. Raises EdgesiteError for an archive of anything else."""
    with open(path, "rb") as stream:
        archive = io.BytesIO(stream.read())
    try:
        with zipfile.ZipFile(archive) as packed:
            check_archive([_entry(info) for info in packed.infolist()], manifest)
            content = {name: packed.read(name) for name in manifest}
    except _BROKEN as error:
        raise damaged(str(error) or type(error).__name__) from error
    for name, data in content.items():
        if hashlib.sha256(data).hexdigest() != manifest[name]:
            raise damaged("{0} differs from what was sent".format(name))
    return content


def _entry(info: zipfile.ZipInfo) -> Entry:
    kind = stat.S_IFMT(info.external_attr >> 16)
    plain = kind in (0, stat.S_IFREG) and not info.flag_bits & _ENCRYPTED
    return Entry(info.filename, info.file_size, plain)
