# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that nvidia_driver owns on a host, and what is in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List, Mapping, Optional, Sequence

from ..common import lines
from ..common.errors import EdgesiteError
from . import openpgp
from .packages import DEBIAN, RHEL, UBUNTU, System
from .parts import FABRIC_MANAGER, PERSISTENCED

APT_SOURCE = "/etc/apt/sources.list.d/edgesite-driver.sources"
APT_KEY = "/etc/apt/keyrings/edgesite-driver.asc"
APT_PIN = "/etc/apt/preferences.d/edgesite-driver"
UNATTENDED = "/etc/apt/apt.conf.d/60edgesite-driver"
# That an initramfs is to be made anew; not in /run, as no boot does it.
INITRAMFS = "/etc/edgesite-gpu/driver-initramfs"
# What is to restart as its drop-in is new; a boot does it too.
RESTART = "/run/edgesite-gpu/driver-restart"
DNF_REPOSITORY = "/etc/yum.repos.d/edgesite-driver.repo"
# dnf's own: which stream of the driver is enabled
DNF_STREAM = "/etc/dnf/modules.d/nvidia-driver.module"
DNF_KEY = "/etc/pki/rpm-gpg/RPM-GPG-KEY-edgesite-driver"
NOUVEAU = "/etc/modprobe.d/edgesite-nouveau.conf"
ENABLED = "/etc/systemd/system/multi-user.target.wants/{0}.service"
HOLDS = "/etc/edgesite-gpu/driver-holds"
# There while packages change, and afterwards where a run ended in the middle of that
TRANSACTION = "/etc/edgesite-gpu/driver-transaction"
PERSISTENCED_DROP_IN = "/etc/systemd/system/nvidia-persistenced.service.d/edgesite.conf"

_HEAD = "# Written by edgesite.gpu.nvidia_driver\n"
_PINNED = (
    "nvidia-* libnvidia-* libcuda1 libnvcuvid1 libnvoptix1 firmware-nvidia-* xserver-xorg-video-nvidia* cuda-drivers*"
)
_DNF_REPOSITORY = """\
[edgesite-driver]
name=NVIDIA driver, by edgesite.gpu
baseurl={url}
enabled=1
gpgcheck=1
gpgkey=file://{key}
"""
_APT_SOURCE = """\
Types: deb
URIs: {url}
Suites: {suites}
"""
_APT_COMPONENTS = "Components: {components}\n"
_APT_SIGNED_BY = "Signed-By: {key}\n"
_APT_PIN = """\
Package: {packages}
Pin: version {version}
Pin-Priority: 1001
"""
_NVIDIA_URL = "https://developer.download.nvidia.com/compute/cuda/repos/{0}/{1}/"
# The keys that NVIDIA signs its repositories with, and their fingerprints
_DEB_KEY = ("3bf863cc.pub", "EB693B3035CD5710E231E123A4B469963BF863CC")
_NVIDIA_KEYS = {
    (DEBIAN, "12"): _DEB_KEY,
    (DEBIAN, "13"): ("8793F200.pub", "02182E60104FCDC26EAE1B8597A5D4CB8793F200"),
    (UBUNTU, "22.04"): _DEB_KEY,
    (UBUNTU, "24.04"): _DEB_KEY,
    (RHEL, "9"): ("D42D0685.pub", "610C7B14E068A878070DA4E99CD0A493D42D0685"),
    # no fingerprint that this collection could vouch for: the site pins it
    (RHEL, "10"): ("CDF6BA43.pub", None),
}
_DEBIAN_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


@dataclass(frozen=True)
class File:
    """A file on the host. content None: the file is removed, or with an address is to be got from there once."""

    path: str
    content: Optional[str]
    does: str
    url: Optional[str] = None
    fingerprint: Optional[str] = None

    def differs(self, there: Optional[str]) -> bool:
        """From what is on the host. A key that is got is right where it is the pinned one, and no other."""
        if self.fingerprint is not None:
            return there is None or not _is_key(there, self.fingerprint)
        return there != self.content


def _is_key(text: str, fingerprint: str) -> bool:
    try:
        return openpgp.fingerprints(text.encode()) == [fingerprint]
    except EdgesiteError:
        return False


def paths() -> List[str]:
    """Every file that may be kept on a host."""
    return [
        *(APT_SOURCE, APT_KEY, APT_PIN, UNATTENDED, DNF_REPOSITORY, DNF_KEY, DNF_STREAM),
        *(NOUVEAU, PERSISTENCED_DROP_IN, HOLDS, RESTART, INITRAMFS, TRANSACTION),
    ]


def links() -> List[str]:
    """Every link that may be kept on a host."""
    return [ENABLED.format(service) for service in (PERSISTENCED, FABRIC_MANAGER)]


def nvidia_repository(on: System, pinned: Optional[str] = None) -> List[File]:
    """NVIDIA's own repository, and its key. pinned: the key's fingerprint, where the site says it."""
    name = on.family + on.release.replace(".", "")
    url = _NVIDIA_URL.format(name, "sbsa" if on.machine == "aarch64" else on.machine)
    key, known = _NVIDIA_KEYS[on.family, on.release]
    fingerprint = pinned or known
    if fingerprint is None:
        raise EdgesiteError(
            "driver_source nvidia: this collection has no fingerprint for {0}, the key that signs NVIDIA's packages "
            "for {1} {2}".format(key, on.family.upper(), on.release),
            "Get the fingerprint in a way that you trust, and set driver_nvidia_key_fingerprint to its 40 digits; or "
            "set driver_source: mirror; nothing was changed",
        )
    place = APT_KEY if on.apt else DNF_KEY
    return [
        File(place, None, "trust NVIDIA's key " + fingerprint, url + key, fingerprint),
        _repository(on, url, "/", "", place),
    ]


