# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong on the controller with what the layer identity needs there: who signs, what is revoked, the records."""

from __future__ import annotations

import contextlib
import functools
import os
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from ...module_utils.common.errors import EdgesiteError
from .. import controller_file
from ..identity import authority_options, chains, crypto, own_ca, revocation_lists, site_files
from ..identity.store import Store
from ..identity.texts import text
from .meaning import Values
from .rest import NotKnown

_SITE_CA = "'ansible-playbook edgesite.gpu.site_ca -i INVENTORY'"
# The CA of the role site_ca, which is there where no other is named
_OF_SITE = own_ca.Names(
    "identity_ca_dir",
    "identity_ca_passphrase",
    "If the certificate has expired, renew it with {0}; otherwise restore the folder from a backup".format(_SITE_CA),
)

_CREATE = "Create the site's CA with {0}, or set identity_authority and identity_crl_files to your own CA".format(
    _SITE_CA
)
_MAKERS = "Put the makers' roots there, which are signed by themselves; others belong to identity_tpm_intermediates"
_OF_OWN_CA = ("certificate", "privatekey", "passphrase", "chain", "roots")


def checks(values: Values) -> Sequence[Callable[[], Any]]:
    """Each raises what is wrong with one of them."""
    return [
        crypto.require,
        *_signing(values),
        *(functools.partial(_present, name, paths) for name, paths in _needed(values).items()),
        lambda: _makers(values),
        lambda: _check_lists(values, *_lists(values)),
        lambda: _state(values),
        lambda: _certificates("identity_tpm_roots", values["identity_tpm_roots"]),
        lambda: _certificates("identity_tpm_intermediates", values["identity_tpm_intermediates"]),
        lambda: _certificates("identity_ek_certificates", values["identity_ek_certificates"]),
    ]


def _signing(values: Values) -> Sequence[Callable[[], Any]]:
    """Checks of who signs; none where that is wrong in itself, which is said of it."""
    try:
        signs, names = _authority(values)
    except NotKnown:
        return []
    return [
        lambda: authority_options.way(signs, names.authority),
        lambda: _once(_roots, names.authority, _there(signs["roots"]), bool(signs["privatekey"])),
        lambda: _own_key(signs, names),
    ]


def _needed(values: Values) -> Dict[str, List[str]]:
    """The files that have to be there, by the variable that they come from."""
    needed: Dict[str, List[str]] = {}
    with contextlib.suppress(NotKnown):
        signs, names = _authority(values)
        needed[names.authority] = site_files.of_authority(signs)
    with contextlib.suppress(NotKnown):
        lists, of_lists = _lists(values)
        needed.setdefault(of_lists, []).extend(lists)
    return needed


def _check_lists(values: Values, lists: Sequence[str], name: str) -> None:
    _once(_revocations, name, _there(lists))
    authorities: Tuple[str, ...] = ()
    signer = None
    with contextlib.suppress(NotKnown):
        signs, _names = _authority(values)
        signer = signs["certificate"] if signs["privatekey"] else None
        authorities = (*signs["roots"], *(signs["chain"] or ()), *([signer] if signer else ()))
    _once(_usable, name, _there(lists), _there(authorities), signer)


def _authority(values: Values) -> Tuple[Mapping[str, Any], own_ca.Names]:
    if values["identity_authority"] is not None:
        return values["identity_authority"], own_ca.named("identity_authority")
    folder = values["identity_ca_dir"]
    given = {
        "certificate": os.path.join(folder, "issuing.pem"),
        "privatekey": os.path.join(folder, "issuing.key"),
        "passphrase": values["identity_ca_passphrase"],
        "roots": [os.path.join(folder, "root.pem")],
    }
    return {**{name: option.get("default") for name, option in authority_options.OPTIONS.items()}, **given}, _OF_SITE


def _lists(values: Values) -> Tuple[List[str], str]:
    """The revocation lists, and the variable that they come from."""
    if values["identity_crl_files"] is not None:
        return values["identity_crl_files"], "identity_crl_files"
    return [os.path.join(values["identity_ca_dir"], name) for name in ("crl.pem", "root-crl.pem")], "identity_ca_dir"


def _present(name: str, paths: Sequence[str]) -> None:
    lacking = site_files.absent(paths)
    if lacking:
        raise EdgesiteError(
            "{0}: missing on the controller: {1}".format(name, ", ".join(lacking)),
            _CREATE if name == _OF_SITE.authority else "Correct the paths, or create the files (docs/identity.md)",
        )


