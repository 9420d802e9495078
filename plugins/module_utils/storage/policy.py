# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a key slot is bound to besides its TPM: what is wanted, what the host has for it, and how systemd is asked."""

from __future__ import annotations

from typing import NamedTuple, Sequence, Tuple

from ..common.errors import EdgesiteError, Problems
from .luks2 import Seal

PUBLIC_KEY, SIGNATURE, PCRLOCK = "tpm2-pcr-public-key.pem", "tpm2-pcr-signature.json", "pcrlock.json"
# Where systemd looks for each of them, in this order
FOLDERS = ("/etc/systemd", "/run/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd")
PCRLOCK_FOLDERS = ("/run/systemd", "/var/lib/systemd")
# systemd's releases: which brought what, and as of which both policies can be had together
_SIGNED, _PCRLOCK, _BOTH = 252, 255, 257
# As of this one an empty --tpm2-public-key= keeps it from taking a key by itself. Before, an empty list of PCRs did so
# in 252; in those between, that makes a key slot which nothing opens.
_EMPTY_KEY = 257


class Means(NamedTuple):
    """What the host has. release: systemd's. Paths; empty for none. digest: of the public key."""

    release: int
    public_key: str = ""
    digest: str = ""
    signature: str = ""
    pcrlock: str = ""


def seal(pcrs: Sequence[int], signed: Sequence[int], pcrlock: bool, means: Means) -> Seal:
    """What key slots are to be bound to. Raises EdgesiteError with all that the host lacks for it."""
    problems = Problems()
    if signed:
        with problems:
            _check_signed(means)
    if pcrlock:
        with problems:
            _check_pcrlock(means)
    if signed and pcrlock:
        with problems:
            _check_release(means, _BOTH, "signed_pcrs together with pcrlock", "storage_pcrlock to false")
    problems.end()
    return Seal(tuple(pcrs), tuple(signed), means.digest if signed else "", pcrlock)


def _check_signed(means: Means) -> None:
    _check_release(means, _SIGNED, "signed_pcrs", "storage_signed_pcrs to []")
    lacking = [name for name, path in ((PUBLIC_KEY, means.public_key), (SIGNATURE, means.signature)) if not path]
    if lacking:
        raise EdgesiteError(
            "signed_pcrs is set, but this host has no {0} in {1}".format(" and no ".join(lacking), ", ".join(FOLDERS)),
            "Boot a unified kernel image that 'ukify build --pcr-private-key' signed, or set storage_signed_pcrs to []",
        )


def _check_pcrlock(means: Means) -> None:
    _check_release(means, _PCRLOCK, "pcrlock", "storage_pcrlock to false")
    if not means.pcrlock:
        raise EdgesiteError(
            "pcrlock is true, but this host has no {0} in {1}".format(PCRLOCK, " or ".join(PCRLOCK_FOLDERS)),
            "Run '/usr/lib/systemd/systemd-pcrlock make-policy' on the host, or set storage_pcrlock to false",
        )


def _check_release(means: Means, least: int, option: str, without: str) -> None:
    if means.release < least:
        raise EdgesiteError(
            "{0} needs systemd {1}, but this host has {2}".format(option, least, means.release),
            "Set {0}, or use a release with systemd {1}".format(without, least),
        )


def arguments(wanted: Seal, means: Means) -> Tuple[str, ...]:
    """How systemd-cryptenroll is asked for just that; left alone, it takes a public key and a policy that lie there."""
    return ("--tpm2-pcrs=" + _joined(wanted.pcrs), *_public_key(wanted, means), *_pcrlock(wanted, means))


def _public_key(wanted: Seal, means: Means) -> Tuple[str, ...]:
    if wanted.signed:
        pcrs, signature = "--tpm2-public-key-pcrs=" + _joined(wanted.signed), "--tpm2-signature=" + means.signature
        return ("--tpm2-public-key=" + means.public_key, pcrs, signature)
    if means.release >= _EMPTY_KEY:
        return ("--tpm2-public-key=",)
    if means.release == _SIGNED:
        return ("--tpm2-public-key-pcrs=",)
    if means.release > _SIGNED and means.public_key:
        raise EdgesiteError(
            "systemd {0} would bind volumes to the public key {1} too, and has no option against that".format(
                means.release, means.public_key
            ),
            "Move that file out of its folder for this run, set storage_signed_pcrs to [11], or use a release with "
            "systemd {0}".format(_EMPTY_KEY),
        )
    return ()


def _pcrlock(wanted: Seal, means: Means) -> Tuple[str, ...]:
    path = means.pcrlock if wanted.pcrlock else ""
    return ("--tpm2-pcrlock=" + path,) if means.release >= _PCRLOCK else ()


def _joined(pcrs: Sequence[int]) -> str:
    return "+".join(str(pcr) for pcr in pcrs)


def alike(bound: Seal, wanted: Seal) -> bool:
    """Whether both are one to the TPM, which knows of a public key but not of the PCRs that are signed with it."""
    return bound._replace(signed=()) == wanted._replace(signed=())


def words(bound: Seal) -> str:
    """What it is bound to, for people; empty for nothing."""
    parts = [
        *(["PCRs " + _joined(bound.pcrs)] if bound.pcrs else []),
        *(["signed PCRs " + _joined(bound.signed)] if bound.signed else []),
        *(["the pcrlock policy"] if bound.pcrlock else []),
    ]
    return " and ".join(parts)
