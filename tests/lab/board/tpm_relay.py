# SPDX-License-Identifier: GPL-3.0-or-later
"""The bus between a host and its TPM: passes on what comes to swtpm's TCP ports, and can be slow about it.

/run/tpm-delay holds the milliseconds that each command to the TPM takes more, 'inf' for a TPM that hangs; no such file,
no delay.
"""

import contextlib
import socket
import threading
import time

DATA = (2321, "/run/tpm")
CONTROL = (2322, "/run/tpm-control")
DELAY = "/run/tpm-delay"
HEADER = 10
LONGEST_PAUSE = 0.1
# one command at a time, as on the bus: with a slow TPM, a second program waits for the first one's command too
bus = threading.Lock()


def delay():
    """Seconds."""
    try:
        with open(DELAY, encoding="ascii") as file:
            return float(file.read()) / 1000
    except (OSError, ValueError):
        return 0


def wait():
    """Until the delay is over, or was made shorter."""
    begun = time.monotonic()
    while True:
        left = begun + delay() - time.monotonic()
        if left <= 0:
            return
        time.sleep(min(left, LONGEST_PAUSE))


def receive(connection, size):
    """That many bytes; None where the other end has gone."""
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            return None
        data += more
    return data


def message(connection):
    """A command to a TPM, or its answer: both tell their size after two bytes."""
    header = receive(connection, HEADER)
    if header is None:
        return None
    rest = receive(connection, int.from_bytes(header[2:6], "big") - HEADER)
    return None if rest is None else header + rest


def to_tpm(path):
    """A connection to swtpm, which may be starting."""
    for attempt in range(50):
        tpm = socket.socket(socket.AF_UNIX)
        try:
            tpm.connect(path)
            return tpm
        except OSError:
            tpm.close()
            if attempt == 49:
                raise
            time.sleep(0.1)


def pass_commands(connection, path):
    """Until the host closes its end."""
    command = message(connection)
    while command:
        with bus:
            wait()
            with to_tpm(path) as tpm:
                tpm.sendall(command)
                answer = message(tpm)
        if answer is None:
            return
        connection.sendall(answer)
        command = message(connection)


def pass_control(connection, path):
    """One request, which has no size in it, and its answer; with the bus free, as a power cycle ends a command."""
    request = connection.recv(4096)
    if request:
        with to_tpm(path) as tpm:
            tpm.sendall(request)
            connection.sendall(tpm.recv(4096))


def serve(place, handle):
    """All who connect, each in a thread."""
    port, path = place
    with socket.create_server(("127.0.0.1", port), backlog=64) as server:
        while True:
            connection, _address = server.accept()
            threading.Thread(target=attend, args=(handle, connection, path), daemon=True).start()


def attend(handle, connection, path):
    """One who connected; a program that goes away in the middle of a command is no error of ours."""
    with connection, contextlib.suppress(OSError):
        handle(connection, path)


if __name__ == "__main__":
    threading.Thread(target=serve, args=(CONTROL, pass_control), daemon=True).start()
    serve(DATA, pass_commands)
