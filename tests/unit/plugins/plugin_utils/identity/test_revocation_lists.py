# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Revocation lists with which services would refuse everybody, found before a run."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity import revocation_lists
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site import ca_on_controller
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site.rest import Known
from ansible_collections.edgesite.gpu.tests.unit.plugins.plugin_utils.identity.bench import DAY, Authority

ROOT = Authority("Edge site")
ISSUING = Authority("Edge site issuing", above=ROOT)
OTHER, SAME = Authority("Another site"), Authority("Edge site issuing")


def refused(*lists, signer=ISSUING.pem):
    written = {"{0}.pem".format(number): text for number, text in enumerate(lists)}
    try:
        revocation_lists.check("identity_crl_files", written, [ROOT.pem, ISSUING.pem], signer)
    except EdgesiteError as error:
        return str(error)
    return None


def test_lists_that_services_can_use():
    assert refused(ISSUING.revocations(), ROOT.revocations()) is None
    # beside them those of a CA that the site leaves, and several in one file
    assert refused(ISSUING.revocations() + ROOT.revocations(), OTHER.revocations()) is None
    assert refused() is None


def test_list_that_has_expired():
    words = refused(ISSUING.revocations(), ROOT.revocations(ends=-1 * DAY))
    assert "identity_crl_files: the revocation list 1.pem of CN=Edge site expired on 20" in words
    assert "edgesite.gpu.site_ca" in words


def test_list_of_another_ca():
    words = refused(OTHER.revocations(), ROOT.revocations())
    assert "no revocation list is of CN=Edge site issuing, which signs" in words
    assert "those there are of CN=Another site, CN=Edge site" in words
    # who signs is somebody else's matter
    assert refused(OTHER.revocations(), signer=None) is None


def test_list_of_another_ca_of_the_same_name():
    words = refused(SAME.revocations(), ROOT.revocations())
    assert "0.pem names CN=Edge site issuing as its CA, but another CA of that name signed it" in words


@pytest.mark.parametrize("ends", [30 * DAY, -1 * DAY])
def test_validate_reads_the_lists_of_the_sites_ca(tmp_path, ends):
    for name, text in (
        ("issuing.pem", ISSUING.pem),
        ("issuing.key", ISSUING.private("secret")),
        ("root.pem", ROOT.pem),
        ("crl.pem", ISSUING.revocations(ends)),
        ("root-crl.pem", ROOT.revocations()),
    ):
        (tmp_path / name).write_text(text)
    (tmp_path / "state").mkdir(mode=0o700)
    values = Known(
        identity_authority=None,
        identity_ca_dir=str(tmp_path),
        identity_ca_passphrase="secret",
        identity_crl_files=None,
        identity_ek_trust="first_use",
        identity_state_dir=str(tmp_path / "state"),
        identity_tpm_roots=[],
        identity_tpm_intermediates=[],
        identity_ek_certificates=[],
    )
    found = []
    for check in ca_on_controller.checks(values):
        try:
            check()
        except EdgesiteError as error:
            found.append(error.problem)
    expected = [] if ends > 0 * DAY else ["identity_ca_dir: the revocation list {0}/crl.pem of CN=".format(tmp_path)]
    assert len(found) == len(expected) and all(map(str.startswith, found, expected)), found
