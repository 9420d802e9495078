# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What users write of a driver: the role's variables, checked."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple

from ..common import lines
from ..common.errors import EdgesiteError, Problems, shown
from ..common.lines import Kind
from . import files, openpgp, support
from .packages import DISTRIBUTION, NVIDIA

MIRROR = "mirror"
SOURCES = (DISTRIBUTION, NVIDIA, MIRROR)
DEBIAN_URL = "http://deb.debian.org/debian"
# Of apt: a name such as trixie/main, or a folder that ends with a slash
_SUITE = Kind(
    re.compile(r"[A-Za-z0-9./][A-Za-z0-9._+~/-]*"),
    "the name of a suite or of a folder",
    "Write a suite such as trixie, or a folder such as ./",
)
_COMPONENTS = Kind(
    re.compile(r"[A-Za-z0-9][A-Za-z0-9._+/-]*(?: [A-Za-z0-9][A-Za-z0-9._+/-]*)*"),
    "a list of components with single spaces between them",
    "Write it like main contrib",
)
_BRANCH = re.compile(r"[1-9]\d{2}", re.ASCII)
_VERSION = re.compile(r"[1-9]\d{2}(?:\.\d{1,4}){1,2}", re.ASCII)
_FINGERPRINT = re.compile(r"[0-9A-F]{40}")
# Keys of version 6 have longer ones.
_MIRROR_FINGERPRINT = re.compile(r"[0-9A-F]{40}|[0-9A-F]{64}")
_MIRROR_KINDS = {"url": lines.URL, "path": lines.FOLDER, "suite": _SUITE, "components": _COMPONENTS}
_MIRROR_KEYS = ("url", "path", "suite", "components", "layout", "key", "key_fingerprint", "key_sha256")


@dataclass(frozen=True)
class Options:
    """The role's variables."""

    branch: str
    version: Optional[str]
    flavour: str = support.AUTO
    source: str = DISTRIBUTION
    mirror: Mapping[str, Any] = field(default_factory=dict)
    headless: bool = True
    hold: bool = True
    persistenced: bool = True
    extra: Tuple[str, ...] = ()
    while_used: bool = False
    allow_reboot: bool = False
    distribution_url: str = DEBIAN_URL
    nvidia_key: Optional[str] = None

    @property
    def glob(self) -> str:
        """Versions of packages that fit; packages add a revision to the driver's version."""
        return self.version + "-*" if self.version else self.branch + ".*"

    @property
    def words(self) -> str:
        """How the wanted driver is called."""
        return "driver {0}".format(self.version) if self.version else "driver branch {0}".format(self.branch)

    @property
    def made_by(self) -> str:
        """Whose names the packages have."""
        if self.source == MIRROR:
            return str(self.mirror.get("layout") or NVIDIA)
        return self.source

    def fits(self, version: Optional[str]) -> bool:
        """Whether this version of the driver is wanted."""
        if not version:
            return False
        return version == self.version if self.version else version.split(".")[0] == self.branch


def options(variables: Mapping[str, Any]) -> Options:
    """The role's variables, given without their prefix. Raises EdgesiteError with all that is wrong with them."""
    mirror = variables.get("mirror")
    key_text, problems = "", Problems()
    with problems:
        wanted = without_key(variables)
    with problems:
        if variables.get("source") == MIRROR and isinstance(mirror, Mapping) and mirror.get("key"):
            key_text = _key_text(mirror)
    problems.end()
    return replace(wanted, mirror={**wanted.mirror, "key_text": key_text}) if key_text else wanted


def without_key(variables: Mapping[str, Any]) -> Options:
    """The same where the mirror's key cannot be read: what its file holds is not checked."""
    problems = Problems()
    with problems:
        branch, version = _release(_text(variables.get("branch")), _text(variables.get("version")))
    with problems:
        flavour = _one_of("driver_flavour", variables.get("flavour", support.AUTO), support.FLAVOURS)
    with problems:
        source = _one_of("driver_source", variables.get("source", DISTRIBUTION), SOURCES)
    with problems:
        mirror = _mirror(variables.get("mirror"), variables.get("source") == MIRROR)
    with problems:
        extra = lines.each("driver_extra_packages", variables.get("extra_packages") or [], lines.PACKAGE)
    with problems:
        url = variables.get("distribution_url") or DEBIAN_URL
        distribution_url = lines.checked("driver_distribution_url", url, lines.URL)
    with problems:
        nvidia_key = _nvidia_key(variables.get("nvidia_key_fingerprint"))
    problems.end()
    return Options(
        branch=branch,
        version=version,
        flavour=flavour,
        source=source,
        mirror=mirror,
        headless=bool(variables.get("headless", True)),
        hold=bool(variables.get("hold", True)),
        persistenced=bool(variables.get("persistenced", True)),
        extra=extra,
        while_used=bool(variables.get("while_used", False)),
        allow_reboot=bool(variables.get("allow_reboot", False)),
        distribution_url=distribution_url,
        nvidia_key=nvidia_key,
    )


def _release(branch: Optional[str], version: Optional[str]) -> Tuple[str, Optional[str]]:
    """The branch, also where a version alone says it, and the version."""
    if not version and not branch:
        raise EdgesiteError(
            "driver_branch is not set, and neither is driver_version", "Set driver_branch to a branch such as 580"
        )
    problems = Problems()
    with problems:
        if version and not _VERSION.fullmatch(version):
            raise EdgesiteError(
                "driver_version {0} is not a version of NVIDIA's driver".format(shown(version)),
                "Write it like 580.95.05, without what the package adds after a dash",
            )
    with problems:
        if branch and not _BRANCH.fullmatch(branch):
            raise EdgesiteError(
                "driver_branch {0} is not a branch of NVIDIA's driver".format(shown(branch)),
                "Write it like 535, 550, 570 or 580",
            )
    problems.end()
    of_version = str(version).split(".", maxsplit=1)[0]
    if version and branch and of_version != branch:
        raise EdgesiteError(
            "driver_version {0} does not belong to driver_branch {1}".format(version, branch),
            "Remove driver_branch for this very version, or driver_version for the newest one of the branch",
        )
    return branch or of_version, version


