# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What users write of a driver: the role's variables, checked."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple

from ..common import lines
from ..common.errors import EdgesiteError, shown
from ..common.lines import Kind
from . import files, openpgp, support
from .packages import DISTRIBUTION, NVIDIA

MIRROR = "mirror"
SOURCES = (DISTRIBUTION, NVIDIA, MIRROR)
DEBIAN_URL = "http://deb.debian.org/debian"
# Of apt: a name such as trixie/main, or a folder that ends with a slash
_SUITE = Kind(re.compile(r"[A-Za-z0-9./][A-Za-z0-9._+~/-]*"), "the name of a suite, such as trixie, or of a folder")
_COMPONENTS = Kind(
    re.compile(r"[A-Za-z0-9][A-Za-z0-9._+/-]*(?: [A-Za-z0-9][A-Za-z0-9._+/-]*)*"),
    "a list of components with single spaces between them, such as main contrib",
)
_BRANCH = re.compile(r"[1-9]\d{2}", re.ASCII)
_VERSION = re.compile(r"[1-9]\d{2}(?:\.\d{1,4}){1,2}", re.ASCII)
_FINGERPRINT = re.compile(r"[0-9A-F]{40}")
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
    """Checks the role's variables, given without their prefix."""
    branch, version = _text(variables.get("branch")), _text(variables.get("version"))
    if version and not _VERSION.fullmatch(version):
        raise EdgesiteError(
            "driver_version {0} is not a version of NVIDIA's driver".format(shown(version)),
            "Write it like 580.95.05, without what the package adds after a dash",
        )
    if branch and not _BRANCH.fullmatch(branch):
        raise EdgesiteError(
            "driver_branch {0} is not a branch of NVIDIA's driver".format(shown(branch)),
            "Write it like 535, 550, 570 or 580",
        )
    if version and branch and version.split(".", maxsplit=1)[0] != branch:
        raise EdgesiteError(
            "driver_version {0} does not belong to driver_branch {1}".format(version, branch), "Remove one of the two"
        )
    if not version and not branch:
        raise EdgesiteError("neither driver_branch nor driver_version is set", "Set one of the two")
    source = str(variables.get("source", DISTRIBUTION))
    _one_of("driver_source", source, SOURCES)
    flavour = str(variables.get("flavour", support.AUTO))
    _one_of("driver_flavour", flavour, support.FLAVOURS)
    mirror = _mirror(variables.get("mirror"))
    if source == MIRROR:
        _check_mirror(mirror)
    nvidia_key = openpgp.normal(str(variables.get("nvidia_key_fingerprint") or ""))
    if nvidia_key and not _FINGERPRINT.fullmatch(nvidia_key):
        raise EdgesiteError(
            "driver_nvidia_key_fingerprint {0!r} is not the fingerprint of a key".format(nvidia_key),
            "Set it to the 40 digits that 'gpg --show-keys' prints",
        )
    return Options(
        branch=branch or str(version).split(".", maxsplit=1)[0],
        version=version,
        flavour=flavour,
        source=source,
        mirror=mirror,
        headless=bool(variables.get("headless", True)),
        hold=bool(variables.get("hold", True)),
        persistenced=bool(variables.get("persistenced", True)),
        extra=lines.each("driver_extra_packages", variables.get("extra_packages") or [], lines.PACKAGE),
        while_used=bool(variables.get("while_used", False)),
        allow_reboot=bool(variables.get("allow_reboot", False)),
        distribution_url=lines.checked(
            "driver_distribution_url", variables.get("distribution_url") or DEBIAN_URL, lines.URL
        ),
        nvidia_key=nvidia_key or None,
    )


def _text(value: Any) -> Optional[str]:
    # 550 in YAML is a number
    return str(value).strip() if value not in (None, "") else None


def _one_of(name: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise EdgesiteError("{0} is {1!r}".format(name, value), "Use one of these: {0}".format(", ".join(allowed)))


def _mirror(variable: Any) -> Dict[str, Any]:
    """The variable, with what becomes a part of a source of packages checked."""
    if not isinstance(variable or {}, Mapping):
        raise EdgesiteError(
            "driver_mirror is {0}, which is not a mapping".format(shown(variable)),
            "Allowed keys: {0}".format(", ".join(_MIRROR_KEYS)),
        )
    mirror = dict(variable or {})
    for name, kind in _MIRROR_KINDS.items():
        if mirror.get(name):
            lines.checked("driver_mirror." + name, str(mirror[name]), kind)
    return mirror


def _check_mirror(mirror: Dict[str, Any]) -> None:
    unknown = sorted(set(mirror) - set(_MIRROR_KEYS) - {"key_base64"})
    if unknown:
        raise EdgesiteError(
            "driver_mirror has unknown keys: {0}".format(", ".join(unknown)),
            "Allowed keys: {0}".format(", ".join(_MIRROR_KEYS)),
        )
    if bool(mirror.get("url")) == bool(mirror.get("path")):
        raise EdgesiteError(
            "driver_mirror needs either url or path",
            "Set url (http://hub/nvidia) or path (a folder on the host that holds a repository)",
        )
    for name in ("key", "key_fingerprint"):
        if not mirror.get(name):
            raise EdgesiteError(
                "driver_mirror.{0} is not set".format(name),
                "Set key, the mirror's public key on the controller, and key_fingerprint, the 40 digits that 'gpg "
                "--show-keys' prints; packages whose signature cannot be checked are not installed",
            )
    if mirror.get("layout", NVIDIA) not in (NVIDIA, DISTRIBUTION):
        raise EdgesiteError(
            "driver_mirror.layout is {0!r}".format(mirror["layout"]),
            "Use nvidia or distribution, depending on whose packages the mirror has",
        )
    mirror["key_fingerprint"] = openpgp.normal(str(mirror["key_fingerprint"]))
    try:
        key = _key(mirror)
        found = openpgp.fingerprints(key)
    except EdgesiteError as error:
        raise EdgesiteError(
            "driver_mirror.key {0} cannot be used: {1}".format(mirror["key"], error.problem),
            "Export it again with 'gpg --armor --export'; nothing was changed",
        ) from error
    files.check_mirror(mirror, found, hashlib.sha256(key).hexdigest())
    mirror["key_text"] = key.decode("ascii", "replace") if openpgp.is_armored(key) else openpgp.armored(key)


def _key(mirror: Mapping[str, Any]) -> bytes:
    return openpgp.decoded(str(mirror.get("key_base64") or ""))
