# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Key slots that are sealed to the TPM, as systemd-cryptenroll makes them."""

from __future__ import annotations

from typing import Optional, Sequence, Tuple

from ...common.errors import EdgesiteError
from ...common.host.command import Run
from .. import luks2, policy
from ..luks2 import Header, Seal
from . import luks, programs
from .block_device import Device


def opens(run: Run, device: Device) -> Tuple[bool, str]:
    """Whether the TPM opens the volume, and if not, what cryptsetup says."""
    return _opens(run, device, *luks.BY_TPM)


def _opens(run: Run, device: Device, *tokens: str) -> Tuple[bool, str]:
    tested = programs.patient(run, ["cryptsetup", "open", "--test-passphrase", *tokens, device.node])
    return tested.ok, "" if tested.ok else programs.last_line(tested)


def unseal(run: Run, device: Device) -> None:
    """Takes the key slots away that are sealed to a TPM."""
    programs.do(run, ["systemd-cryptenroll", "--wipe-slot=tpm2", device.node])


def enrol(run: Run, device: Device, seal: Seal, arguments: Sequence[str], key: bytes) -> None:
    """Seals a new key slot to the TPM. Others that were sealed to one go, but not before the new one has opened."""
    before = luks.present(device)
    asked = ["systemd-cryptenroll", "--tpm2-device=auto", *arguments, device.node]
    # the only way to give a key to all its releases
    programs.do(run, asked, environment={"PASSWORD": key.decode("ascii")})
    now = luks.present(device)
    slot = luks2.new_slot(before, now)
    wrong = _wrong(run, device, now, slot, seal)
    if wrong is not None:
        _wipe_slots(run, device, [slot])
        raise wrong
    _wipe_slots(run, device, [old for token, old in before.sealed])


def _wrong(run: Run, device: Device, now: Header, slot: int, seal: Seal) -> Optional[EdgesiteError]:
    """What is the matter with a new key slot."""
    token, bound = next((token, bound) for (token, at), bound in zip(now.sealed, now.tpm) if at == slot)
    if bound != seal:
        return _bound_otherwise(device, bound)
    opened, why_not = _opens(run, device, "--token-only", "--token-id", str(token))
    return None if opened else _not_opened(device, seal, why_not)


def _bound_otherwise(device: Device, bound: Seal) -> EdgesiteError:
    return EdgesiteError(
        "systemd-cryptenroll bound {0} to something else than it was asked for: {1}".format(
            device.node, policy.words(bound) or "the TPM alone"
        ),
        "Move {0} and {1} out of their folders on the host for this run; its other key slots are as they were".format(
            policy.PUBLIC_KEY, policy.PCRLOCK
        ),
    )


def _not_opened(device: Device, seal: Seal, why_not: str) -> EdgesiteError:
    return EdgesiteError(
        "the TPM does not open {0} with {1}: {2}".format(
            device.node, policy.words(seal) or "what it was sealed to just now", why_not
        ),
        "Set storage_signed_pcrs and storage_pcrlock to what this boot of the host fulfils; its other key slots are as "
        "they were",
    )


def _wipe_slots(run: Run, device: Device, slots: Sequence[int]) -> None:
    if slots:
        programs.do(run, ["systemd-cryptenroll", "--wipe-slot=" + ",".join(str(slot) for slot in slots), device.node])
