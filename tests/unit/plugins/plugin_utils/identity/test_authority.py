# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who signs, and what is checked of what comes back."""

from __future__ import annotations

import http.server
import sys
import threading

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.core.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity.authority import sign
from ansible_collections.edgesite.gpu.tests.unit.plugins.plugin_utils.identity.bench import (
    DAY,
    WANTED,
    Authority,
    DeviceKey,
    certificate,
)
from cryptography import x509

ROOT = Authority("Site root")
ISSUING = Authority("Site issuing", above=ROOT)
KEY = DeviceKey()
REQUEST = KEY.request()


def signed(key=KEY, wanted=WANTED, signer=ISSUING):
    like = x509.load_pem_x509_csr(KEY.request(wanted).encode())
    extensions = [(extension.value, extension.critical) for extension in like.extensions]
    return certificate(like.subject, key.private.public_key(), signer, 90 * DAY, extensions, -1 * DAY)


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
        "import sys; open({0!r}, 'w').write(sys.stdin.read()); sys.stderr.write('no such profile'); "
        "print(open({1!r}).read()); sys.exit({2})"
    ).format(str(tmp_path / "asked.pem"), str(tmp_path / "answer.pem"), code)
    return {**options, "command": [sys.executable, "-c", program]}


def no_module(_name, _arguments):
    raise AssertionError("no module is run")


def test_own_key(tmp_path, options):
    asked = {}

    def run_module(name, arguments):
        asked.update(arguments, name=name)
        return {"certificate": signed()}

    own = {"privatekey": "/ca/issuing.key", "certificate": str(tmp_path / "issuing.pem"), "passphrase": "secret"}
    issued = sign({**options, **own}, REQUEST, 30, run_module)
    assert issued.chain == ISSUING.pem
    assert (asked["name"], asked["ownca_not_after"]) == ("community.crypto.x509_certificate_pipe", "+30d")
    assert (asked["csr_content"], asked["ownca_privatekey_passphrase"]) == (REQUEST, "secret")


def test_own_key_that_cannot_sign(tmp_path, options):
    own = {"privatekey": "/ca/issuing.key", "certificate": str(tmp_path / "issuing.pem")}
    with pytest.raises(EdgesiteError, match="The CA could not sign: Wrong or empty passphrase.*site_ca"):
        sign({**options, **own}, REQUEST, 30, lambda *_: {"failed": True, "msg": "Wrong or empty passphrase"})
    with pytest.raises(EdgesiteError, match="needs authority.certificate"):
        sign({**options, "privatekey": "/ca/issuing.key"}, REQUEST, 30, no_module)


def test_command(tmp_path, options):
    answer = signed()
    issued = sign(command(tmp_path, options, answer + ISSUING.pem + ROOT.pem), REQUEST, 30, no_module)
    assert (tmp_path / "asked.pem").read_text() == REQUEST
    assert issued.certificate == answer
    # The root is not sent along: whoever checks the chain has it.
    assert issued.chain == ISSUING.pem


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        ("", 3, "authority.command ended with 3: no such profile"),
        ("nonsense", 0, "no certificate in PEM"),
        (signed(DeviceKey()) + ISSUING.pem, 0, "for another key"),
        (signed(wanted=WANTED._replace(names=(("dns", "hub"),))) + ISSUING.pem, 0, "with other names"),
        (signed(wanted=WANTED._replace(subject=(("common_name", "hub"),))) + ISSUING.pem, 0, "with other names"),
        (signed(), 0, "does not lead to authority.roots"),
        (signed(signer=Authority("Another")), 0, "does not lead to authority.roots"),
    ],
)
def test_command_that_answers_something_else(tmp_path, options, answer, code, words):
    with pytest.raises(EdgesiteError, match=words):
        sign(command(tmp_path, options, answer, code), REQUEST, 30, no_module)


def test_command_that_is_not_there_or_takes_too_long(options):
    with pytest.raises(EdgesiteError, match="could not be run"):
        sign({**options, "command": ["/nonexistent/ca"]}, REQUEST, 30, no_module)
    with pytest.raises(EdgesiteError, match="could not be run.*timed out"):
        sign({**options, "command": ["sleep", "60"], "timeout": 1}, REQUEST, 30, no_module)


class Ca(http.server.BaseHTTPRequestHandler):
    """Signs what has the right token."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        right = self.headers["Authorization"] == "Bearer token" and body == REQUEST
        self.send_response(200 if right else 403)
        self.end_headers()
        self.wfile.write((signed() + ISSUING.pem).encode())

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def url():
    with http.server.HTTPServer(("127.0.0.1", 0), Ca) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield "http://127.0.0.1:{0}/sign".format(server.server_port)
        server.shutdown()


def test_url(options, url):
    ways = {"url": url, "headers": {"Authorization": "Bearer token"}}
    assert sign({**options, **ways}, REQUEST, 30, no_module).chain == ISSUING.pem


def test_url_that_refuses(options, url):
    with pytest.raises(EdgesiteError, match="did not sign: .*403"):
        sign({**options, "url": url}, REQUEST, 30, no_module)


@pytest.mark.parametrize("ways", [{}, {"command": ["x"], "url": "http://x"}, {"command": ["x"], "privatekey": "/k"}])
def test_one_way_to_sign(options, ways):
    with pytest.raises(EdgesiteError, match="needs one of privatekey, command and url"):
        sign({**options, **ways}, REQUEST, 30, no_module)
