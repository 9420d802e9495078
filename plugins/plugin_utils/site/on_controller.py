# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with what variables name on the controller: files, folders, keys and passphrases."""

from __future__ import annotations

import functools
import os
import shutil
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from ...module_utils.common.errors import EdgesiteError, combined
from ...module_utils.mig import parted
from ...module_utils.storage import volume
from .. import parted_file
from ..identity import authority, ca_keys, chains, crypto, site_files, urls
from ..identity.texts import text
from .meaning import Values, with_key

# The path that a task would find a file by, from the path in a variable
Find = Callable[[str], str]
Checks = Sequence[Callable[[], Any]]

_OWNER = "Set another path, or give the folder to the user who runs the playbook: 'chown USER {0}' on the controller"


def problems(layer: str, values: Values, find: Find) -> List[EdgesiteError]:
    """All that is wrong there."""
    checks = _LAYERS.get(layer)
    return _wrong(checks(values, find) if checks else [])


def _wrong(checks: Checks) -> List[EdgesiteError]:
    found: List[EdgesiteError] = []
    for check in checks:
        try:
            check()
        except EdgesiteError as error:
            found += error.parts or [error]
    return found


def report(path: Optional[str]) -> List[EdgesiteError]:
    """What is wrong with the place of the report, where one is wanted."""
    return _wrong([lambda: _report_folder(path)] if path else [])


def _report_folder(path: str) -> None:
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise EdgesiteError(
            "edgesite_report_file is {0}, in a folder that does not exist".format(path),
            "Set another path, or run 'mkdir -p {0}' on the controller".format(folder),
        )
    if not os.access(folder, os.W_OK):
        raise EdgesiteError(
            "edgesite_report_file is {0}, in a folder that cannot be written to".format(path), _OWNER.format(folder)
        )


def _driver(values: Values, _find: Find) -> Checks:
    mirror = values["driver_mirror"]
    return [lambda: with_key(mirror, values["driver_source"])] if mirror else []


def _mig(values: Values, find: Find) -> Checks:
    path = values["mig_from_file"]

    def check() -> None:
        try:
            parted.check(parted_file.document(find(path), "mig_from_file"), values["mig_config"] or None)
        except EdgesiteError as error:
            if error.problem.startswith("mig_from_file"):
                raise
            raise combined([_in_file(path, one) for one in error.parts or [error]]) from error

    return [check] if path else []


def _in_file(path: str, error: EdgesiteError) -> EdgesiteError:
    return EdgesiteError("mig_from_file {0}: {1}".format(path, error.problem), error.fix)


def _storage(values: Values, find: Find) -> Checks:
    return [
        lambda: _unless_empty(values["storage_recovery_certificate"], lambda path: _recovery_certificate(find(path))),
        lambda: _unless_empty(values["storage_escrow_dir"], lambda path: _folder("storage_escrow_dir", path)),
    ]


def _unless_empty(path: str, check: Callable[[str], None]) -> None:
    """That a path is empty is said of the host."""
    if path.strip():
        check(path)


def _recovery_certificate(path: str) -> None:
    try:
        with open(path, encoding="utf-8") as stream:
            volume.fingerprint(stream.read())
    except (OSError, UnicodeDecodeError) as error:
        raise EdgesiteError(
            "storage_recovery_certificate {0} cannot be read: {1}".format(
                path, getattr(error, "strerror", None) or "it is not text"
            ),
            "Set it to the path of a certificate in PEM on the controller; docs/storage.md says how to make one",
        ) from error
    except EdgesiteError as error:
        raise EdgesiteError("storage_" + error.problem, error.fix) from error


def _folder(name: str, path: str) -> None:
    """Raises where a folder cannot be written to, or made."""
    place = os.path.abspath(path)
    while not os.path.lexists(place):
        place = os.path.dirname(place)
    if not os.path.isdir(place) or not os.access(place, os.W_OK | os.X_OK):
        raise EdgesiteError(
            "{0} is {1}, and {2} is not a folder that the playbook's user can write to".format(name, path, place),
            _OWNER.format(place) if os.path.isdir(place) else "Set another path, or move {0} away".format(place),
        )


def _identity(values: Values, _find: Find) -> Checks:
    signs = _authority(values)
    name = "identity_ca_dir" if values["identity_authority"] is None else "identity_authority"
    lists = values["identity_crl_files"]
    if lists is None:
        lists = [os.path.join(values["identity_ca_dir"], name) for name in ("crl.pem", "root-crl.pem")]
    return [
        crypto.require,
        lambda: _way(signs),
        lambda: _files(name, signs, tuple(lists)),
        lambda: _own_key(signs),
        lambda: _certificates("identity_tpm_roots", values["identity_tpm_roots"]),
        lambda: _certificates("identity_tpm_intermediates", values["identity_tpm_intermediates"]),
    ]


