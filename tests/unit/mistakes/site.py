# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mistakes in an inventory, and the controller of the site that they are in."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any, Dict, List, Mapping

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from cryptography.x509.oid import NameOID

# What the folder is called in the mistakes and in docs
FOLDER = "/srv/site"
_NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "root")])
_BEGIN = datetime.datetime(2026, 1, 1)


def mistakes(folder: Path) -> List[Dict[str, Any]]:
    """The mistakes, with this folder as the site's."""
    text = Path(__file__).with_name("mistakes.yml").read_text(encoding="utf-8")
    found: List[Dict[str, Any]] = yaml.safe_load(text.replace(FOLDER, str(folder)))
    return found


def _root(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The certificate of a CA with this key."""
    end = _BEGIN + datetime.timedelta(3650)
    certificate = x509.CertificateBuilder(_NAME, _NAME, key.public_key(), 1, _BEGIN, end)
    certificate = certificate.add_extension(x509.BasicConstraints(True, None), True)
    return certificate.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def make(folder: Path) -> None:
    """A CA whose passphrase is battery, another CA's and a maker's certificate, and a file of mig-parted."""
    for name in ("ca", "roots", "empty", "escrow"):
        (folder / name).mkdir()
    key = ec.generate_private_key(ec.SECP256R1())
    pem = _root(key)
    (folder / "other-ca.pem").write_bytes(_root(ec.generate_private_key(ec.SECP256R1())))
    revoked = x509.CertificateRevocationListBuilder(_NAME, _BEGIN, _BEGIN + datetime.timedelta(3650))
    (folder / "ca/state").mkdir(mode=0o700)
    for file in ("ca/issuing.pem", "ca/root.pem", "roots/maker.pem"):
        (folder / file).write_bytes(pem)
    for file in ("ca/crl.pem", "ca/root-crl.pem"):
        (folder / file).write_bytes(revoked.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    encrypted = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"battery"))
    (folder / "ca/issuing.key").write_bytes(encrypted)
    for file, name in (("parted.yaml", "all-disabled"), ("unquoted.yaml", "off")):
        layout = f"version: v1\nmig-configs:\n  {name}:\n  - devices: all\n    mig-enabled: false\n"
        (folder / file).write_text(layout)


def inventory(hosts: Mapping[str, Mapping[str, Any]], file: Path) -> None:
    """Writes an inventory of hosts that have a mistake each."""
    variables = {name: one["variables"] for name, one in hosts.items()}
    file.write_text(yaml.safe_dump({"edgesite": {"hosts": variables}}), encoding="utf-8")
