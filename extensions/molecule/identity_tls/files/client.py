# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of the site's services, with certificates from /srv/clients.

ask: reads a list of [server, port, client, text to send, highest TLS version] in JSON, prints what came back of each.
load SERVER PORT RATE FILE: so many requests a second, each on a new connection, until SIGTERM, and none of them twice;
then writes what happened.
"""

import json
import queue
import signal
import socket
import ssl
import sys
import threading
import time

CLIENTS = "/srv/clients/"
HTTP = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
# CONNECT of MQTT 3.1.1, with the client's name 'lab'
MQTT = "\x10\x0f\x00\x04MQTT\x04\x02\x00\x3c\x00\x03lab"
GOOD = ("HTTP/1.1 200", "HTTP/1.0 200", "python TLS", "\x20\x02\x00\x00")


def context_for(client, highest="TLSv1_3"):
    context = ssl.create_default_context(cafile=CLIENTS + "root.pem")
    context.maximum_version = ssl.TLSVersion[highest]
    if client is not None:
        context.load_cert_chain(CLIENTS + client + ".pem", CLIENTS + client + ".key")
    return context


def talk(context, server, port, text):
    plain = socket.create_connection((server, port), timeout=20)
    with plain, context.wrap_socket(plain, server_hostname=server) as secured:
        secured.sendall(text.encode("latin-1"))
        reply = b""
        while len(reply) < 100000:
            # MQTT's answer is all there is, and the connection stays open.
            more = secured.recv(100000)
            reply += more
            if not more or reply.startswith(b"\x20\x02"):
                break
        certificate = secured.getpeercert()
        return {
            "reply": reply.decode("latin-1"),
            "version": secured.version(),
            "cipher": secured.cipher()[0],
            "serial": certificate["serialNumber"],
        }


def ask():
    results = []
    for server, port, client, text, highest in json.load(sys.stdin):
        try:
            results.append(talk(context_for(client, highest), server, port, text))
        except OSError as error:
            results.append({"reply": "", "error": str(error)})
    print(json.dumps(results))


def load(server, port, rate, file):
    context, done, due = context_for("hub"), [], queue.Queue()
    text = MQTT if port == 8883 else HTTP
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *ignored: stopped.set())

    def work():
        while True:
            began = due.get()
            if began is None:
                return
            try:
                answer = talk(context, server, port, text)
                failure = None if answer["reply"].startswith(GOOD) else "answer: " + answer["reply"][:100]
                done.append((began, time.monotonic(), answer["serial"], failure))
            except OSError as error:
                done.append((began, time.monotonic(), None, repr(error)))

    workers = [threading.Thread(target=work) for number in range(16)]
    for worker in workers:
        worker.start()
    start, issued = time.monotonic(), 0
    while not stopped.wait(0.5 / rate):
        # As many as are due by now, also after a pause of this program itself.
        while issued < (time.monotonic() - start) * rate:
            due.put(time.monotonic())
            issued += 1
    offered = issued / (time.monotonic() - start)
    for _worker in workers:
        due.put(None)
    for worker in workers:
        worker.join()
    result = {
        "requests": len(done),
        # a second: begun, and answered until the last of them was
        "offered": offered,
        "answered": len(done) / (max(ended for began, ended, serial, failure in done) - start),
        "failures": [failure for began, ended, serial, failure in done if failure],
        "serials": sorted({serial for began, ended, serial, failure in done if serial}),
        "slowest": max(ended - began for began, ended, serial, failure in done),
    }
    with open(file, "w", encoding="ascii") as stream:
        json.dump(result, stream)


if sys.argv[1] == "ask":
    ask()
else:
    load(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), sys.argv[5])
