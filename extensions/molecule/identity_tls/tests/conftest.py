# SPDX-License-Identifier: GPL-3.0-or-later
"""The services of both hosts, as clients on the hub see them."""

from __future__ import annotations

import json

import pytest

HTTP = "GET /metrics HTTP/1.0\r\n\r\n"
# CONNECT of MQTT 3.1.1, with the client's name 'lab'
MQTT = "\x10\x0f\x00\x04MQTT\x04\x02\x00\x3c\x00\x03lab"
# by name: server, port, what to send, and what is only told to those who are let in
SERVICES = {
    "nginx": ("trixie", 8443, HTTP, "nginx TLS_AES_256_GCM_SHA384 CN={client}\n"),
    "go": ("trixie", 9443, HTTP, "node_exporter_build_info"),
    "haproxy": ("bookworm", 8443, HTTP, "haproxy TLS_AES_256_GCM_SHA384 {client}\n"),
    "mosquitto": ("bookworm", 8883, MQTT, "\x20\x02\x00\x00"),
    "python": ("bookworm", 10443, "hello", "python TLS_AES_256_GCM_SHA384 {client}\n"),
}


class Services:
    """Asks all services at once."""

    def __init__(self, hub):
        self.hub = hub

    def ask(self, client, highest="TLSv1_3"):
        questions = [[server, port, client, text, highest] for server, port, text, told in SERVICES.values()]
        answers = json.loads(self.hub.check_output("echo %s | python3 /srv/client.py ask", json.dumps(questions)))
        return dict(zip(SERVICES, answers, strict=True))

    def open_to(self, client, highest="TLSv1_3"):
        """The services that serve a client."""
        return [
            name
            for name, answer in self.ask(client, highest).items()
            if SERVICES[name][3].format(client=client) in answer["reply"]
        ]


@pytest.fixture(name="sent_out", scope="session")
def fixture_sent_out(connect):
    """What programs on both hosts get, that speak no TLS, from the service of the other host."""
    fetch = "python3 -c 'import urllib.request as r; print(r.urlopen(\"http://127.0.0.1:9444/\").read().decode())'"
    return lambda: {name: connect(name).check_output(fetch).strip() for name in ("trixie", "bookworm")}


@pytest.fixture(name="services", scope="session")
def fixture_services(connect):
    return Services(connect("hub"))
