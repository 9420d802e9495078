# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A key that only its TPM can use: what there is of it, what is wanted, and the way from one to the other."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Dict, List, NamedTuple, Optional, Tuple, Union

from ..common.disruption import NONE, by
from ..common.errors import EdgesiteError, shown
from ..common.lines import Kind, as_int, checked
from .properties import index
from .public import DEVICE_KEY, Public

KINDS = ("ecc_p256", "rsa2048", "rsa3072")
UNUSABLE, ALWAYS = "unusable", "always"

# Where the TCG's guidance puts the storage root key, and programs expect it
STORAGE_KEY = 0x81000001
# The owner's persistent handles but for those that the TCG gave to endorsement keys
_HANDLES = range(0x81000000, 0x81800000)
_ENDORSEMENT_HANDLES = range(0x81010000, 0x81020000)
_STORAGE_ATTRIBUTES = frozenset(("fixedtpm", "fixedparent", "restricted", "decrypt"))
# With its zero: YAML reads 0640 without quotes as the number 416, which would be a mode as well.
_MODE = re.compile(r"0[0-7]{3}\Z", re.ASCII)
_HANDLE = re.compile(r"0[xX][0-9A-Fa-f]{1,8}|[1-9][0-9]{0,9}")
# Of a directory such as Active Directory, too. The highest number means that there is none.
_ACCOUNT = Kind(
    re.compile(r"[0-9]{1,10}|[A-Za-z_][A-Za-z0-9_.@\\$ -]*"),
    "the name or the number of a user or a group",
    "Use the name of one on the host, or a number from 0 to 4294967294",
)
_HIGHEST = 0xFFFFFFFE


class Place(NamedTuple):
    """Where a key is: a file, or else a handle."""

    path: Optional[str]
    handle: Optional[int]


class Access(NamedTuple):
    """Who may read a file: names, or numbers where there are none, and the mode."""

    owner: str
    group: str
    mode: int


class Found(NamedTuple):
    """A key that is there. problem: why the TPM cannot use it; public is None then, and for a key yet to be made."""

    public: Optional[Public]
    problem: str = ""


class State(NamedTuple):
    """What there is. text, access: of the file."""

    storage_key: Optional[Public]
    file: Optional[Found]
    handle: Optional[Found]
    text: Optional[str] = None
    access: Optional[Access] = None


@dataclass(frozen=True)
class Wanted:
    """What the user wants."""

    present: bool
    kind: str
    path: Optional[str]
    handle: Optional[int]
    regenerate: str
    access: Access


@dataclass(frozen=True)
class MakeStorageKey:
    """The key above all others."""


@dataclass(frozen=True)
class MakeKey:
    """path: the file it goes to; None where it goes to a handle only. before: what was in the file; why it is made."""

    kind: str
    path: Optional[str]
    before: Optional[Tuple[str, Access]]
    access: Access
    why: str


@dataclass(frozen=True)
class Evict:
    """Takes a key away from a handle. text: the file that can bring it back."""

    handle: int
    text: Optional[str]


@dataclass(frozen=True)
class Keep:
    """Puts the key at a handle."""

    handle: int


@dataclass(frozen=True)
class SetAccess:
    """Owner, group and mode of the file."""

    path: str
    before: Access
    access: Access


@dataclass(frozen=True)
class RemoveFile:
    """Takes the file away."""

    path: str
    text: str
    access: Access


Action = Union[MakeStorageKey, MakeKey, Evict, Keep, SetAccess, RemoveFile]


def plan(wanted: Wanted, state: State, renewed: bool) -> List[Action]:
    """What is to be done. renewed: this run has made the new key that regenerate asks for."""
    if not wanted.present:
        return _plan_absent(wanted, state)
    why = _why_anew(wanted, state, renewed)
    if why is None:
        return _plan_rest(wanted, state)
    actions: List[Action] = []
    if state.storage_key is None:
        actions.append(MakeStorageKey())
    elif not state.storage_key.attributes >= _STORAGE_ATTRIBUTES:
        raise EdgesiteError(
            "The object at {0} is not a storage key".format(index(STORAGE_KEY)),
            "This handle is the storage root key's: if nothing needs what is there, remove it with 'tpm2_evictcontrol "
            "-C o -c {0}' on the host".format(index(STORAGE_KEY)),
        )
    before = None if state.text is None or state.access is None else (state.text, state.access)
    actions.append(MakeKey(wanted.kind, wanted.path, before, wanted.access, why))
    if wanted.handle is not None:
        if state.handle is not None:
            _refuse_unless(wanted, ALWAYS, "{0} already holds a key".format(index(wanted.handle)), "use another handle")
            same = state.file and state.file.public and state.file.public == state.handle.public
            actions.append(Evict(wanted.handle, state.text if same else None))
        actions.append(Keep(wanted.handle))
    return actions


def _plan_absent(wanted: Wanted, state: State) -> List[Action]:
    actions: List[Action] = []
    if wanted.handle is not None and state.handle is not None:
        public = state.handle.public
        if public is None or "restricted" in public.attributes or "sign" not in public.attributes:
            raise EdgesiteError(
                "{0} does not hold a key that tpm_key creates, so it is not removed".format(index(wanted.handle)),
                "Correct the handle; 'tpm2_evictcontrol -C o -c {0}' on the host removes whatever is there".format(
                    index(wanted.handle)
                ),
            )
        actions.append(Evict(wanted.handle, state.text))
    if wanted.path is not None and state.text is not None and state.access is not None:
        actions.append(RemoveFile(wanted.path, state.text, state.access))
    return actions


