# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who signs, and what is checked of what comes back."""

from __future__ import annotations

import http.server
import re
import sys
import threading
import time

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity.authority import sign
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity.issued import Order
from ansible_collections.edgesite.gpu.tests.unit.plugins.plugin_utils.identity.bench import (
    Authority,
    DeviceKey,
    issued,
)

ROOT = Authority("Site root")
ISSUING = Authority("Site issuing", above=ROOT)
KEY = DeviceKey()
REQUEST = KEY.request()
ORDER = Order(REQUEST, 90)
GOOD = issued(KEY, ISSUING)
SECRET = "correct-horse-battery"


@pytest.fixture
def options(tmp_path):
    (tmp_path / "root.pem").write_text(ROOT.pem)
    (tmp_path / "issuing.pem").write_text(ISSUING.pem)
    nothing = {"certificate": None, "privatekey": None, "passphrase": None, "chain": [], "command": None, "url": None}
    return {**nothing, "headers": {}, "roots": [str(tmp_path / "root.pem")], "timeout": 10}


def command(tmp_path, options, answer, code=0):
    """A program that shows what it was given, and answers."""
    (tmp_path / "answer.pem").write_text(answer)
    program = (
        "import sys; open({0!r}, 'w').write(sys.stdin.read()); sys.stderr.write('correct-horse'); "
        "print(open({1!r}).read()); sys.exit({2})"
    ).format(str(tmp_path / "asked.pem"), str(tmp_path / "answer.pem"), code)
    return {**options, "command": [sys.executable, "-c", program]}


def own_key(tmp_path):
    """The options of a CA whose key is on the controller."""
    (tmp_path / "issuing.key").write_text(ISSUING.private(SECRET))
    files = {"privatekey": str(tmp_path / "issuing.key"), "certificate": str(tmp_path / "issuing.pem")}
    return {**files, "passphrase": SECRET}


def no_module(_name, _arguments):
    raise AssertionError("no module is run")


def refused(options, run_module=no_module):
    """The message, which has no secret."""
    with pytest.raises(EdgesiteError) as caught:
        sign(options, ORDER, run_module)
    assert not re.search("correct|horse|battery", str(caught.value))
    return str(caught.value)


@pytest.mark.parametrize("seconds", [0, -1, 86401, 10**30])
def test_limit_of_time_that_is_none(options, seconds):
    said = refused({**options, "url": "https://ca.example/sign", "timeout": seconds})
    assert said.startswith("authority.timeout is ") and "1 to 86400 seconds" in said


@pytest.mark.parametrize("days", [0, -1, 36501, 10**30])
def test_days_that_no_date_has(options, days):
    with pytest.raises(EdgesiteError, match=r"^days is .*, but has to be 1 to 36500 days"):
        sign({**options, "url": "https://ca.example/sign"}, Order(REQUEST, days), no_module)


def test_own_key(tmp_path, options):
    asked = {}

    def run_module(name, arguments):
        asked.update(arguments, name=name)
        return {"certificate": GOOD}

    own = own_key(tmp_path)
    assert sign({**options, **own}, ORDER, run_module).chain == ISSUING.pem
    assert (asked["name"], asked["ownca_not_after"]) == ("community.crypto.x509_certificate_pipe", "+90d")
    assert (asked["csr_content"], asked["ownca_privatekey_passphrase"]) == (REQUEST, SECRET)


def test_own_key_that_cannot_sign(tmp_path, options):
    own = own_key(tmp_path)
    message = refused({**options, **own}, lambda *_: {"failed": True, "msg": "The date makes no sense"})
    assert re.search("The CA could not sign: The date makes no sense.*site_ca", message)
    assert "is set without authority.certificate" in refused({**options, "privatekey": "/ca/issuing.key"})
    assert "authority.passphrase does not open" in refused({**options, **own, "passphrase": "other"})


def test_command(tmp_path, options):
    answer = sign(command(tmp_path, options, GOOD + ISSUING.pem + ROOT.pem), ORDER, no_module)
    assert (tmp_path / "asked.pem").read_text() == REQUEST
    assert (answer.certificate, answer.chain) == (GOOD, ISSUING.pem)


def test_command_that_prints_more_than_certificates(tmp_path, options):
    written = (
        "Zertifikat für gpu-a:\n"
        + GOOD
        + "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
        + ISSUING.pem
    )
    assert sign(command(tmp_path, options, written), ORDER, no_module).chain == ISSUING.pem


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        ("", 3, "exited with code 3. Run it by hand"),
        ("", 0, "The answer of authority.command cannot be used: there is no certificate in PEM. It has to be"),
        ("nonsense", 0, "there is no certificate in PEM"),
        (GOOD[:200], 0, "has no matching END line"),
        (GOOD + ISSUING.pem * 20, 0, "it has 21 certificates, but at most 20 are allowed"),
        (GOOD + "#" * 300_000, 0, "it is longer than 256 KiB"),
        ("ü" * 200_000, 0, "it is longer than 256 KiB"),
        (issued(DeviceKey(), ISSUING) + ISSUING.pem, 0, "for another key"),
        (GOOD, 0, "does not lead to authority.roots"),
    ],
)
def test_command_that_answers_something_else(tmp_path, options, answer, code, words):
    assert words in refused(command(tmp_path, options, answer, code))


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (
            ["/nonexistent/ca", SECRET],
            "authority.command '/nonexistent/ca' cannot be run: there is no such program",
        ),
        (["/nonexistent/ca --token " + SECRET], "authority.command '/nonexistent/ca' cannot be run: .* a list"),
        (["", SECRET], "authority.command '' cannot be run"),
        (["sh\0", SECRET], "cannot be run: there is no such program"),
        (["sh", "-c", "exec sleep 60", SECRET], "authority.command 'sh' did not finish within 1 s"),
        (["sh", "-c", "echo " + SECRET + " >&2; exit 5"], "authority.command 'sh' exited with code 5"),
        (["sh", "-c", "echo " + SECRET + "; kill -9 $$"], "authority.command 'sh' exited with code -9"),
    ],
)
def test_command_that_fails_gives_no_secret_away(options, argv, words):
    assert re.search(words, refused({**options, "command": argv, "timeout": 1}))


