# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo's program: says over HTTP what its host is. Plain on the loopback interface, or with --tls for the site."""

import http.server
import platform
import signal
import ssl
import sys

IDENTITY = "/etc/edgesite-gpu/identity"
TLS = sys.argv[1:] == ["--tls"]


class Status(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        asked_by = f", asked by {peer(self.connection)}" if TLS else ""
        text = f"{platform.node()}: {platform.system()} {platform.machine()}{asked_by}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


class Server(http.server.HTTPServer):
    def get_request(self):
        plain, address = super().get_request()
        plain.settimeout(10)
        return (loaded[0].wrap_socket(plain, server_side=True) if TLS else plain), address


def peer(connection):
    return dict(part[0] for part in connection.getpeercert()["subject"])["commonName"]


def load(*ignored):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN
    context.load_verify_locations(IDENTITY + "/trust.pem")
    context.load_verify_locations(IDENTITY + "/crl.pem")
    context.load_cert_chain(IDENTITY + "/current/fullchain.pem", IDENTITY + "/current/key.pem")
    loaded[:] = [context]


loaded = []
if TLS:
    load()
    signal.signal(signal.SIGHUP, load)
Server(("", 9443) if TLS else ("127.0.0.1", 9100), Status).serve_forever()
