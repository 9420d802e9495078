# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A TPM's keys, through tpm2-tools. Nothing stays loaded in the TPM, whether or not it has a resource manager."""

from __future__ import annotations

import contextlib
import os
from functools import partial
from typing import Iterator, List, Optional

from ...common.errors import EdgesiteError
from .. import public as tpm_public
from ..endorsement import Policy
from ..key import STORAGE_KEY
from ..properties import index
from ..public import ECC, Public
from ..tss2_pem import KeyFile
from .connection import SECONDS_FOR_A_KEY, STDIN, STDOUT, Connection

_STORAGE_TEMPLATE = (
    *("-C", "o", "-g", "sha256", "-G", "ecc256:aes128cfb"),
    *("-a", "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt"),
)
_KEY_ATTRIBUTES = "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|sign"
# RSA keys have no fixed scheme: TLS 1.3 signs with PSS, requests and older TLS with PKCS #1 v1.5.
_KEY_KINDS = {"ecc_p256": "ecc256:ecdsa-sha256", "rsa2048": "rsa2048", "rsa3072": "rsa3072"}

# tpm2-tools take a password from a file, so that no list of processes shows it
_PASSWORD_FROM_STDIN = "file:-"


class Tools(Connection):
    """What is done with the keys of a TPM."""

    def ensure_storage_key(self, owner_auth: Optional[str]) -> None:
        """Makes the key that others are kept under, where there is none."""
        if self.read_public(STORAGE_KEY) is not None:
            return
        what = "creating the storage key"
        template = (*_STORAGE_TEMPLATE, *_password(owner_auth))

        with self.folder() as folder, self.loading(
            folder, _is_storage_key, "tpm2_createprimary", *template, data=_data(owner_auth), what=what
        ) as key:
            self._keep(key, STORAGE_KEY, owner_auth, what)

    def create(self, kind: str) -> KeyFile:
        """A new key under the storage key; it is in the TPM only while it is used."""
        with self.folder() as folder:
            public, private = os.path.join(folder, "public"), os.path.join(folder, "private")
            template = ("-g", "sha256", "-G", _KEY_KINDS[kind], "-a", _KEY_ATTRIBUTES)
            arguments = ("-Q", "-C", index(STORAGE_KEY), *template, "-u", public, "-r", private)
            self.ask("tpm2_create", *arguments, timeout=SECONDS_FOR_A_KEY, what="creating a {0} key".format(kind))
            return KeyFile(_read(public), _read(private), STORAGE_KEY)

    @contextlib.contextmanager
    def loaded(self, key: KeyFile) -> Iterator[str]:
        """A key in the TPM, as tools take it, for as long as the with statement lasts."""
        wanted = tpm_public.parse(key.public)
        with self.folder() as folder:
            public, private = os.path.join(folder, "public"), os.path.join(folder, "private")
            _write(public, key.public)
            _write(private, key.private)
            arguments = ("-C", index(key.parent), "-u", public, "-r", private)
            is_key = partial(_is, wanted)
            with self.loading(folder, is_key, "tpm2_load", *arguments, what="loading the key") as name:
                yield name

    def sign(self, key: str, public: Public, digest: bytes) -> bytes:
        """A signature over a SHA-256 digest: DER for an ECC key, PKCS #1 v1.5 for an RSA key."""
        return self._sign(key, "ecdsa" if public.type == ECC else "rsassa", digest)

    def sign_pss(self, key: str, digest: bytes) -> bytes:
        """A signature of an RSA key over a SHA-256 digest, as TLS 1.3 has it."""
        return self._sign(key, "rsapss", digest)

    def _sign(self, key: str, scheme: str, digest: bytes) -> bytes:
        arguments = ("-Q", "-c", key, "-g", "sha256", "-s", scheme, "-f", "plain", "-d", "-o", STDOUT)
        return self.ask("tpm2_sign", *arguments, data=digest, what="signing", password="key's")

    def activate(self, key: str, endorsement: str, policy: Optional[Policy], credential: bytes) -> bytes:
        """The secret in a credential. It goes through a pipe, so that it is in no file.

        policy: of the endorsement key; None for an empty password.
        """
        what = "activating the credential"
        arguments = ("-Q", "-c", key, "-C", endorsement, "-i", STDIN, "-o", STDOUT)
        ask = {"data": credential, "what": what, "password": "endorsement"}
        if policy is None:
            return self.ask("tpm2_activatecredential", *arguments, **ask)
        with self.folder() as folder:
            session = os.path.join(folder, "session")
            kind = ("-g", policy.hash, "--policy-session")
            self.ask("tpm2_startauthsession", "-Q", *kind, "-S", session, what=what)
            try:
                self.ask("tpm2_policysecret", "-Q", "-S", session, "-c", "e", what=what, password="endorsement")
                if policy.branches:
                    paths = [os.path.join(folder, "branch-{0}".format(n)) for n in range(len(policy.branches))]
                    for path, digest in zip(paths, policy.branches):
                        _write(path, digest)
                    branches = "{0}:{1}".format(policy.hash, ",".join(paths))
                    self.ask("tpm2_policyor", "-Q", "-S", session, "-l", branches, what=what)
                return self.ask("tpm2_activatecredential", *arguments, "-P", "session:" + session, **ask)
            finally:
                with contextlib.suppress(EdgesiteError):
                    self.ask("tpm2_flushcontext", "-Q", session)

    def keep(self, key: KeyFile, handle: int, owner_auth: Optional[str]) -> None:
        """Makes a key persistent."""
        with self.loaded(key) as name:
            self._keep(name, handle, owner_auth, "keeping the key at " + index(handle))

    def _keep(self, name: str, handle: int, owner_auth: Optional[str], what: str) -> None:
        arguments = ("-Q", "-C", "o", *_password(owner_auth), "-c", name, index(handle))
        self.ask("tpm2_evictcontrol", *arguments, data=_data(owner_auth), what=what)

    def evict(self, handle: int, owner_auth: Optional[str]) -> None:
        """Takes away what is at a persistent handle."""
        name = index(handle)
        arguments = ("-Q", "-C", "o", *_password(owner_auth), "-c", name)
        self.ask("tpm2_evictcontrol", *arguments, data=_data(owner_auth), what="removing what is at " + name)


def _password(owner_auth: Optional[str]) -> List[str]:
    return ["-P", _PASSWORD_FROM_STDIN] if owner_auth else []


def _data(owner_auth: Optional[str]) -> Optional[bytes]:
    return owner_auth.encode("utf-8") if owner_auth else None


def _is_storage_key(public: Public) -> bool:
    return {"restricted", "decrypt", "noda"} <= public.attributes and not public.policy


def _is(wanted: Public, found: Public) -> bool:
    return found.name == wanted.name


def _read(path: str) -> bytes:
    with open(path, "rb") as stream:
        return stream.read()


def _write(path: str, content: bytes) -> None:
    with open(path, "wb") as stream:
        stream.write(content)