def _why_anew(wanted: Wanted, state: State, renewed: bool) -> Optional[str]:
    """Why a new key has to be made; None where the one that is there is good."""
    place = wanted.path or index(wanted.handle or 0)
    found = state.handle if wanted.path is None else state.file
    if found is None:
        return "there is none"
    if wanted.regenerate == ALWAYS and not renewed:
        return "regenerate is always"
    if found.problem:
        _refuse_unless(wanted, UNUSABLE, "{0}: {1}".format(place, found.problem), "set state: absent for this one")
        return found.problem
    if found.public is not None:
        unlike = _unlike(wanted, found.public)
        if unlike:
            _refuse_unless(
                wanted, ALWAYS, "{0} is {1}".format(place, unlike), "use another place, or set type to what it is"
            )
    return None


def _unlike(wanted: Wanted, public: Public) -> str:
    """How a key differs from the wanted one."""
    if public.kind != wanted.kind:
        return "a key of type {0}, but {1} is wanted".format(public.kind, wanted.kind)
    if public.attributes != DEVICE_KEY or public.policy:
        return "a key that is not bound to this TPM, as a device's key has to be: its attributes are {0}".format(
            ", ".join(sorted(public.attributes))
        )
    return ""


def _plan_rest(wanted: Wanted, state: State) -> List[Action]:
    """What is to be done beside the key in the file, or at the handle where there is no file."""
    actions: List[Action] = []
    if wanted.path is None or state.file is None:
        return actions
    if state.access is not None and state.access != wanted.access:
        actions.append(SetAccess(wanted.path, state.access, wanted.access))
    if wanted.handle is None:
        return actions
    if state.handle is None:
        actions.append(Keep(wanted.handle))
    elif state.handle.public != state.file.public:
        place = "{0} holds a different key from {1}".format(index(wanted.handle), wanted.path)
        _refuse_unless(wanted, ALWAYS, place, "use another handle")
        actions += [Evict(wanted.handle, None), Keep(wanted.handle)]
    return actions


def _refuse_unless(wanted: Wanted, enough: str, problem: str, other: str) -> None:
    allowed = (ALWAYS,) if enough == ALWAYS else (ALWAYS, UNUSABLE)
    if wanted.regenerate not in allowed:
        raise EdgesiteError(
            problem,
            "Set regenerate: {0} for one run to create a new key, which needs a new certificate, or {1}".format(
                enough, other
            ),
        )


def after(wanted: Wanted, state: State, actions: List[Action]) -> State:
    """The state after the actions, as far as it can be known before."""
    for action in actions:
        if isinstance(action, MakeKey) and action.path is not None:
            state = state._replace(file=Found(None), text="", access=action.access)
        elif isinstance(action, Evict):
            state = state._replace(handle=None)
        elif isinstance(action, Keep):
            state = state._replace(handle=state.file if wanted.path is not None else Found(None))
        elif isinstance(action, SetAccess):
            state = state._replace(access=action.access)
        elif isinstance(action, RemoveFile):
            state = state._replace(file=None, text=None, access=None)
    return state


def describe(action: Action) -> str:
    """The action for the user."""
    if isinstance(action, MakeStorageKey):
        return "create the TPM's storage key at {0}".format(index(STORAGE_KEY))
    if isinstance(action, MakeKey):
        place = "" if action.path is None else ", in {0}".format(action.path)
        return "create a key of type {0} in the TPM{1} ({2})".format(action.kind, place, action.why)
    if isinstance(action, Evict):
        return "remove the key at {0} from the TPM".format(index(action.handle))
    if isinstance(action, Keep):
        return "keep the key in the TPM at {0}".format(index(action.handle))
    if isinstance(action, SetAccess):
        return "change {0} from {1} to {2}".format(action.path, _show(action.before), _show(action.access))
    return "remove {0}".format(action.path)


def disruption(_action: Action) -> Dict[str, Any]:
    """Nothing: services go on with the key that they have loaded."""
    return by(NONE)


def _show(access: Access) -> str:
    return "{0}:{1} {2:04o}".format(*access)


def parse_handle(written: str, option: str = "handle") -> int:
    """A persistent handle that a user may give."""
    handle = int(written, 0) if _HANDLE.fullmatch(written) else -1
    if handle not in _HANDLES:
        raise EdgesiteError(
            "{0} {1!r} is not a handle of the owner's: those are 0x81000000 to 0x817fffff".format(option, written),
            "Use one of these, such as 0x81000010",
        )
    return handle


def place(path: Optional[str], handle: Optional[str]) -> Place:
    """The place from a module's options."""
    return Place(path, parse_handle(handle) if handle else None)


def parse_place(written: str) -> Place:
    """A path, or else a handle."""
    return Place(written, None) if written.startswith("/") else Place(None, parse_handle(written, "keys"))


def parse_key_handle(written: str) -> int:
    """A handle for a device's key."""
    handle = parse_handle(written)
    if handle == STORAGE_KEY or handle in _ENDORSEMENT_HANDLES:
        raise EdgesiteError(
            "handle {0!r} is reserved for the TPM's storage key or its endorsement keys".format(written),
            "Use one such as 0x81000010",
        )
    return handle


def parse_account(option: str, written: str) -> Union[int, str]:
    """A user or a group as a user gives it: a number, or else a name."""
    number = as_int(checked(option, written, _ACCOUNT))
    if number is None:
        return written
    if number > _HIGHEST:
        raise EdgesiteError(
            "{0} is {1}, which is too high for the number of a user or group".format(option, number), _ACCOUNT.fix
        )
    return number


def parse_mode(written: str) -> int:
    """The mode of a file, in octal."""
    if not _MODE.match(written):
        raise EdgesiteError(
            "mode is {0}, which is not a file's mode in octal".format(shown(written)),
            "Write it with a zero and in quotes, as in mode: '0640'",
        )
    return int(written, 8)