def _nvidia_key(fingerprint: Any) -> Optional[str]:
    normal = openpgp.normal(str(fingerprint or ""))
    if normal and not _FINGERPRINT.fullmatch(normal):
        raise EdgesiteError(
            "driver_nvidia_key_fingerprint {0!r} is not the fingerprint of a key".format(normal),
            "Set it to the 40 digits that 'gpg --show-keys FILE' prints of NVIDIA's key",
        )
    return normal or None


def _text(value: Any) -> Optional[str]:
    # 550 in YAML is a number
    return str(value).strip() if value not in (None, "") else None


def _one_of(name: str, value: Any, allowed: Sequence[str]) -> str:
    if value not in allowed:
        raise EdgesiteError(
            "{0} is {1}, but has to be one of {2}".format(name, shown(value), ", ".join(allowed)),
            "Set it to one of these",
        )
    return str(value)


def _mirror(variable: Any, used: bool) -> Dict[str, Any]:
    """The variable, checked as far as it says itself. used: whether packages come from there."""
    if not isinstance(variable or {}, Mapping):
        raise EdgesiteError(
            "driver_mirror is {0}, which is not a mapping".format(shown(variable)),
            "Write it as a mapping with url, key and key_fingerprint",
        )
    mirror = dict(variable or {})
    problems = Problems()
    # What becomes a part of a source of packages
    for name, kind in _MIRROR_KINDS.items():
        with problems:
            if mirror.get(name):
                lines.checked("driver_mirror." + name, str(mirror[name]), kind)
    if used:
        with problems:
            _check_mirror(mirror)
        mirror["key_fingerprint"] = openpgp.normal(str(mirror.get("key_fingerprint") or ""))
    problems.end()
    return mirror


def _check_mirror(mirror: Mapping[str, Any]) -> None:
    if not mirror:
        raise EdgesiteError(
            "driver_mirror is not set, and driver_source is mirror",
            "Set url, key and key_fingerprint in driver_mirror; docs/driver.md says how to make a mirror",
        )
    problems = Problems()
    for check in (_check_keys, _check_key, _check_place, _check_layout, _check_fingerprint):
        with problems:
            check(mirror)
    problems.end()


def _check_keys(mirror: Mapping[str, Any]) -> None:
    unknown = sorted(set(mirror) - set(_MIRROR_KEYS) - {"key_base64"})
    if unknown:
        raise EdgesiteError(
            "driver_mirror has unknown keys: {0}".format(", ".join(unknown)),
            "Remove them, or correct them: its keys are {0}".format(", ".join(_MIRROR_KEYS)),
        )


def _check_key(mirror: Mapping[str, Any]) -> None:
    if not mirror.get("key"):
        raise EdgesiteError(
            "driver_mirror.key is not set",
            "Set it to the path of the mirror's public key on the controller: packages whose signature cannot be "
            "checked are not installed",
        )


def _check_place(mirror: Mapping[str, Any]) -> None:
    if mirror.get("url") and mirror.get("path"):
        raise EdgesiteError(
            "driver_mirror has both url and path", "Keep url for a server, or path for a folder on the host"
        )
    if not mirror.get("url") and not mirror.get("path"):
        raise EdgesiteError(
            "driver_mirror has neither url nor path",
            "Set url, such as http://hub/nvidia, or path, a folder on the host that holds a repository",
        )


def _check_layout(mirror: Mapping[str, Any]) -> None:
    if mirror.get("layout", NVIDIA) not in (NVIDIA, DISTRIBUTION):
        raise EdgesiteError(
            "driver_mirror.layout is {0!r}, but has to be nvidia or distribution".format(mirror["layout"]),
            "Set it to nvidia if the mirror has NVIDIA's packages, or to distribution if it has the distribution's",
        )


def _check_fingerprint(mirror: Mapping[str, Any]) -> None:
    fingerprint = openpgp.normal(str(mirror.get("key_fingerprint") or ""))
    if not _MIRROR_FINGERPRINT.fullmatch(fingerprint):
        raise EdgesiteError(
            "driver_mirror.key_fingerprint is {0}".format(
                "{0}, which is not the fingerprint of a key".format(shown(fingerprint)) if fingerprint else "not set"
            ),
            "Set it to the 40 digits that 'gpg --show-keys {0}' prints, after whoever runs the mirror has confirmed "
            "them".format(mirror.get("key") or "FILE"),
        )


def _key_text(mirror: Mapping[str, Any]) -> str:
    """The mirror's key, which is the pinned one."""
    try:
        key = openpgp.decoded(str(mirror.get("key_base64") or ""))
        found = openpgp.fingerprints(key)
    except EdgesiteError as error:
        raise EdgesiteError(
            "driver_mirror.key {0} cannot be used: {1}".format(mirror["key"], error.problem),
            "Export the key again, with 'gpg --armor --export FINGERPRINT > {0}'".format(mirror["key"]),
        ) from error
    pinned = openpgp.normal(str(mirror.get("key_fingerprint") or ""))
    # one that is none is said elsewhere
    if _MIRROR_FINGERPRINT.fullmatch(pinned):
        files.check_mirror({**mirror, "key_fingerprint": pinned}, found, hashlib.sha256(key).hexdigest())
    return key.decode("ascii", "replace") if openpgp.is_armored(key) else openpgp.armored(key)
