# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host lacks for encrypted volumes."""

from __future__ import annotations

import errno

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import command
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host.command import Result
from ansible_collections.edgesite.gpu.plugins.module_utils.storage.host import requirements
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.storage.host.program import Program


@pytest.mark.parametrize(
    ("raised", "answer", "expected"),
    [
        (None, 0, True),
        (FileNotFoundError(errno.ENOENT, "no"), 0, False),
        (OSError(errno.EAFNOSUPPORT, "no"), 0, True),
        (OSError(errno.EAFNOSUPPORT, "no"), 1, False),
    ],
)
def test_the_kernel_is_asked_for_a_cipher(monkeypatch, raised, answer, expected):
    class Socket:
        def __init__(self, *kinds):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *error):
            pass

        def bind(self, address):
            assert address == ("skcipher", "xts(sm4)")
            if raised:
                raise raised

    run = Program(monkeypatch, Result(answer, b"", ""))
    monkeypatch.setattr(requirements.socket, "socket", Socket)
    monkeypatch.setattr(requirements.socket, "AF_ALG", 38, raising=False)
    assert requirements.has_cipher(run, "sm4-xts") is expected
    assert run.asked in ([], ["/sbin/cryptsetup benchmark --cipher sm4-xts --key-size 256"])


def test_what_is_missing_is_named_as_the_distribution_does(monkeypatch):
    there = {"dpkg", "openssl", "mkfs.ext4"}
    monkeypatch.setattr(command, "find", lambda name: name if name in there else None)
    monkeypatch.setattr(requirements, "_TPM_LIBRARIES", ("libnone.so.77",))
    assert requirements.missing_packages(["ext4", "xfs", "xfs"]) == [
        *("cryptsetup-bin", "systemd-cryptsetup", "xfsprogs", "tpm2-tools")
    ]
    there.remove("dpkg")
    assert requirements.missing_packages([])[:2] == ["cryptsetup", "systemd-udev"]
    there.update(("cryptsetup", "systemd-cryptenroll"))
    monkeypatch.setattr(requirements, "_TPM_LIBRARIES", ())
    assert requirements.missing_packages(["ext4"]) == []


@pytest.mark.parametrize(
    ("systemd", "cryptsetup", "old"),
    [
        ("systemd 249 (249.11-0ubuntu3)\n+PAM", "cryptsetup 2.4.3\n", "systemd 249"),
        ("systemd 252 (252.39-1~deb12u1)\n", "cryptsetup 2.4.3 flags: UDEV", "cryptsetup 2.4.3"),
        ("systemd 252 (252.39-1~deb12u1)\n", "cryptsetup 2.6.1\n", None),
        ("systemd 257\n", "cryptsetup 3.0\n", None),
        # before it is installed
        ("systemd 257\n", None, None),
        ("systemd 249\n", None, "systemd 249"),
    ],
)
def test_host_that_is_too_old_is_refused(monkeypatch, systemd, cryptsetup, old):
    told = {"/sbin/systemctl": systemd, "/sbin/cryptsetup": cryptsetup}
    monkeypatch.setattr(command, "find", lambda name: "/sbin/" + name if told["/sbin/" + name] else None)

    def run(argv, data=None, timeout=10.0):
        return Result(0, told[argv[0]].encode(), "")

    if old is None:
        assert requirements.check_releases(run) == int(systemd.split()[1])
    else:
        with pytest.raises(EdgesiteError, match="too old.* it has {0}.*Debian 12".format(old)):
            requirements.check_releases(run)
