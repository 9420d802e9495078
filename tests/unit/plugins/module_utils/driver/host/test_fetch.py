# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies at an address: whatever keeps it from being read is told in words."""

from __future__ import annotations

import http.server
import socket
import threading
import urllib.request

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.driver.host import fetch as fetching
from ansible_collections.edgesite.gpu.plugins.module_utils.driver.host.fetch import fetch


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers by the path."""

    def do_GET(self):
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/key")
            self.end_headers()
        elif self.path == "/key":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"KEY of " + self.headers["User-Agent"].encode())
        elif self.path == "/short":
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"KE")
        else:
            self.send_error(404)

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def server(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield "http://127.0.0.1:{0}".format(serving.server_port)
        serving.shutdown()
        thread.join()


@pytest.mark.parametrize("path", ["/key", "/moved"])
def test_content_is_as_it_lies_there(server, path):
    assert fetch(server + path) == b"KEY of edgesite.gpu"


def test_what_others_have_installed_does_not_matter(server):
    class Refusing(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_arguments):
            return None

    urllib.request.install_opener(urllib.request.build_opener(Refusing))
    try:
        assert fetch(server + "/moved") == b"KEY of edgesite.gpu"
    finally:
        urllib.request.install_opener(None)


@pytest.mark.parametrize(
    ("path", "told"), [("/absent", "HTTP Error 404"), ("/short", "IncompleteRead"), ("/a b", "URL can't contain")]
)
def test_what_cannot_be_read_is_told_with_the_address(server, path, told):
    with pytest.raises(EdgesiteError, match=told) as raised:
        fetch(server + path)
    assert raised.value.problem.startswith("Cannot get " + server) and "driver_source: mirror" in raised.value.fix


@pytest.mark.parametrize("url", ["", "nonsense", "http://", "https://[", "http://127.0.0.1:99999/", "gopher://x/"])
def test_what_is_no_address_is_told(url):
    with pytest.raises(EdgesiteError, match="Cannot get"):
        fetch(url)


def test_a_server_that_never_answers_is_given_up(monkeypatch):
    monkeypatch.setattr(fetching, "_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(EdgesiteError, match="timed out"):
        fetch("http://127.0.0.1:{0}/".format(silent.getsockname()[1]))