def _there(paths: Sequence[str]) -> Tuple[str, ...]:
    return tuple(path for path in paths if os.path.exists(path))


def _roots(name: str, paths: Tuple[str, ...], key_is_here: bool) -> None:
    """With the CA's key here, it is by its own certificate that the roots are judged."""
    (site_files.joined if crypto.MISSING else site_files.roots)(paths, name)
    if not key_is_here:
        _check_roots(name, paths, "Name the CA's own root, which is signed by itself")


def _check_roots(name: str, paths: Tuple[str, ...], fix: str) -> None:
    found = read(name, paths)
    why = chains.no_root(found) if found else None
    if why:
        raise EdgesiteError("{0}: none of the certificates is a root that is valid now: {1}".format(name, why), fix)


def _revocations(name: str, paths: Sequence[str]) -> None:
    if not crypto.MISSING:
        site_files.revocations(paths, name)


def _usable(name: str, paths: Tuple[str, ...], authorities: Tuple[str, ...], signer: Optional[str]) -> None:
    """What is wrong with the CA's files is said of them."""
    if crypto.MISSING:
        return
    with contextlib.suppress(OSError, ValueError):
        written = {path: controller_file.text(path) for path in paths}
        of_signer = controller_file.text(signer) if signer in authorities else None
        revocation_lists.check(name, written, [controller_file.text(one) for one in authorities], of_signer)


def _own_key(signs: Mapping[str, Any], names: own_ca.Names) -> None:
    if not signs["privatekey"] or not signs["certificate"] or crypto.MISSING:
        return
    if names is _OF_SITE:
        _check_passphrase(signs["passphrase"])
    if site_files.absent(site_files.of_authority(signs)):
        return
    _once(_check_own_ca, names, *(_frozen(signs[name]) for name in _OF_OWN_CA))


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else text(value)


def _check_own_ca(names: own_ca.Names, *values: Any) -> None:
    own_ca.check(dict(zip(_OF_OWN_CA, values)), names)


def _check_passphrase(passphrase: Optional[str]) -> None:
    if not (text(passphrase) or "").strip():
        raise EdgesiteError(
            "identity_ca_passphrase is {0}".format("not set" if passphrase is None else "empty, or not text"),
            "Set it to the passphrase of the issuing CA's key, as text in quotes, and keep it in a vault",
        )


def _state(values: Values) -> None:
    """The role site_ca makes the folder with the CA, so it lacks where that one does."""
    folder, own = values["identity_state_dir"], os.path.join(values["identity_ca_dir"], "state")
    by_default = os.path.normpath(folder) == os.path.normpath(own)
    if by_default and values["identity_authority"] is None and not os.path.isdir(values["identity_ca_dir"]):
        return
    _once(_check_state, "identity_ca_dir" if by_default else "identity_state_dir", folder)


def _check_state(name: str, folder: str) -> None:
    try:
        Store(folder).check()
    except EdgesiteError as error:
        raise EdgesiteError("{0}: {1}".format(name, error.problem), error.fix) from error


def _makers(values: Values) -> None:
    if values["identity_ek_trust"] == "certified":
        _once(_check_roots, "identity_tpm_roots", _there(values["identity_tpm_roots"]), _MAKERS)


def _certificates(name: str, paths: Sequence[str]) -> None:
    for path in paths or ():
        if not os.path.exists(path):
            raise EdgesiteError(
                "{0}: {1} does not exist on the controller".format(name, path),
                "Set it to files or folders with certificates in PEM or DER; begin a relative path with inventory_dir",
            )
        if not read(name, (path,)):
            raise EdgesiteError(
                "{0}: {1} has no certificate".format(name, path),
                "Put certificates in PEM or DER in it, as files that end with .pem, .crt or .cer",
            )


@functools.lru_cache(maxsize=None)
def read(name: str, paths: Tuple[str, ...]) -> Tuple[str, ...]:
    """The certificates in files and folders that a variable names. A folder may have others, which a run names."""
    try:
        return tuple(chains.collected(paths).certificates)
    except EdgesiteError as error:
        raise EdgesiteError("{0}: {1}".format(name, error.problem), error.fix) from error


def _once(check: Callable[..., None], *arguments: Any) -> None:
    """Checks what many hosts have in common, and raises for each of them what was found."""
    error = _found(check, *arguments)
    if error is not None:
        raise error


@functools.lru_cache(maxsize=None)
def _found(check: Callable[..., None], *arguments: Any) -> Optional[EdgesiteError]:
    try:
        check(*arguments)
    except EdgesiteError as error:
        return error
    return None
