# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Key slots for the TPM: in which order they come and go, and how programs are asked."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import command
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host.command import Result
from ansible_collections.edgesite.gpu.plugins.module_utils.storage.host import programs, sealing
from ansible_collections.edgesite.gpu.plugins.module_utils.storage.host.block_device import Device
from ansible_collections.edgesite.gpu.plugins.module_utils.storage.luks2 import OURS, Header, Seal
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.storage.host.program import Program

DEVICE = Device("/dev/vdb", "vdb")
SEAL = Seal((0, 7))
BEFORE = Header("uuid", OURS, slots=(0, 3), tpm=(Seal(),), sealed=((5, 3),))
ENROLLED = BEFORE._replace(slots=(0, 3, 4), tpm=(Seal(), SEAL), sealed=((5, 3), (7, 4)))
ARGUMENTS = ("--tpm2-pcrs=0+7", "--tpm2-public-key=")
ENROL = "PASSWORD=the key /sbin/systemd-cryptenroll --tpm2-device=auto --tpm2-pcrs=0+7 --tpm2-public-key= /dev/vdb"
TEST = "/sbin/cryptsetup open --test-passphrase --token-only --token-id 7 /dev/vdb"


def enrol(monkeypatch, run, now=ENROLLED):
    headers = iter((BEFORE, now))
    monkeypatch.setattr(sealing.luks, "header", lambda device: next(headers))
    sealing.enrol(run, DEVICE, SEAL, ARGUMENTS, b"the key")


def test_the_earlier_key_slot_goes_after_the_new_one_has_opened(monkeypatch):
    """And keys are not in arguments."""
    run = Program(monkeypatch)
    enrol(monkeypatch, run)
    assert run.asked == [ENROL, TEST, "/sbin/systemd-cryptenroll --wipe-slot=3 /dev/vdb"]


def test_a_key_slot_that_is_bound_to_something_else_goes(monkeypatch):
    run = Program(monkeypatch)
    with pytest.raises(EdgesiteError, match="to something else than it was asked for: signed PCRs 11"):
        enrol(monkeypatch, run, ENROLLED._replace(tpm=(Seal(), Seal(signed=(11,), key="k"))))
    assert run.asked == [ENROL, "/sbin/systemd-cryptenroll --wipe-slot=4 /dev/vdb"]


def test_a_key_slot_that_the_tpm_does_not_open_goes(monkeypatch):
    run = Program(monkeypatch)

    def answers(argv, **more):
        ok = run(argv, **more)
        return ok if "open" not in argv else Result(1, b"", "No usable token is available.\n")

    with pytest.raises(EdgesiteError, match="does not open /dev/vdb with PCRs 0.7: No usable token is available"):
        enrol(monkeypatch, answers)
    assert run.asked == [ENROL, TEST, "/sbin/systemd-cryptenroll --wipe-slot=4 /dev/vdb"]


def test_systemd_that_adds_nothing_is_an_error(monkeypatch):
    with pytest.raises(EdgesiteError, match="0 key slots were added"):
        enrol(monkeypatch, Program(monkeypatch), BEFORE)


def test_all_key_slots_of_tpms_are_taken_away(monkeypatch):
    run = Program(monkeypatch)
    sealing.unseal(run, DEVICE)
    assert run.asked == ["/sbin/systemd-cryptenroll --wipe-slot=tpm2 /dev/vdb"]


def test_an_error_says_what_the_program_says(monkeypatch):
    run = Program(monkeypatch, Result(1, b"", "one\nNo TPM2 device found.\n\n"))
    with pytest.raises(EdgesiteError, match="systemd-cryptenroll failed: No TPM2 device found"):
        enrol(monkeypatch, run)
    assert sealing.opens(run, DEVICE) == (False, "No TPM2 device found.")


@pytest.mark.parametrize(
    ("answers", "tries", "opens"),
    [
        (["Failed to create TPM2 context: State not recoverable\n", ""], 2, True),
        (["Failed to create TPM2 context: Device or resource busy\n"] * 9, 4, False),
        (["No usable token is available.\n"] * 9, 1, False),
    ],
)
def test_a_tpm_that_is_busy_is_asked_again(monkeypatch, answers, tries, opens):
    slept = []
    monkeypatch.setattr(programs.time, "sleep", slept.append)
    monkeypatch.setattr(command, "find", lambda name: "/sbin/" + name)
    left = list(answers)

    def run(argv, data=None, timeout=10.0):
        error = left.pop(0)
        return Result(1 if error else 0, b"", error)

    assert sealing.opens(run, DEVICE)[0] == opens
    assert len(answers) - len(left) == tries == len(slept) + 1
