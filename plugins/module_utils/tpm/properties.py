# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A TPM's properties and endorsement key certificates, from what tpm2-tools and openssl print."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Dict, List, Optional

from . import der
from .certificate import key_type

# Indices of the TCG EK Credential Profile for TPM 2.0. Low range: the certificates of the RSA and the ECC P-256 key.
_LOW_RANGE = (0x01C00002, 0x01C0000A)
# High range: certificates at even indices, key templates at odd ones. From 01C00100 on it is the issuers' certificates.
_HIGH_RANGE = range(0x01C00012, 0x01C00100, 2)

_PROPERTY = re.compile(r"^(TPM2_PT_\w+):", re.ASCII)
_RAW = re.compile(r"^\s+raw:\s*(?:0x)?([0-9A-Fa-f]{1,8})\s*\Z", re.ASCII)
_HANDLE = re.compile(r"^-\s*0x([0-9A-Fa-f]{1,8})\s*\Z", re.ASCII)
_FIELD = re.compile(r"^(subject|issuer|notAfter)=(.*)\Z", re.ASCII)
_DATE = re.compile(r"^([A-Z][a-z]{2})\s+(\d{1,2}) (\d{2}:\d{2}:\d{2}) (\d{4}) GMT\Z", re.ASCII)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# where in tpm2-tss an error was raised
_PLACE = re.compile(r"^\w+:\S+:\d+:\w+\(\) ", re.ASCII)
_TPM_CODE = re.compile(r"\b0x[0-9A-Fa-f]{3,8}\b", re.ASCII)


@dataclass(frozen=True)
class Properties:
    """Who made the TPM."""

    version: Optional[str]
    manufacturer: Optional[str]
    vendor_string: Optional[str]
    firmware: Optional[str]


@dataclass(frozen=True)
class Certificate:
    """An endorsement key certificate. sha256 is that of the DER form."""

    handle: str
    key_type: Optional[str]
    sha256: str
    subject: Optional[str]
    issuer: Optional[str]
    not_after: Optional[str]
    pem: str


def parse_properties(text: str) -> Properties:
    """The output of `tpm2_getcap properties-fixed`.

    Read from the raw numbers: the printed value of a string property loses its blanks.
    """
    raw = _raw_values(text)
    vendor = "".join(_text(raw.get("TPM2_PT_VENDOR_STRING_{0}".format(number))) for number in (1, 2, 3, 4))
    return Properties(
        version=_text(raw.get("TPM2_PT_FAMILY_INDICATOR")).strip() or None,
        manufacturer=_text(raw.get("TPM2_PT_MANUFACTURER")).strip() or None,
        vendor_string=vendor.strip() or None,
        firmware=_firmware(raw.get("TPM2_PT_FIRMWARE_VERSION_1"), raw.get("TPM2_PT_FIRMWARE_VERSION_2")),
    )


def _raw_values(text: str) -> Dict[str, int]:
    values: Dict[str, int] = {}
    name = None
    for line in text.splitlines():
        heading = _PROPERTY.match(line)
        number = _RAW.match(line)
        if heading:
            name = heading.group(1)
        elif number and name:
            values[name] = int(number.group(1), 16)
    return values


def _text(number: Optional[int]) -> str:
    """Four characters packed into a number; unused ones are NUL."""
    if number is None:
        return ""
    return "".join(chr(byte) for byte in number.to_bytes(4, "big") if 32 <= byte < 127)


def _firmware(first: Optional[int], second: Optional[int]) -> Optional[str]:
    """Four 16-bit numbers with dots, the way that TPM tools of other systems print it."""
    if first is None or second is None:
        return None
    return "{0}.{1}.{2}.{3}".format(first >> 16, first & 0xFFFF, second >> 16, second & 0xFFFF)


def parse_handles(text: str) -> List[int]:
    """The output of `tpm2_getcap handles-nv-index`."""
    found = (_HANDLE.match(line) for line in text.splitlines())
    return [int(match.group(1), 16) for match in found if match]


def is_ek_certificate(handle: int) -> bool:
    """Whether an NV index is one of those reserved for endorsement key certificates."""
    return handle in _LOW_RANGE or handle in _HIGH_RANGE


def index(handle: int) -> str:
    """An NV index the way tpm2-tools take it."""
    return "0x{0:08x}".format(handle)


def stored(data: bytes) -> Optional[bytes]:
    """The certificate, DER, at the start of an NV index, without what some makers put around it and after it."""
    try:
        tag, content, rest = der.split(data)
    except der.NotDer:
        return None
    if tag == der.OCTET_STRING:
        return stored(content)
    return data[: len(data) - len(rest)] if tag == der.SEQUENCE and content else None


def certificate(handle: int, encoded: bytes, described: str) -> Certificate:
    """A certificate from its DER form and what openssl printed of it; without openssl, described is empty."""
    fields: Dict[str, str] = {}
    for line in described.splitlines():
        found = _FIELD.match(line)
        if found:
            fields[found.group(1)] = found.group(2).strip()
    return Certificate(
        handle=index(handle),
        key_type=key_type(encoded),
        sha256=hashlib.sha256(encoded).hexdigest(),
        # an EK certificate often has an empty subject: the names are in its extensions
        subject=fields.get("subject") or None,
        issuer=fields.get("issuer") or None,
        not_after=_iso(fields.get("notAfter", "")),
        pem=der.pem("CERTIFICATE", encoded),
    )


def _iso(text: str) -> Optional[str]:
    """openssl's date in ISO 8601."""
    found = _DATE.match(text)
    if found is None or found.group(1) not in _MONTHS:
        return None
    month = _MONTHS.index(found.group(1)) + 1
    return "{0}-{1:02d}-{2:02d}T{3}Z".format(found.group(4), month, int(found.group(2)), found.group(3))


def parse_error(text: str) -> str:
    """The one line of tpm2-tools' messages that says the most: the one with the TPM's code, else the first error."""
    errors = [_PLACE.sub("", line[len("ERROR:") :]).strip() for line in text.splitlines() if line.startswith("ERROR:")]
    coded = [line for line in errors if line.startswith("Esys_") and _TPM_CODE.search(line)]
    return (coded or errors or ["no message"])[0]
