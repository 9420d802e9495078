# SPDX-License-Identifier: GPL-3.0-or-later
"""A service in Python on the host's identity: greets who has a certificate of the site."""

import contextlib
import signal
import socket
import ssl

IDENTITY = "/etc/edgesite-gpu/identity"


def load(*ignored):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN
    context.load_verify_locations(IDENTITY + "/trust.pem")
    context.load_verify_locations(IDENTITY + "/crl.pem")
    context.load_cert_chain(IDENTITY + "/current/fullchain.pem", IDENTITY + "/current/key.pem")
    loaded[:] = [context]


loaded = []
load()
signal.signal(signal.SIGHUP, load)
listener = socket.create_server(("0.0.0.0", 10443))
while True:
    plain, address = listener.accept()
    plain.settimeout(10)
    with contextlib.suppress(OSError), plain, loaded[0].wrap_socket(plain, server_side=True) as secured:
        secured.recv(1000)
        name = dict(part[0] for part in secured.getpeercert()["subject"])["commonName"]
        secured.sendall("python {} {}\n".format(secured.cipher()[0], name).encode())
