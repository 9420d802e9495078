# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tpm2-tools' complaints mean to a user.

Codes: TPM 2.0 Library, Part 2: Structures, 6.6 (TPM_RC); above the low 16 bits, tpm2-tss says which layer speaks.
"""

from __future__ import annotations

import re
from typing import NamedTuple, Optional

from ..common.errors import EdgesiteError

_CODE = re.compile(r"^ERROR: \w+\(0x([0-9A-Fa-f]{1,8})\)|ErrorCode \(0x([0-9A-Fa-f]{1,8})\)", re.ASCII | re.MULTILINE)
# Errors that name a parameter, a handle or a session have this bit. Which one it was does not matter here.
_NUMBERED = 0x80
_NUMBERED_ERROR = 0xBF
_TCTI_LAYER = 0xA
# the TPM itself, and the resource manager in the TPM's place
_TPM_LAYERS = (0x0, 0xB)


class Meaning(NamedTuple):
    """status for programs, problem and fix for people. passes: it may go away by itself within seconds."""

    status: str
    problem: str
    fix: str
    passes: bool = False


_AGAIN = "Run again; if this persists, reboot the host"
_BUSY = Meaning("retry", "The TPM was busy for too long", _AGAIN, passes=True)
_SLOTS = "All of the TPM's slots for loaded {0} are taken, by programs that left theirs loaded"
_FREE = (
    "Use the kernel's resource manager (tcti: device:/dev/tpmrm0), which gives every program its own; without one, "
    "stop the program or, if you know that they are left over, run 'tpm2_flushcontext {0}' on the host"
)
_OBJECTS = Meaning("no_slot", _SLOTS.format("keys"), _FREE.format("-t"))
_SESSIONS = Meaning("no_slot", _SLOTS.format("sessions"), _FREE.format("-l"))
_NO_OBJECT = Meaning(
    "no_object",
    "The TPM has no object at this handle",
    "Correct the handle: 'tpm2_getcap handles-persistent' on the host lists those that exist",
)
_NOT_MADE = Meaning("not_supported", "This TPM does not support such keys", "Choose another type of key")
_MISMATCH = Meaning(
    "mismatch",
    "The credential was created for another kind of endorsement key",
    "Create it with tpm_credential, for the endorsement key that tpm_info shows for this host",
)
_PASSWORD = Meaning(
    "auth",
    "The TPM's {0} password is set, and the one given is wrong",
    "Set the right one (owner_auth for the owner's), or reset it with 'tpm2_changeauth' on the host",
)

_MEANINGS = {
    0x082: Meaning("attributes", "The TPM does not allow this use of the key", "Use another key"),
    0x081: _NOT_MADE,
    0x084: Meaning(
        "value",
        "The TPM refuses a value that it was given",
        "Check that the key, handle or credential in the task's options was created for this TPM",
    ),
    0x085: Meaning(
        "hierarchy",
        "A part of the TPM (owner or endorsement) that is needed is switched off",
        "Enable the owner's and the endorsement hierarchy in the firmware's setup",
    ),
    0x087: _NOT_MADE,
    0x08A: Meaning(
        "type",
        "The object in the TPM is not of the type that is needed",
        "Set handle to that of a key: 'tpm2_getcap handles-persistent' on the host lists handles",
    ),
    0x08B: _NO_OBJECT,
    0x08E: _PASSWORD,
    0x092: _NOT_MADE,
    0x095: _MISMATCH,
    0x09D: Meaning(
        "policy",
        "The TPM's state is not the one that the key was bound to",
        "Create a new key with edgesite.gpu.tpm_key",
    ),
    0x09F: Meaning(
        "integrity",
        "The key or credential was created for another TPM, or for this one before it was cleared",
        "Create a new one: a key by tpm_key with regenerate: unusable, a credential by tpm_credential",
    ),
    0x0A2: _PASSWORD,
    0x0A6: _NOT_MADE,
    0x0A7: _MISMATCH,
    0x100: Meaning(
        "not_started",
        "The TPM was not started: the firmware did not send it TPM2_Startup",
        "Enable the TPM in the firmware's setup, or run 'tpm2_startup -c' on the host",
    ),
    0x101: Meaning("failure", "The TPM failed its self-test and refuses to work", "Power the host off and on"),
    0x120: Meaning(
        "disabled", "The TPM has switched this command off", "Check the TPM's settings in the firmware's setup"
    ),
    0x143: Meaning("not_supported", "This TPM does not support a command that is needed", "Update the TPM's firmware"),
    0x14B: Meaning(
        "no_nv_space",
        "The TPM has no room left for another persistent object",
        "On the host, remove objects that nothing uses ('tpm2_getcap handles-persistent' lists them, tpm2_evictcontrol "
        "removes one), or set path and no handle",
    ),
    0x14C: Meaning("taken", "This handle is already taken", "Choose another handle"),
    0x902: _OBJECTS,
    0x903: _SESSIONS,
    0x904: _OBJECTS,
    0x905: _SESSIONS,
    0x906: _OBJECTS,
    # one for each place of a handle in a command
    **{0x910 + place: _NO_OBJECT for place in range(7)},
    0x908: _BUSY,
    0x909: _BUSY,
    0x90A: _BUSY,
    0x920: _BUSY,
    0x921: Meaning(
        "lockout",
        "The TPM is in lockout: wrong passwords were tried too often",
        "Wait (lockout in the result of tpm_info says how long), or run 'tpm2_dictionarylockout -c' with the lockout "
        "password; keys that tpm_key created are not affected by lockout, other keys are",
    ),
    0x922: _BUSY,
    0x923: Meaning("nv_unavailable", "The TPM cannot write at the moment", _AGAIN, passes=True),
}

# What tpm2-tss says where it does not get as far as the TPM, the special before the general
_CONNECTION = (
    (
        re.compile(r"Failed to open .*device file \S+: Device or resource busy"),
        Meaning("busy", "Another program is using the TPM", "Stop it, or set tcti: device:/dev/tpmrm0", passes=True),
    ),
    (
        re.compile(r"Failed to open .*device file \S+: No such (file|device)"),
        Meaning(
            "no_device",
            "The TPM's device does not exist",
            "Enable the TPM in the firmware's setup; for a container or a VM, pass /dev/tpmrm0 in",
        ),
    ),
    (
        re.compile(r"Failed to open .*device file \S+: (Permission denied|Operation not permitted)"),
        Meaning("no_permission", "This user may not use the TPM", "Run the task as root (become: true)"),
    ),
    (
        re.compile(r"Failed to create connection with service: .*UnknownMethod"),
        # tpm2-abrmd takes its name on the bus a moment before it answers under it.
        Meaning("starting", "The TPM's resource manager is starting", _AGAIN, passes=True),
    ),
    (
        re.compile(r"Cannot connect to [A-Za-z0-9_]+ TPM socket|Failed to connect to host"),
        Meaning(
            "not_reached",
            "Nothing answers where the TPM should be",
            "Start the TPM's emulator or daemon, or check tcti",
        ),
    ),
    (
        re.compile(r"Failed to read response header"),
        Meaning("no_tpm", "What answers at tcti is not a TPM", "Check the option tcti"),
    ),
    (
        re.compile(r"Could not load tcti|Failed to instantiate TCTI"),
        Meaning(
            "tcti",
            "The TPM's interface (TCTI) cannot be loaded",
            "Check the option tcti, and that its library is installed (as libtss2-tcti-device0 on Debian)",
        ),
    ),
)


class TpmError(EdgesiteError):
    """The TPM or the way to it refused. passes: trying again within seconds may help."""

    def __init__(self, meaning: Meaning, code: Optional[int] = None, what: str = "", password: str = "owner") -> None:
        problem = meaning.problem.format(password)
        if code is not None:
            problem += " (TPM {0:#x}, {1})".format(code, meaning.status)
        super().__init__("{0}: {1}".format(what, problem) if what else problem, meaning.fix)
        self.tpm_status = meaning.status
        self.passes = meaning.passes
        self.code = code


def explain(text: str, what: str = "", password: str = "owner") -> Optional[TpmError]:
    """The error in the tools' messages, where it is one that is known.

    what was done, for the message. password: whose password the TPM was shown, if any.
    """
    code = find_code(text)
    if code is None:
        found = next((meaning for pattern, meaning in _CONNECTION if pattern.search(text)), None)
        return TpmError(found, None, what) if found else None
    if code >> 16 == _TCTI_LAYER:
        lost = Meaning(
            "io", "The connection with the TPM broke", "Run 'dmesg | grep -i tpm' on the host, and check tcti"
        )
        return TpmError(lost, code, what)
    if code >> 16 not in _TPM_LAYERS:
        return None
    known = _MEANINGS.get(_kind(code & 0xFFFF))
    return TpmError(known, code, what, password) if known else None


def find_code(text: str) -> Optional[int]:
    """The code in the tools' messages."""
    # The tools' own line says it in short; the library's lines before it may speak of what it tried on the way.
    found = sorted(_CODE.findall(text), key=lambda match: not match[0])
    return int("".join(found[0]), 16) if found else None


def _kind(code: int) -> int:
    return code & _NUMBERED_ERROR if code & _NUMBERED else code
