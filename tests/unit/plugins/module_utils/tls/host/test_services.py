# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a proxy serves, asked over TLS; and which provider of OpenSSL is there."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import threading

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.tls import options
from ansible_collections.edgesite.gpu.plugins.module_utils.tls.host import services as backend
from ansible_collections.edgesite.gpu.plugins.module_utils.tls.services import Change


def pair(folder):
    """Makes a key and a certificate as files in a folder."""
    folder.mkdir(parents=True)
    argv = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=host -days 1"
    subprocess.run([*argv.split(), "-keyout", "key.pem", "-out", "cert.pem"], cwd=str(folder), check=True, stderr=-3)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(str(folder / "cert.pem"), str(folder / "key.pem"))
    return context


@contextlib.contextmanager
def served(contexts):
    """A server that takes one context after the other, and then stays with the last; its port."""
    contexts = list(contexts)

    def serve():
        while True:
            try:
                plain, ignored = listener.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), plain:
                context = contexts.pop(0) if len(contexts) > 1 else contexts[0]
                context.wrap_socket(plain, server_side=True).close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        # wakes accept()
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.fixture
def wish(tmp_path):
    return options.wanted(str(tmp_path), str(tmp_path / "identity"), "device:/dev/tpmrm0", "root", [], [])


@pytest.mark.parametrize("host", ["*", "0.0.0.0", "127.0.0.1", "localhost"])
def test_a_proxy_is_waited_for_until_it_serves_what_is_there(tmp_path, wish, host):
    old, new = pair(tmp_path / "old"), pair(tmp_path / "identity" / "current")
    with served([old, old, new]) as port:
        backend._served(wish.layout, Change("proxy", "reload", listen="{0}:{1}".format(host, port)))


def test_a_proxy_that_stays_with_the_old_one_is_said(tmp_path, wish, monkeypatch):
    monkeypatch.setattr(backend, "_SERVED_SECONDS", 0.5)
    old = pair(tmp_path / "old")
    pair(tmp_path / "identity" / "current")
    with served([old]) as port:
        change = Change("proxy", "reload", listen="127.0.0.1:{0}".format(port))
        with pytest.raises(EdgesiteError, match="it serves another certificate"):
            backend._served(wish.layout, change)
    with pytest.raises(EdgesiteError, match="[Rr]efused"):
        backend._served(wish.layout, change)


@pytest.mark.parametrize(("content", "prefer"), [(b"\0tpm2.digest\0", True), (b"\0tpm2\0", False)])
def test_the_provider_says_whether_it_wants_to_be_asked_first(tmp_path, wish, monkeypatch, content, prefer):
    monkeypatch.setattr(backend, "_MODULES", (str(tmp_path / "*"),))
    assert not backend.software(wish).provider
    (tmp_path / "ossl").mkdir()
    (tmp_path / "ossl" / "tpm2.so").write_bytes(content)
    assert backend.software(wish)[:2] == (True, prefer)


def test_a_group_that_is_not_there(wish):
    unknown = wish._replace(layout=wish.layout._replace(group="no-such-group"))
    assert not backend.software(unknown).group
    assert backend.software(wish).group
