# SPDX-License-Identifier: GPL-3.0-or-later
"""The factory of TPMs: manufacturers' CAs, and a TPM with an EK certificate for each host."""

from __future__ import annotations

import shutil
from pathlib import Path

from .definition import Host
from .images import board_image
from .podman import Podman
from .shell import as_root, run

# Where a board has the folder tests/lab/board.
PROGRAMS = "/usr/lib/board"

# Runs in a board's image, so that the machine needs no swtpm. /ca is the manufacturer's, /tpm the new TPM's state.
_MAKE = r"""
set -eu
printf '%s\n' 'statedir = /ca' 'signingkey = /ca/issuing-key.pem' 'issuercert = /ca/issuing.pem' \
    'certserial = /ca/serial' >/tmp/ca.conf
printf '%s\n' "--platform-manufacturer $1" '--platform-version 1.0' '--platform-model edgelab' >/tmp/ca.options
printf '%s\n' 'create_certs_tool = /usr/bin/swtpm_localca' 'create_certs_tool_config = /tmp/ca.conf' \
    'create_certs_tool_options = /tmp/ca.options' 'active_pcr_banks = sha256' >/tmp/setup.conf
swtpm_setup --tpm2 --tpmstate /tpm "$3" --lock-nvram --config /tmp/setup.conf --vmid "$2" --overwrite
if [ "$3" = --create-ek-cert ]; then
    cp /ca/swtpm-localca-rootca-cert.pem /ca/root.pem
    chmod 0644 /ca/issuing.pem /ca/root.pem
fi
"""


def directory(state: Path, host: str) -> Path:
    """Where a TPM's state lies: out of the host's reach."""
    return state / "hosts" / host / "tpm"


def root_certificate(state: Path, manufacturer: str) -> Path:
    """The root certificate of a manufacturer's CA."""
    return state / "tpm-ca" / manufacturer / "root.pem"


def ensure(podman: Podman, state: Path, host: Host) -> bool:
    """Make the host's TPM where it should have one and it is missing; True where it was."""
    manufacturer = host.hardware.tpm_manufacturer
    if not manufacturer or directory(state, host.name).exists():
        return False
    manufacture(podman, state, host.name, manufacturer, host.hardware.tpm_certificate)
    return True


def manufacture(podman: Podman, state: Path, host: str, manufacturer: str, certificate: bool = True) -> None:
    """Make a TPM for the host, in the place of one it had. One at a time: they share the CA's serial number."""
    finished = directory(state, host)
    # an interrupted one is made anew
    draft = finished.with_name("tpm.new")
    run(as_root(["rm", "-rf", str(draft)]))
    ca = state / "tpm-ca" / manufacturer
    for path in (draft, ca):
        path.mkdir(parents=True, exist_ok=True)
    podman(
        *("run", "--rm", *podman.run_options, "--network", "none", "--security-opt", "label=disable"),
        *("--volume", f"{ca}:/ca", "--volume", f"{draft}:/tpm"),
        *(board_image().tag, "sh", "-c", _MAKE, "sh"),
        *(manufacturer, host, "--create-ek-cert" if certificate else "--createek"),
    )
    run(as_root(["rm", "-rf", str(finished)]))
    shutil.move(draft, finished)