def mirror_repository(on: System, mirror: Mapping[str, Any]) -> List[File]:
    """A site's own repository. mirror: as driver_mirror, with key_text, the key itself, in it."""
    url = mirror.get("url") or "file://" + str(mirror["path"])
    place = APT_KEY if on.apt else DNF_KEY
    suite = str(mirror.get("suite") or "./")
    return [
        File(place, str(mirror["key_text"]), "trust the mirror's key " + str(mirror["key_fingerprint"])),
        _repository(on, url, suite, str(mirror.get("components") or "main"), place),
    ]


def _repository(on: System, url: str, suite: str, components: str, key: str) -> File:
    does = "take packages from " + url
    if on.family == RHEL:
        return File(DNF_REPOSITORY, _HEAD + lines.fill(_DNF_REPOSITORY, url=url, key=key), does)
    # a suite that ends with a slash is a folder, without components
    return File(APT_SOURCE, _apt_source(url, suite, "" if suite.endswith("/") else components, key), does)


def _apt_source(url: str, suites: str, components: str, key: str) -> str:
    return (
        _HEAD
        + lines.fill(_APT_SOURCE, url=url, suites=suites)
        + (lines.fill(_APT_COMPONENTS, components=components) if components else "")
        + lines.fill(_APT_SIGNED_BY, key=key)
    )


def distribution_repository(on: System, url: str) -> Optional[File]:
    """Debian's components that have the driver, which a default installation lacks; None for other distributions."""
    if on.family != DEBIAN:
        return None
    suites = "{0} {0}-updates".format(on.codename)
    text = _apt_source(url, suites, "contrib non-free non-free-firmware", _DEBIAN_KEYRING)
    return File(APT_SOURCE, text, "take contrib and non-free from " + url)


def pin(on: System, version: str) -> Optional[File]:
    """Keeps apt on a branch or version, deps of the driver among them; above 1000 it also goes back to it."""
    if not on.apt:
        return None
    text = lines.fill(_APT_PIN, packages=_PINNED, version=version)
    return File(APT_PIN, _HEAD + text, "pin the driver's packages to {0}".format(version))


def unattended(on: System, hold: bool) -> Optional[File]:
    """Keeps unattended-upgrades off the driver."""
    if on.family not in (DEBIAN, UBUNTU):
        return None
    # the container toolkit is not of the driver, and may be upgraded
    apart = "(?!container|docker)"
    names = (
        "^nvidia-" + apart,
        "^libnvidia-" + apart,
        "^libcuda1$",
        "^linux-modules-nvidia-",
        "^cuda-drivers",
        "^firmware-nvidia-",
    )
    text = "".join('    "{0}";\n'.format(name) for name in names)
    content = _HEAD.replace("#", "//") + "Unattended-Upgrade::Package-Blacklist {\n" + text + "};\n" if hold else None
    does = "block unattended upgrades of the driver" if hold else "allow unattended upgrades of the driver"
    return File(UNATTENDED, content, does)


def nouveau() -> File:
    """Keeps nouveau from taking the cards."""
    return File(NOUVEAU, _HEAD + "blacklist nouveau\noptions nouveau modeset=0\n", "keep nouveau from loading")


def persistenced(wanted: bool) -> File:
    """Sets persistence also where the distribution's unit starts the daemon without it."""
    # The boot units wait for the daemon, and with them what they come before: it must not keep them where it hangs.
    text = "[Service]\nExecStartPost=-/usr/bin/nvidia-smi --persistence-mode=1\nTimeoutStartSec=90\nTimeoutStopSec=10\n"
    does = "keep GPUs initialised" if wanted else "stop keeping GPUs initialised"
    return File(PERSISTENCED_DROP_IN, _HEAD + text if wanted else None, does)


def check_mirror(mirror: Mapping[str, Any], fingerprints: Sequence[str], sha256: str) -> None:
    """Raises where the key is not the pinned one. fingerprints, sha256: of the key file."""
    wanted_sum = str(mirror.get("key_sha256") or "").lower()
    if wanted_sum and wanted_sum != sha256:
        raise EdgesiteError(
            "driver_mirror.key {0} has the SHA-256 {1}, but driver_mirror.key_sha256 is {2}".format(
                mirror.get("key"), sha256, wanted_sum
            ),
            "Get the key again from whoever runs the mirror, or correct driver_mirror.key_sha256",
        )
    check_fingerprint(
        "driver_mirror.key {0}".format(mirror.get("key")),
        fingerprints,
        str(mirror["key_fingerprint"]),
        "Ask whoever runs the mirror, over a different channel, which one is right, and correct driver_mirror.key or "
        "driver_mirror.key_fingerprint",
    )


def check_fingerprint(what: str, fingerprints: Sequence[str], pinned: str, fix: str) -> None:
    """Raises where a file holds any other key than the pinned one."""
    if list(fingerprints) != [pinned]:
        raise EdgesiteError(
            "{0} holds {1}, but only the pinned key {2} may be in it".format(what, ", ".join(fingerprints), pinned),
            fix,
        )
