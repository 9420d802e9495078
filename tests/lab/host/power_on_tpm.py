# SPDX-License-Identifier: GPL-3.0-or-later
"""Give the host's TPM a power cycle: what a machine's power supply and firmware do at a reboot."""

import socket
import struct
import sys
import time

DATA = ("127.0.0.1", 2321)
CONTROL = ("127.0.0.1", 2322)
CMD_INIT = 2
SHUTDOWN_CLEAR = bytes.fromhex("80010000000c000001450000")
STARTUP_CLEAR = bytes.fromhex("80010000000c000001440000")


def talk(address, message, reply_size):
    """Send one message, and give back the reply; the TPM may still be starting."""
    for _attempt in range(50):
        try:
            with socket.create_connection(address, timeout=10) as connection:
                connection.sendall(message)
                return connection.recv(reply_size)
        except ConnectionRefusedError:
            time.sleep(0.1)
    sys.exit("no TPM at %s:%d" % address)


# the kernel sends this at an orderly shutdown; without it the TPM would count a dictionary attack
talk(DATA, SHUTDOWN_CLEAR, 10)
status = struct.unpack(">I", talk(CONTROL, struct.pack(">II", CMD_INIT, 0), 4))[0]
if status:
    sys.exit("TPM: power cycle failed with status %#x" % status)
status = struct.unpack(">HII", talk(DATA, STARTUP_CLEAR, 10))[2]
if status:
    sys.exit("TPM: startup failed with status %#x" % status)
