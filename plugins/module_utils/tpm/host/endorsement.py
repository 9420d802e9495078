# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A TPM's endorsement keys: those that it keeps, and those that it makes again each time from its own seed."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import ContextManager, Iterator, List, NamedTuple, Optional

from ...common.errors import EdgesiteError
from .. import endorsement as tpm_endorsement
from ..errors import TpmError
from ..properties import index
from ..public import Public
from .key import Key
from .tools import Tools

# TPMs say so in several ways: by a seal that does not fit, or since what they decrypt by another key is no secret.
# libtpms calls the latter a failure; a TPM that has really failed says it again at the next command.
_OTHER_KEY = ("integrity", "mismatch", "value", "failure")


class Endorsement(NamedTuple):
    """An endorsement key. handle is None where the TPM does not keep it."""

    handle: Optional[int]
    public: Public


def kept(tools: Tools) -> List[Endorsement]:
    """The endorsement keys that the TPM keeps."""
    found = []
    for handle in filter(tpm_endorsement.is_handle, tools.persistent()):
        # what else makers keep there is not understood, and need not be
        with contextlib.suppress(EdgesiteError):
            public = tools.read_public(handle)
            if public is not None and tpm_endorsement.is_key(public):
                found.append(Endorsement(handle, public))
    return found


@contextlib.contextmanager
def made(tools: Tools, kind: str) -> Iterator[Key]:
    """The endorsement key of a kind, made by the profile's template, for as long as the with statement lasts."""
    arguments = ("-G", tpm_endorsement.TEMPLATES[kind])
    what = "creating the endorsement key {0}".format(kind)
    with tools.folder() as folder, tools.loading(
        folder, partial(_is, kind), "tpm2_createek", *arguments, what=what, password="endorsement"
    ) as name:
        yield Key(name, tools.public(name))


def activate(tools: Tools, key: Key, kind: str, credential: bytes) -> bytes:
    """The secret in a credential for a key, by the endorsement key of a kind. Raises EdgesiteError.

    A TPM may keep several of a kind, and may have others than it would make, so that each is tried.
    """
    refused: Optional[TpmError] = None
    for candidate in _candidates(tools, kind):
        with candidate as endorsement:
            try:
                policy = tpm_endorsement.policy(endorsement.public)
                return tools.activate(key.name, endorsement.name, policy, credential)
            except TpmError as error:
                if error.tpm_status not in _OTHER_KEY:
                    raise
                refused = error
    raise EdgesiteError(
        "The credential cannot be opened: it was created for another TPM, for another key, or for another endorsement "
        "key than the {0} one of this TPM".format(kind),
        "Create a new one with tpm_credential, from what tpm_info and tpm_csr report for this host now",
    ) from refused


def _candidates(tools: Tools, kind: str) -> Iterator[ContextManager[Key]]:
    for endorsement in kept(tools):
        if endorsement.public.kind == kind:
            yield contextlib.nullcontext(Key(index(endorsement.handle or 0), endorsement.public))
    if kind in tpm_endorsement.TEMPLATES:
        yield made(tools, kind)


def _is(kind: str, public: Public) -> bool:
    return tpm_endorsement.is_key(public) and public.kind == kind
