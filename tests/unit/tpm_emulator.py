# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TPMs that swtpm emulates, for tests with the real tools; `make apt` installs them."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time

_FIRST = {
    "transient": b"\x80\0\0\0",
    "persistent": b"\x81\0\0\0",
    "loaded-session": b"\x02\0\0\0",
    "saved-session": b"\x03\0\0\0",
}


class Emulator:
    """One TPM with no resource manager, as it is on a bare device: three places for loaded keys."""

    def __init__(self, folder):
        self.folder = folder
        self.state = folder / "state"
        self.port = free_ports()
        self.tcti = "swtpm:host=127.0.0.1,port={0}".format(self.port)
        self.process = None
        self.started = False
        self.state.mkdir(parents=True)

    def certify(self):
        """Lets a manufacturer make endorsement keys and certificates for them, as they are in a TPM that is sold."""
        folder = self.folder
        authority = folder / "authority"
        authority.mkdir()
        (folder / "ca.conf").write_text(
            "statedir = {0}\nsigningkey = {0}/key.pem\nissuercert = {0}/issuer.pem\ncertserial = {0}/serial\n".format(
                authority
            )
        )
        (folder / "ca.options").write_text(
            "--platform-manufacturer edgesite\n--platform-version 1\n--platform-model test\n"
        )
        (folder / "setup.conf").write_text(
            "create_certs_tool = {0}\ncreate_certs_tool_config = {1}/ca.conf\n"
            "create_certs_tool_options = {1}/ca.options\n".format(shutil.which("swtpm_localca"), folder)
        )
        options = ["--tpm2", "--tpmstate", str(self.state), "--config", str(folder / "setup.conf")]
        subprocess.run(["swtpm_setup", *options, "--create-ek-cert"], check=True, capture_output=True)

    def start(self, flags="not-need-init,startup-clear"):
        """Powers it on."""
        command = ["swtpm", "socket", "--tpm2", "--tpmstate", "dir={0}".format(self.state), "--flags", flags]
        command += ["--server", "type=tcp,port={0}".format(self.port)]
        command += ["--ctrl", "type=tcp,port={0}".format(self.port + 1)]
        self.process = subprocess.Popen(command)
        self.started = "startup" in flags
        for _attempt in range(100):
            with socket.socket() as probe:
                # the control port, for a connection to the other one counts as a TPM's user
                if probe.connect_ex(("127.0.0.1", self.port + 1)) == 0:
                    return
            time.sleep(0.05)

    def stop(self):
        """Powers it off."""
        self.process.terminate()
        self.process.wait()

    def tool(self, name, *arguments, data=None):
        """The output of one of tpm2-tools."""
        argv = [name, "-T", self.tcti, *(str(argument) for argument in arguments)]
        done = subprocess.run(argv, input=data, capture_output=True, check=False, timeout=60)
        if done.returncode != 0:
            raise RuntimeError("{0}: {1}".format(" ".join(argv), done.stderr.decode()))
        return done.stdout

    def send(self, *commands):
        """The answer to the last of some commands in the TPM's own form, as the tools take their time to start."""
        with socket.create_connection(("127.0.0.1", self.port)) as tpm:
            for command in commands:
                tpm.sendall(command)
                answer = tpm.recv(4096)
                if answer[6:10] != bytes(4):
                    break
        return answer

    def handles(self, kind):
        """Handles in the TPM, of what is transient, persistent, loaded-session or saved-session."""
        # TPM2_GetCapability
        answer = self.send(bytes.fromhex("8001000000160000017a00000001") + _FIRST[kind] + bytes.fromhex("000000ff"))
        if answer[6:10] != bytes(4):
            raise RuntimeError(answer.hex())
        return [int.from_bytes(answer[place : place + 4], "big") for place in range(19, len(answer), 4)]

    def left(self):
        """What programs left loaded in the TPM."""
        return [handle for kind in ("transient", "loaded-session", "saved-session") for handle in self.handles(kind)]

    def lock_out(self):
        """Brings it into lockout, by a wrong password for an object that lockout protects."""
        self.tool("tpm2_dictionarylockout", "-Q", "-s", "-n", "1", "-t", "1000", "-l", "1000")
        self.tool("tpm2_nvdefine", "-Q", "-C", "o", "-s", "8", "-a", "authread|authwrite", "-p", "right", "0x1500001")
        with contextlib.suppress(RuntimeError):
            self.tool("tpm2_nvwrite", "-Q", "-P", "wrong", "-i-", "0x1500001", data=b"12345678")

    def fill(self):
        """Takes all the room there is for persistent objects."""
        self.tool("tpm2_createprimary", "-Q", "-C", "o", "-G", "ecc", "-c", str(self.folder / "context"))
        # TPM2_EvictControl by the owner's empty password
        command = bytes.fromhex("80020000002300000120 40000001 80000000 00000009 40000009 0000 00 0000")
        self.send(*(command + handle.to_bytes(4, "big") for handle in range(0x81005000, 0x81006000)))
        self.tool("tpm2_flushcontext", "0x80000000")


def free_ports():
    """Two ports that nothing listens on; tpm2-tss takes the control port to be the one after the TPM's."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port


@contextlib.contextmanager
def powered(folder, certified=False):
    """A new TPM that is on, for as long as the with statement lasts."""
    emulator = Emulator(folder)
    if certified:
        emulator.certify()
    emulator.start()
    try:
        yield emulator
    finally:
        emulator.stop()
