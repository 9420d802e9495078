# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys of a TPM where users keep them: in files and at handles."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import stat
from typing import Callable, Iterator, NamedTuple, Optional, Tuple, Union

from ...common.errors import EdgesiteError
from ...common.host import owned_files
from ...common.lines import as_int
from .. import public as tpm_public
from .. import tss2_pem
from ..errors import TpmError
from ..key import Access, Found, parse_account
from ..properties import index
from ..public import Public
from ..tss2_pem import KeyFile
from .tools import Tools

_PERSISTENT = 0x81
_CREATE = "Create one with edgesite.gpu.tpm_key"
_RENEW = "Run edgesite.gpu.tpm_key with regenerate: unusable to create a new one, which needs a new certificate"
# What the TPM says of a key that it cannot use; all else is about the TPM itself.
_UNUSABLE = {
    "integrity": "it belongs to another TPM, or to this one before it was cleared",
    "no_object": "the key above it is not in the TPM: the TPM was cleared, or is another one",
    "attributes": "the key above it is not a storage key",
}


class NoUse(EdgesiteError):
    """A key is not there (cause: missing), or is none of this TPM's (foreign); nothing is wrong with the TPM."""

    def __init__(self, cause: str, problem: str, fix: str) -> None:
        super().__init__(problem, fix)
        self.cause = cause


class Key(NamedTuple):
    """A key that is ready for use. name: as tools take it."""

    name: str
    public: Public


@contextlib.contextmanager
def opened(tools: Tools, path: Optional[str], handle: Optional[int]) -> Iterator[Key]:
    """The key in a file, or else at a handle, for as long as the with statement lasts."""
    if path is not None:
        text = owned_files.read_text(path)
        if text is None:
            raise NoUse("missing", "There is no key: {0} does not exist".format(path), _CREATE)
        try:
            key = tss2_pem.decode(text, path)
        except EdgesiteError as error:
            raise NoUse("foreign", error.problem, error.fix) from error
        public = _public(key, path)
        with contextlib.ExitStack() as stack:
            yield Key(_loaded(stack, tools, key, path), public)
    else:
        found = tools.read_public(handle or 0)
        if found is None:
            raise NoUse("missing", "The TPM has no key at {0}".format(index(handle or 0)), _CREATE)
        yield Key(index(handle or 0), found)


def _loaded(stack: contextlib.ExitStack, tools: Tools, key: KeyFile, path: str) -> str:
    try:
        return stack.enter_context(tools.loaded(key))
    except EdgesiteError as refusal:
        problem = _UNUSABLE.get(getattr(refusal, "tpm_status", ""))
        if problem is None:
            raise
        raise NoUse("foreign", "{0}: {1}".format(path, problem), _RENEW) from refusal


def look_into(tools: Tools, text: str, path: str) -> Found:
    """What a key file has, and whether the TPM can use it."""
    try:
        key = tss2_pem.decode(text, path)
        public = tpm_public.parse(key.public)
    except EdgesiteError as error:
        return Found(None, error.problem)
    except tpm_public.NotPublic as error:
        return Found(None, "its public part is damaged: {0}".format(error))
    _public(key, path)
    try:
        with tools.loaded(key):
            return Found(public)
    except TpmError as refusal:
        if refusal.tpm_status not in _UNUSABLE:
            raise
        return Found(None, _UNUSABLE[refusal.tpm_status])


def look_at(tools: Tools, handle: int) -> Optional[Found]:
    """What is at a handle."""
    public = tools.read_public(handle)
    return None if public is None else Found(public)


def _public(key: KeyFile, path: str) -> Public:
    if key.parent >> 24 != _PERSISTENT:
        raise EdgesiteError(
            "{0} is a key under {1}, which is not a persistent handle: another program created it".format(
                path, hex(key.parent)
            ),
            "Use another path, or remove the file if nothing uses it",
        )
    try:
        return tpm_public.parse(key.public)
    except tpm_public.NotPublic as error:
        raise NoUse("foreign", "{0} is not a TPM key: {1}".format(path, error), _CREATE) from error


def access(path: str) -> Optional[Access]:
    """Who may read a file; None where there is none."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise EdgesiteError(
            "cannot read {0}: {1}".format(path, error.strerror), "Run the task as root (become: true)"
        ) from error
    return Access(_user(found.st_uid), _group(found.st_gid), stat.S_IMODE(found.st_mode))


def wanted_access(owner: str, group: str, mode: int) -> Access:
    """As access says it: numbers become names where there are any."""
    return Access(_named(parse_account("owner", owner), _user), _named(parse_account("group", group), _group), mode)


def _named(account: Union[int, str], name_of: Callable[[int], str]) -> str:
    return name_of(account) if isinstance(account, int) else account


def ids(wanted: Access) -> Tuple[int, int]:
    """The numbers of a file's owner and group. Raises EdgesiteError."""
    try:
        owner = as_int(wanted.owner)
        uid = pwd.getpwnam(wanted.owner).pw_uid if owner is None else owner
    except KeyError:
        raise EdgesiteError(
            "owner {0!r} is not a user of this host".format(wanted.owner), "Create the user first"
        ) from None
    try:
        group = as_int(wanted.group)
        return uid, grp.getgrnam(wanted.group).gr_gid if group is None else group
    except KeyError:
        raise EdgesiteError(
            "group {0!r} is not a group of this host".format(wanted.group), "Create the group first"
        ) from None


def write(path: str, text: str, wanted: Access) -> None:
    """Replaces a key file. Raises EdgesiteError."""
    owned_files.write_text(path, text, wanted.mode, ids(wanted))


def set_access(path: str, wanted: Access) -> None:
    """Sets who may read a file. Raises EdgesiteError."""
    try:
        os.chown(path, *ids(wanted))
        os.chmod(path, wanted.mode)
    except OSError as error:
        raise EdgesiteError(
            "cannot set owner and mode of {0}: {1}".format(path, error.strerror), "Run the task as root (become: true)"
        ) from error


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
