# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The domain of tpm_key: a key that lives in the TPM, in a file that only this TPM can use, at a handle, or both."""

from __future__ import annotations

import base64
from typing import Any, Callable, Dict, List, Optional

from ...boot.host import ready
from ...boot.unit import NONE
from ...common.errors import EdgesiteError
from ...common.host import owned_files
from ...converge import Domain, described_by
from .. import key, tss2_pem
from ..key import Action, Evict, Found, Keep, MakeKey, MakeStorageKey, SetAccess, State, Wanted
from ..properties import index
from ..tss2_pem import KeyFile
from . import key as backend
from .tools import Tools


class TpmKeyDomain(Domain[State, Action]):
    """connect is called only where the TPM is needed: a key's file goes away without it."""

    def __init__(self, connect: Callable[[], Tools], wanted: Wanted, owner_auth: Optional[str]) -> None:
        self.connect = connect
        self.wanted = wanted
        self.owner_auth = owner_auth
        self.connected: Optional[Tools] = None
        self.made: Optional[KeyFile] = None

    @property
    def tools(self) -> Tools:
        if self.connected is None:
            self.connected = self.connect()
        return self.connected

    def observe(self) -> State:
        wanted = self.wanted
        storage_key = self.tools.read_public(key.STORAGE_KEY) if wanted.present else None
        text = None if wanted.path is None else owned_files.read_text(wanted.path)
        file = handle = None
        if wanted.path is not None and text is not None:
            file = backend.look_into(self.tools, text, wanted.path) if wanted.present else Found(None)
        if wanted.handle is not None:
            handle = backend.look_at(self.tools, wanted.handle)
        # a file that is removed meanwhile has neither
        access = None if wanted.path is None or text is None else backend.access(wanted.path)
        return State(storage_key, file, handle, text, access)

    def plan(self, state: State) -> List[Action]:
        return key.plan(self.wanted, state, self.made is not None)

    def predict(self, state: State, actions: List[Action]) -> State:
        return key.after(self.wanted, state, actions)

    def ready(self, actions: List[Action]) -> None:
        ready.check("Changing keys of the TPM", NONE)
        if self.wanted.present and self.wanted.path is not None:
            backend.ids(self.wanted.access)

    def apply(self, action: Action) -> None:
        if isinstance(action, MakeStorageKey):
            self.tools.ensure_storage_key(self.owner_auth)
        elif isinstance(action, MakeKey):
            self.made = self.tools.create(action.kind)
            if action.path is not None:
                backend.write(action.path, tss2_pem.encode(self.made), action.access)
        elif isinstance(action, Evict):
            self.tools.evict(action.handle, self.owner_auth)
        elif isinstance(action, Keep):
            self.tools.keep(self._key(), action.handle, self.owner_auth)
        elif isinstance(action, SetAccess):
            backend.set_access(action.path, action.access)
        else:
            owned_files.remove(action.path)

    def _key(self) -> KeyFile:
        """The key that a handle is to hold: the one just made, else that of the file."""
        if self.made is not None:
            return self.made
        path = self.wanted.path or ""
        return tss2_pem.decode(owned_files.read_text(path) or "", path)

    def undo(self, action: Action) -> None:
        if isinstance(action, MakeStorageKey):
            self._evict(key.STORAGE_KEY)
        elif isinstance(action, MakeKey):
            self._restore(action)
        elif isinstance(action, Evict):
            if self.tools.read_public(action.handle) is None:
                self._bring_back(action)
        elif isinstance(action, Keep):
            self._evict(action.handle)
        elif isinstance(action, SetAccess):
            backend.set_access(action.path, action.before)
        else:
            backend.write(action.path, action.text, action.access)

    def _evict(self, handle: int) -> None:
        if self.tools.read_public(handle) is not None:
            self.tools.evict(handle, self.owner_auth)

    def _restore(self, action: MakeKey) -> None:
        if action.path is None:
            return
        if action.before is None:
            owned_files.remove(action.path)
        else:
            backend.write(action.path, *action.before)

    def _bring_back(self, action: Evict) -> None:
        if action.text is None:
            raise EdgesiteError(
                "the key that was at {0} is gone for good".format(index(action.handle)),
                "Create another one there with edgesite.gpu.tpm_key, and have a certificate issued for it",
            )
        self.tools.keep(tss2_pem.decode(action.text, "the file before"), action.handle, self.owner_auth)

    def describe(self, action: Action) -> Dict[str, Any]:
        return described_by(key, action)

    def render(self, state: State) -> Dict[str, Any]:
        shown: Dict[str, Any] = {}
        if self.wanted.path is not None:
            shown["path"] = None if state.file is None else dict(_show(state.file), **_show_access(state))
        if self.wanted.handle is not None:
            shown["handle"] = None if state.handle is None else _show(state.handle)
        return shown

    def extras(self, before: State, after: State) -> Dict[str, Any]:
        wanted = self.wanted
        place = after.file if wanted.path is not None else after.handle
        public = place.public if place is not None else None
        return {
            "public": base64.b64encode(public.tpm2b).decode("ascii") if public else None,
            "name": public.name.hex() if public else None,
            "type": public.kind if public else None,
            "path": wanted.path,
            "handle": None if wanted.handle is None else index(wanted.handle),
        }


def _show(found: Found) -> Dict[str, Any]:
    public = found.public
    shown: Dict[str, Any] = {"type": public.kind if public else None, "name": public.name.hex() if public else None}
    return dict(shown, problem=found.problem) if found.problem else shown


def _show_access(state: State) -> Dict[str, Any]:
    access = state.access
    return (
        {} if access is None else {"owner": access.owner, "group": access.group, "mode": oct(access.mode)[2:].zfill(4)}
    )
