# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to a host's TPM from outside of the host: cleared, locked, slow, hanging, or another one."""

from __future__ import annotations

from . import boot, places, tpm
from .definition import DEFAULT_MANUFACTURER, Host, Site, is_name
from .errors import LabError
from .lock import locked
from .podman import Podman
from .progress import say

DONE = {
    "clear": "TPM cleared: what its owner kept there is gone, EK certificates stay",
    "lockout": "TPM in lockout: keys that count wrong passwords answer 0x921",
    "unlock": "TPM out of lockout",
}
ACTIONS = (*DONE, "slow", "hang", "fast", "replace")
# at a boot, ten seconds without an answer are taken for a dead TPM
SLOWEST_MS = 5000
_DELAY = "/run/tpm-delay"
# systemd gets the time that an orderly shutdown takes
_SHUTDOWN_SECONDS = "30"


def run(podman: Podman, site: Site, host: Host, action: str, value: str | None) -> None:
    """Do one of ACTIONS. value: milliseconds for 'slow', a manufacturer for 'replace'."""
    if not host.hardware.tpm_manufacturer:
        raise LabError(f"{host.name} has no TPM", "give it one in the site's definition: hardware: {tpm: true}")
    if value is not None and action not in ("slow", "replace"):
        raise LabError(f"'{action}' takes no value, so '{value}' is too much")
    if action in DONE:
        _on_board(podman, site, host, "python3", f"{tpm.PROGRAMS}/tpm_fault.py", action)
        say(f"{host.name}: {DONE[action]}")
    elif action == "replace":
        manufacturer = _manufacturer(value or DEFAULT_MANUFACTURER)
        with locked(site.source, f"site {site.name}"):
            _replace(podman, site, host, manufacturer)
    else:
        milliseconds = {"hang": "inf", "fast": "0"}.get(action) or _milliseconds(value)
        _on_board(podman, site, host, "sh", "-c", f"echo {milliseconds} >{_DELAY}")
        say(f"{host.name}: each TPM command takes {milliseconds} ms more")


def _milliseconds(value: str | None) -> str:
    if value is None or not value.isdecimal() or int(value) > SLOWEST_MS:
        raise LabError(f"'slow' takes milliseconds up to {SLOWEST_MS}, not {value}", "for example: slow 500")
    return value


def _manufacturer(value: str) -> str:
    if not is_name(value):
        raise LabError(f"'{value}' is not the name of a manufacturer", "for example: acme")
    return value


def _on_board(podman: Podman, site: Site, host: Host, *command: str) -> None:
    podman("exec", places.board_name(site.name, host.name), *command)


def _replace(podman: Podman, site: Site, host: Host, manufacturer: str) -> None:
    """Another board in the same case: off, another TPM, on again. Disk and address stay."""
    machine, board = places.container_name(site.name, host.name), places.board_name(site.name, host.name)
    say(f"{host.name}: shuts down")
    podman("stop", "--time", _SHUTDOWN_SECONDS, machine)
    podman("stop", "--time", "0", board)
    tpm.manufacture(podman, places.state_of(site.name), host.name, manufacturer)
    podman("start", board)
    podman("start", machine)
    boot.wait_for_ssh(podman, site, host)
    say(f"{host.name}: is back with a TPM made by '{manufacturer}'")