class Ca(http.server.BaseHTTPRequestHandler):
    """Signs what has the right token."""

    seen: list = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.seen.append(self.path)
        right = self.headers["Authorization"] == "Bearer " + SECRET and body == REQUEST
        status, answer = {
            "/other": (302, ""),
            "/long": (200, GOOD + "#" * 300_000),
            "/strange": (200, "nonsense"),
        }.get(self.path.partition("?")[0], (200, GOOD + ISSUING.pem) if right else (403, SECRET))
        self.send_response(status, SECRET)
        self.send_header("Location", "/stolen")
        self.end_headers()
        self.wfile.write(answer.encode())

    def do_GET(self):
        self.seen.append(self.path)
        self.send_error(404)

    def log_message(self, *_arguments):
        pass


class Rude(http.server.BaseHTTPRequestHandler):
    """Speaks no HTTP."""

    def do_POST(self):
        self.wfile.write(("nonsense " + SECRET + "\n").encode())

    def log_message(self, *_arguments):
        pass


class Slow(http.server.BaseHTTPRequestHandler):
    """Answers byte by byte."""

    def do_POST(self):
        self.send_response(200)
        self.end_headers()
        for _byte in range(20):
            self.wfile.write(b"#")
            time.sleep(0.2)

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def serve():
    servers = []

    def started(handler):
        servers.append(http.server.HTTPServer(("127.0.0.1", 0), handler))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return "127.0.0.1:{0}".format(servers[-1].server_port)

    yield started
    for server in servers:
        server.shutdown()
        server.server_close()


HEADERS = {"Authorization": "Bearer " + SECRET}


def test_url(options, serve):
    url = "http://" + serve(Ca) + "/sign?profile=device"
    assert sign({**options, "url": url, "headers": HEADERS}, ORDER, no_module).chain == ISSUING.pem
    assert Ca.seen[-1] == "/sign?profile=device"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/sign", "/sign did not sign: it answered with status 403. It gets the request"),
        ("/long", "/long cannot be used: it is longer than 256 KiB"),
        ("/strange", "/strange cannot be used: there is no certificate in PEM"),
        ("/other", "/other did not sign: it answered with status 302"),
    ],
)
def test_url_that_does_not_sign_gives_no_secret_away(options, serve, path, words):
    host = serve(Ca)
    url = "http://user:{0}@{1}{2}?token={0}#{0}".format(SECRET, host, path)
    message = refused({**options, "url": url, "headers": {"X-Token": SECRET}})
    assert re.search("authority.url http://" + host + words, message)
    # nor to whoever a redirect names
    assert "/stolen" not in Ca.seen


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1:1/sign", "http://127.0.0.1:1/sign did not sign: Connection refused"),
        ("http://nowhere.invalid/sign", "did not sign: "),
        ("https://{0}/sign", "did not sign: "),
        ("http://{0}/sign", "http://{0}/sign did not sign: BadStatusLine"),
    ],
)
def test_url_that_nobody_answers(options, serve, url, words):
    host = serve(Rude)
    url = url.format(host).replace("://", "://user:" + SECRET + "@") + "?token=" + SECRET
    assert words.format(host) in refused({**options, "url": url})


def test_url_that_answers_byte_by_byte(options, serve):
    message = refused({**options, "url": "http://" + serve(Slow) + "/sign", "timeout": 1})
    assert "/sign did not sign: it took too long (authority.timeout)" in message


@pytest.mark.parametrize(
    "url",
    [
        "ca.example/sign?token=" + SECRET,
        "user:" + SECRET + "@ca.example/sign",
        "ftp://ca.example/" + SECRET,
        "file:///etc/" + SECRET,
        "https://user:correct/horse@ca.example/",
        "https://ca.example/a b?token=" + SECRET,
        "https://ca.example/\nX-Token: " + SECRET,
        "https://ca.example:port/" + SECRET,
        "https://[::1/" + SECRET,
    ],
)
def test_what_is_no_url_is_not_shown(options, url):
    assert "authority.url is not a URL such as https://ca.example/sign" in refused({**options, "url": url})


@pytest.mark.parametrize("value", [SECRET + "\r\nX: y", SECRET + "\n", 5, None, [SECRET], {"a": SECRET}, SECRET + "ü"])
def test_header_that_is_none(options, value):
    given = {**options, "url": "http://127.0.0.1:1/", "headers": {"X-Token": value}}
    assert "authority.headers.X-Token is not one line of text" in refused(given)
    assert "is not one line" in refused({**given, "headers": {"X Token:": SECRET}})


@pytest.mark.parametrize("ways", [{}, {"command": ["x"], "url": "http://x"}, {"command": ["x"], "privatekey": "/k"}])
def test_one_way_to_sign(options, ways):
    assert "needs exactly one of privatekey, command and url" in refused({**options, **ways})
