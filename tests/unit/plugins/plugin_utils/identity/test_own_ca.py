# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A CA's files that do not go together are named before a certificate is asked for."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity import own_ca
from ansible_collections.edgesite.gpu.tests.unit.plugins.plugin_utils.identity.bench import DAY, Authority, DeviceKey

ROOT, OTHER = Authority("Site root"), Authority("Other root")
ISSUING = Authority("Site issuing", above=ROOT)
EXPIRED = Authority("Site issuing", above=ROOT, ends=-DAY)
DEVICE = DeviceKey()
NAMES = own_ca.named("identity_authority")


@pytest.fixture(name="files")
def fixture_files(tmp_path):
    leaf = ROOT.issue(DEVICE.private.public_key())
    written = {
        "root.pem": ROOT.pem,
        "other.pem": OTHER.pem,
        "issuing.pem": ISSUING.pem,
        "issuing.key": ISSUING.private(),
        "encrypted.key": ISSUING.private("battery"),
        "other.key": OTHER.private(),
        "expired.pem": EXPIRED.pem,
        "expired.key": EXPIRED.private(),
        "leaf.pem": leaf,
        "text": "nothing",
    }
    for name, text in written.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def check(files, **changes):
    options = {"certificate": "issuing.pem", "privatekey": "issuing.key", "chain": [], "roots": ["root.pem"], **changes}
    for name in ("certificate", "privatekey"):
        options[name] = str(files / options[name])
    for name in ("chain", "roots"):
        options[name] = [str(files / one) for one in options[name]]
    own_ca.check({"passphrase": None, **options}, NAMES)


@pytest.mark.parametrize("changes", [{}, {"privatekey": "encrypted.key", "passphrase": "battery"}])
def test_files_of_one_ca(files, changes):
    check(files, **changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"certificate": "leaf.pem"}, r"^identity_authority: the certificate in \S*leaf.pem is not a CA's"),
        ({"certificate": "text"}, r"^identity_authority: Cannot read the certificates in \S*text"),
        ({"certificate": "."}, r"^identity_authority: \S* is a folder, not a certificate"),
        ({"chain": ["text"]}, r"^identity_authority: Cannot read the certificates in \S*text"),
        ({"privatekey": "other.key"}, r"^identity_authority: \S*other.key is not the key of the certificate in"),
        ({"privatekey": "text"}, r"^identity_authority.passphrase does not open \S*text: .*not a private key"),
        ({"privatekey": "none.key"}, r"^identity_authority.passphrase does not open \S*none.key: No such file"),
        ({"privatekey": "encrypted.key"}, r"encrypted.key: the key is encrypted, and there is none"),
        ({"privatekey": "encrypted.key", "passphrase": "horse"}, "encrypted.key: it is not the key's passphrase"),
        ({"passphrase": "horse"}, "issuing.key: the key is not encrypted"),
        ({"roots": ["other.pem"]}, "issuing.pem does not lead to a root that hosts trust: unable to get"),
        ({"certificate": "expired.pem", "privatekey": "expired.key"}, "that hosts trust: certificate has expired"),
    ],
)
def test_files_that_do_not_go_together(files, changes, words):
    with pytest.raises(EdgesiteError, match=words) as caught:
        check(files, **changes)
    assert caught.value.fix and "horse" not in str(caught.value)
