# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A credential opens for its endorsement key and its name alone; the half of the TPM is in software here."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity.make_credential import make_credential, secret_for
from ansible_collections.edgesite.gpu.tests.unit.plugins.plugin_utils.identity.bench import NotMine, Tpm, activate
from hypothesis import given
from hypothesis import strategies as st

TPMS = {kind: Tpm(kind=kind) for kind in ("rsa2048", "ecc_p256")}
OTHERS = {kind: Tpm(kind=kind) for kind in TPMS}


@pytest.mark.parametrize("kind", TPMS)
@given(name=st.binary(min_size=34, max_size=34), secret=st.binary(min_size=1, max_size=32))
def test_opens_for_its_tpm_and_name(kind, name, secret):
    assert activate(TPMS[kind], name, make_credential(TPMS[kind].public, name, secret)) == secret


@pytest.mark.parametrize("kind", TPMS)
@given(name=st.binary(min_size=34, max_size=34), other=st.binary(min_size=34, max_size=34))
def test_opens_for_no_other(kind, name, other):
    credential = make_credential(TPMS[kind].public, name, b"secret")
    with pytest.raises(NotMine):
        activate(OTHERS[kind], name, credential)
    if other != name:
        with pytest.raises(NotMine):
            activate(TPMS[kind], other, credential)


@pytest.mark.parametrize("kind", TPMS)
def test_secrets_are_fresh_and_no_longer_than_a_tpm_takes(kind):
    secrets = {secret_for(TPMS[kind].public) for _number in range(100)}
    assert len(secrets) == 100 and {len(secret) for secret in secrets} == {32}


def test_a_key_that_protects_nothing_is_no_endorsement_key():
    with pytest.raises(EdgesiteError, match="does not use AES"):
        make_credential(replace(TPMS["rsa2048"].public, aes_bits=None), bytes(34), b"secret")