def _authority(values: Values) -> Mapping[str, Any]:
    """Who signs; by default the CA of the role site_ca."""
    if values["identity_authority"] is not None:
        return dict(values["identity_authority"])
    folder = values["identity_ca_dir"]
    given = {
        "certificate": os.path.join(folder, "issuing.pem"),
        "privatekey": os.path.join(folder, "issuing.key"),
        "passphrase": values["identity_ca_passphrase"],
        "roots": [os.path.join(folder, "root.pem")],
    }
    return {**{name: option.get("default") for name, option in authority.OPTIONS.items()}, **given}


def _way(signs: Mapping[str, Any]) -> None:
    ways = [name for name in ("privatekey", "command", "url") if signs[name]]
    if len(ways) != 1:
        raise EdgesiteError(
            "identity_authority needs exactly one of privatekey, command and url, but has {0}".format(
                " and ".join(ways) or "none"
            ),
            "Keep exactly one of them in identity_authority",
        )
    if signs["privatekey"] and not signs["certificate"]:
        raise EdgesiteError(
            "identity_authority.privatekey is set without identity_authority.certificate",
            "Set identity_authority.certificate to its path",
        )
    if signs["command"] and not shutil.which(signs["command"][0]):
        raise EdgesiteError(
            "identity_authority.command: there is no program {0!r} on the controller".format(signs["command"][0]),
            "Give the path of a program that can be executed; the arguments are further entries of the list",
        )
    if signs["url"] and urls.shown(signs["url"]) is None:
        raise EdgesiteError(
            "identity_authority.url is not a URL such as https://ca.example/sign; it is not shown, since it may hold a "
            "password",
            "Give it as https://HOST[:PORT]/PATH",
        )


def _files(name: str, signs: Mapping[str, Any], lists: Tuple[str, ...]) -> None:
    lacking = site_files.missing(signs, lists)
    if lacking:
        raise EdgesiteError(
            "{0}: missing on the controller: {1}".format(name, ", ".join(lacking)),
            "Create the site's CA with 'ansible-playbook edgesite.gpu.site_ca -i INVENTORY', or set identity_authority "
            "and identity_crl_files to your own CA",
        )
    site_files.joined(lists)
    _read(name, tuple(signs["roots"]))


@functools.lru_cache(maxsize=None)
def _read(name: str, paths: Tuple[str, ...]) -> Tuple[str, ...]:
    try:
        return tuple(chains.read(paths))
    except EdgesiteError as error:
        raise EdgesiteError(
            "{0}: {1}".format(name, error.problem),
            error.fix or "Put certificates in PEM or DER there, and nothing else",
        ) from error


def _certificates(name: str, paths: Sequence[str]) -> None:
    if not paths:
        return
    for path in paths:
        if not os.path.exists(path):
            raise EdgesiteError(
                "{0}: {1} does not exist on the controller".format(name, path),
                "Set it to files or folders with certificates in PEM or DER; begin a relative path with inventory_dir",
            )
        if not _read(name, (path,)):
            raise EdgesiteError(
                "{0}: {1} has no certificate".format(name, path),
                "Put certificates in it, as files that end with .pem, .crt or .cer",
            )


def _own_key(signs: Mapping[str, Any]) -> None:
    path = signs["privatekey"]
    if not path or crypto.MISSING or not os.path.exists(path):
        return
    passphrase = text(signs["passphrase"])
    if not (passphrase or "").strip():
        raise EdgesiteError(
            "identity_ca_passphrase is {0}".format("not set" if signs["passphrase"] is None else "empty, or not text"),
            "Set it to the passphrase of the issuing CA's key, as text in quotes, and keep it in a vault",
        )
    _loaded(path, str(passphrase))


@functools.lru_cache(maxsize=None)
def _loaded(path: str, passphrase: str) -> None:
    why = ca_keys.refusal(path, passphrase)
    if why:
        raise EdgesiteError(
            "identity_ca_passphrase does not open {0}: {1}".format(path, why),
            "Correct the passphrase, or the vault that it is from",
        )


_LAYERS: Dict[str, Callable[[Values, Find], Checks]] = {
    "driver": _driver,
    "mig": _mig,
    "storage": _storage,
    "identity": _identity,
}
