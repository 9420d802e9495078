# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to a TPM from outside of its host: `tpm_fault.py clear|lockout|unlock`. Goes past the relay.

Command codes, handles and attributes: TPM 2.0 Library, part 2; the commands' layouts: part 3.
"""

import socket
import struct
import sys

TPM = "/run/tpm"
NO_SESSIONS, SESSIONS = 0x8001, 0x8002
PASSWORD = 0x40000009
NULL, LOCKOUT, PLATFORM = 0x40000007, 0x4000000A, 0x4000000C
CREATE_PRIMARY, CLEAR, LOCK_RESET, HMAC, FLUSH = 0x131, 0x126, 0x139, 0x155, 0x165
AUTH_FAIL, IN_LOCKOUT, RETRY = 0x98E, 0x921, 0x922
KEYEDHASH, SHA256, HMAC_SCHEME = 0x8, 0xB, 0x5
# fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, sign; not noDA
ATTRIBUTES = 0x40072


def sized(data):
    """As a TPM2B."""
    return struct.pack(">H", len(data)) + data


def send(code, handle, password=None, parameters=b""):
    """The TPM's status, and the rest of its answer."""
    body = struct.pack(">I", handle)
    if password is not None:
        session = struct.pack(">IHB", PASSWORD, 0, 0) + sized(password)
        body += struct.pack(">I", len(session)) + session
    body += parameters
    tag = NO_SESSIONS if password is None else SESSIONS
    with socket.socket(socket.AF_UNIX) as tpm:
        tpm.connect(TPM)
        tpm.sendall(struct.pack(">HII", tag, 10 + len(body), code) + body)
        answer = tpm.recv(4096)
    return struct.unpack(">I", answer[6:10])[0], answer[10:]


def must(code, handle, password=None, parameters=b""):
    """The answer to a command that has to succeed."""
    status, answer = send(code, handle, password, parameters)
    if status:
        sys.exit("the TPM answers command {0:#x} with {1:#x}".format(code, status))
    return answer


def clear():
    """As from the menu of the firmware, which knows the platform's password: here it is empty."""
    must(CLEAR, PLATFORM, b"")


def unlock():
    """With the lockout password; it is empty unless the host has set one."""
    must(LOCK_RESET, LOCKOUT, b"")


def lockout():
    """Wrong passwords for a key that counts them, until the TPM takes no more."""
    public = struct.pack(">HHIH", KEYEDHASH, SHA256, ATTRIBUTES, 0) + struct.pack(">HHH", HMAC_SCHEME, SHA256, 0)
    secret = sized(b"right") + sized(b"")
    key = must(CREATE_PRIMARY, NULL, b"", sized(secret) + sized(public) + sized(b"") + struct.pack(">I", 0))
    handle = struct.unpack(">I", key[:4])[0]
    status = AUTH_FAIL
    while status in (AUTH_FAIL, RETRY):
        status, _answer = send(HMAC, handle, b"wrong", sized(b"message") + struct.pack(">H", SHA256))
    must(FLUSH, handle)
    if status != IN_LOCKOUT:
        sys.exit("a wrong password got {0:#x} of the TPM".format(status))


if __name__ == "__main__":
    {"clear": clear, "lockout": lockout, "unlock": unlock}[sys.argv[1]]()
