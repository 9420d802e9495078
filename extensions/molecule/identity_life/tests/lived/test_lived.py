# SPDX-License-Identifier: GPL-3.0-or-later
"""After what happens to devices over the years."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

FOLDER = "/etc/edgesite-gpu/identity"
DEVICES = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "ca" / "state" / "devices"


def device(name):
    return json.loads((DEVICES / f"{name}.json").read_text())


@pytest.mark.parametrize(("name", "issued"), [("edge-1", 5), ("edge-2", 2), ("edge-4", 2)])
def test_each_step_issued_one_certificate(name, issued):
    assert len(device(name)["certificates"]) == issued


@pytest.mark.parametrize("name", ["edge-1", "edge-2", "edge-4"])
def test_key_and_certificate_in_use_belong_together(connect, name):
    host = connect(name)
    serial = host.check_output(f"openssl x509 -in {FOLDER}/current/cert.pem -noout -serial").partition("=")[2]
    assert int(serial, 16) == int(device(name)["certificates"][-1]["serial"], 16)
    with host.sudo():
        host.run_expect(
            [0],
            f"sh -c 'TPM2OPENSSL_TCTI=tabrmd:bus_type=system openssl pkey -provider tpm2 -provider default "
            f"-in {FOLDER}/current/key.pem -passin pass: -pubout >/run/key && "
            f"openssl x509 -in {FOLDER}/current/cert.pem -noout -pubkey | cmp - /run/key'",
        )


def test_only_swapped_boards_changed_their_tpm():
    keys = [key for name in ("edge-1", "edge-2", "edge-4") for key in device(name)["ek_sha256"]]
    assert len(keys) == len(set(keys))


def test_no_challenge_is_left():
    assert list((DEVICES.parent / "challenges").iterdir()) == []
