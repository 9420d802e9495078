# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which endorsement keys are taken for those of TPMs."""

from __future__ import annotations

import re

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity import chains, ek_trust
from ansible_collections.edgesite.gpu.tests.unit.plugins.plugin_utils.identity.bench import (
    DAY,
    EC_224,
    EC_256,
    EK_ATTRIBUTES,
    EK_PURPOSE,
    Authority,
    LooseAuthority,
    OpensslAuthority,
    Tpm,
    certificate,
    encoded,
)
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

ROOT = Authority("Good TPMs root")
ISSUING = Authority("Good TPMs issuing", above=ROOT)
SHADY = Authority("Shady TPMs root")
TPM = Tpm(ISSUING)
OTHER = Tpm(ISSUING)


def judged(shown, trust="certified", roots=(ROOT.pem,), intermediates=(ISSUING.pem,), pins=(), enrolled=(), **more):
    rules = ek_trust.Rules(trust, list(roots), list(intermediates), list(pins), **more)
    return ek_trust.trusted(shown, rules, enrolled)


def refused(shown, **rules):
    with pytest.raises(EdgesiteError) as caught:
        judged(shown, **rules)
    assert caught.value.problem.startswith("No endorsement key of this TPM is trusted: ")
    return str(caught.value)


def test_certified():
    (found,) = judged(TPM.shows())
    assert found.trust == "certified" and found.public == TPM.public
    assert found.issuer == "CN=Good TPMs issuing"


def test_intermediates_may_come_from_the_tpm():
    assert judged(TPM.shows(issuers=["nonsense", ISSUING.pem]), intermediates=())


def test_all_that_are_trusted_are_taken_once():
    shown = TPM.shows(certificate=None) + OTHER.shows() + TPM.shows() + OTHER.shows()
    assert [one.public for one in judged(shown)] == [OTHER.public, TPM.public]
    assert [one.public for one in judged(shown[:2])] == [OTHER.public]


@pytest.mark.parametrize(("trust", "taken"), [("certified", [TPM, OTHER]), ("pinned", [OTHER]), ("first_use", [OTHER])])
def test_one_pinned_key_is_enough(trust, taken):
    """A maker's certificate says of the others too that they are a TPM's."""
    found = judged(TPM.shows() + OTHER.shows(), trust=trust, pins=["0" * 64, OTHER.sha256])
    assert [one.public for one in found] == [tpm.public for tpm in taken]


def test_first_use_is_over_for_a_device_that_is_enrolled():
    """Else whoever is root there for a while could add a key that is no TPM's, and take the identity along."""
    shown = TPM.shows() + OTHER.shows()
    both, one = [TPM.sha256, OTHER.sha256], [OTHER.sha256]
    assert [found.sha256 for found in judged(shown, trust="first_use")] == both
    assert [found.sha256 for found in judged(shown, trust="first_use", enrolled=one)] == one
    assert [found.sha256 for found in judged(shown, trust="first_use", enrolled=one, pins=both)] == both
    # Another TPM: the store tells that it is not the one that was enrolled.
    assert [found.sha256 for found in judged(shown, trust="first_use", enrolled=["0" * 64])] == both


def test_certified_keys_may_join_later():
    assert len(judged(TPM.shows() + OTHER.shows(), enrolled=[OTHER.sha256])) == 2


def test_host_that_shows_very_many_keys_keeps_nobody_busy():
    assert refused(TPM.shows(certificate="nonsense") * 1000 + OTHER.shows()).count("cannot be read") == 20


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (
            Tpm(SHADY).shows(),
            "does not lead to a trusted manufacturer .*issuer is CN=Shady TPMs root.*identity_tpm_roots",
        ),
        (Tpm(ISSUING, ends=-1 * DAY).shows(), "certificate has expired"),
        (Tpm(Authority("Good TPMs old", ROOT, -1 * DAY)).shows(), "does not lead to a trusted manufacturer"),
        (Tpm(ISSUING, purposes=[x509.ExtendedKeyUsageOID.SERVER_AUTH]).shows(), "for other purposes"),
        (Tpm(ISSUING, purposes=()).shows(), "does not say that it is for an endorsement key"),
        (TPM.shows(certificate=OTHER.certificate), "is for another key"),
        (TPM.shows(certificate=None), "has no certificate.*pinned"),
        (TPM.shows(certificate="nonsense"), "cannot be read"),
        (TPM.shows(public="AAAA"), "public area of a "),
        (Tpm(ISSUING, attributes={*EK_ATTRIBUTES, "sign"} - {"decrypt"}).shows(), "not those of an endorsement key"),
        (Tpm(ISSUING, attributes={*EK_ATTRIBUTES} - {"fixedtpm"}).shows(), "not those of an endorsement key"),
        (Tpm(ISSUING, policy=b"").shows(), "not those of an endorsement key"),
        (TPM.shows(certificate=OTHER.certificate + TPM.certificate), "exactly one PEM block"),
        (
            TPM.shows(certificate=OTHER.certificate.replace("BEGIN CERT", "BEGIN X509 CERT") + TPM.certificate),
            "has no matching END line",
        ),
    ],
)
def test_refused(shown, words):
    assert re.search(words, refused(shown))


def test_the_inventory_hands_over_the_certificate_of_a_tpm_that_holds_none():
    shown = TPM.shows(certificate=None)
    (found,) = judged(shown, certificates=[OTHER.certificate, TPM.certificate])
    assert (found.sha256, found.trust, found.issuer) == (TPM.sha256, "certified", "CN=Good TPMs issuing")
    # it is judged as that of a TPM is, and that of another key is nobody's
    assert "identity_ek_certificates" in refused(shown, certificates=[OTHER.certificate])
    shady = Tpm(SHADY)
    assert "trusted manufacturer" in refused(shady.shows(certificate=None), certificates=[shady.certificate])
    assert "no certificate" in refused(shown)
    # and helps where that in the TPM is of no use
    assert judged(TPM.shows(certificate="nonsense"), certificates=[TPM.certificate])


def test_expired_manufacturer():
    old = Authority("Old TPMs", ends=-1 * DAY)
    assert "expired" in refused(Tpm(old).shows(), roots=[old.pem])


def test_issuer_that_is_no_authority():
    """A TPM's own certificate must not vouch for others."""

    class Impostor:
        name = x509.load_pem_x509_certificate(TPM.certificate.encode()).subject
        key = TPM.private

    fake = Tpm(ISSUING)
    purposes = [(x509.ExtendedKeyUsage([EK_PURPOSE]), False)]
    fake.certificate = certificate(x509.Name([]), fake.private.public_key(), Impostor, DAY, purposes)
    assert "does not lead" in refused(fake.shows(issuers=[TPM.certificate]))


def test_nothing_is_trusted_by_default():
    assert "identity_tpm_roots" in refused(TPM.shows(), roots=[])
    assert "trusted manufacturer" in refused(TPM.shows(), roots=[SHADY.pem])


def test_tpm_that_shows_nothing():
    with pytest.raises(EdgesiteError, match="shows no endorsement key"):
        judged([])


def test_pinned_needs_no_certificate():
    (found,) = judged(TPM.shows(certificate=None), trust="pinned", pins=[TPM.sha256])
    assert found.trust == "pinned"
    assert TPM.sha256 in refused(TPM.shows(), trust="pinned")


@pytest.mark.parametrize("trust", ["certified", "pinned", "first_use"])
def test_pin_holds_in_every_mode(trust):
    message = refused(OTHER.shows() + TPM.shows(), trust=trust, pins=["0" * 64])
    for tpm in (OTHER, TPM):
        assert (
            "its rsa2048 key: it is {0}, but the inventory gives this host {1}".format(tpm.sha256, "0" * 64) in message
        )


def test_first_use_says_so():
    assert judged(Tpm().shows(), trust="first_use")[0].trust == "first_use"


def test_key_of_a_type_that_nobody_knows():
    strange = bytearray(TPM.public.area)
    strange[0:2] = b"\x00\x25"
    assert "public area of a " in refused(TPM.shows(public=encoded(bytes(strange))))


def test_certificates_are_read_from_files_and_folders(tmp_path):
    (tmp_path / "one.pem").write_text(ROOT.pem + SHADY.pem)
    (tmp_path / "README").write_text("not this")
    (tmp_path / ".#one.pem").symlink_to("somebody@somewhere")
    der = x509.load_pem_x509_certificate(ISSUING.pem.encode())
    (tmp_path / "two.crt").write_bytes(der.public_bytes(Encoding.DER))
    assert sorted(chains.read([str(tmp_path)])) == sorted([ROOT.pem, SHADY.pem, ISSUING.pem])
    assert chains.read([str(tmp_path / "one.pem")]) == [ROOT.pem, SHADY.pem]


def test_a_file_of_a_folder_that_nothing_can_read_is_left_out_and_named(tmp_path):
    (tmp_path / "good.pem").write_text(ROOT.pem)
    (tmp_path / "nothing.cer").write_text("nothing")
    found = chains.collected([str(tmp_path)])
    assert found.certificates == [ROOT.pem]
    (why,) = found.left_out
    assert why.startswith("Cannot read the certificates in {0}/nothing.cer: ".format(tmp_path))
    # what was named itself is meant
    with pytest.raises(EdgesiteError, match="nothing.cer"):
        chains.collected([str(tmp_path / "nothing.cer")])
    assert judged(TPM.shows(), left_out=found.left_out)
    assert judged(TPM.shows(), trust="first_use", left_out=found.left_out)
    for roots in ([], [SHADY.pem]):
        assert "left out: Cannot read the certificates in" in refused(TPM.shows(), roots=roots, left_out=[why])


def test_issuers_in_the_tpm_that_cannot_be_read_are_named():
    message = refused(TPM.shows(issuers=["nonsense", SHADY.pem]), intermediates=())
    assert "left out: issuer 1 in the TPM: " in message and "issuer 2" not in message


def test_folder_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    def listdir(folder):
        raise PermissionError(13, "Permission denied", folder)

    monkeypatch.setattr(chains.os, "listdir", listdir)
    with pytest.raises(EdgesiteError, match="Cannot read the folder {0}: Permission denied".format(tmp_path)):
        chains.read([str(tmp_path)])


@pytest.mark.parametrize("content", [None, "", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n", "x"])
def test_files_without_certificates_are_named(tmp_path, content):
    path = tmp_path / "root.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(EdgesiteError, match="root.pem"):
        chains.read([str(path)])


def rsa_key(bits):
    return ("RSA", "-pkeyopt", "rsa_keygen_bits:{0}".format(bits))


@pytest.mark.parametrize("digest", ["sha1", "md5"])
def test_signature_that_anybody_could_make(tmp_path, digest):
    root = OpensslAuthority(tmp_path, "root")
    tpm = Tpm(root)
    assert judged(tpm.shows(), roots=[root.pem])
    tpm.certificate = root.issue(tpm.private.public_key(), digest=digest)
    assert "signature digest algorithm too weak" in refused(tpm.shows(), roots=[root.pem])
    between = OpensslAuthority(tmp_path, "between", EC_256, root, digest)
    message = refused(Tpm(between).shows(), roots=[root.pem], intermediates=[between.pem])
    assert "signature digest algorithm too weak (CN=between)" in message and "pin the key" in message
    assert "too weak" in refused(Tpm(between).shows(issuers=[between.pem]), roots=[root.pem], intermediates=[])


@pytest.mark.parametrize("digest", ["sha1", "md5"])
def test_what_a_root_is_signed_with_does_not_count(tmp_path, digest):
    """It is trusted since it is in the folder; old makers' roots are like that."""
    root = OpensslAuthority(tmp_path, "root", digest=digest)
    between = OpensslAuthority(tmp_path, "between", EC_256, root)
    assert judged(Tpm(root).shows(), roots=[root.pem])
    assert judged(Tpm(between).shows(), roots=[root.pem], intermediates=[between.pem])


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (rsa_key(512), "CA certificate key too weak (CN=weak)"),
        (rsa_key(1024), "CA certificate key too weak (CN=weak)"),
        (EC_224, "an elliptic curve of fewer than 256 bits"),
    ],
)
def test_issuer_with_a_key_that_is_too_short(tmp_path, key, words):
    root = OpensslAuthority(tmp_path, "root", EC_256)
    between = OpensslAuthority(tmp_path, "weak", key, root)
    assert words in refused(Tpm(between).shows(), roots=[root.pem], intermediates=[between.pem])
    weak = OpensslAuthority(tmp_path, "weak", key)
    assert words in refused(Tpm(weak).shows(), roots=[weak.pem])
    # beside good ones it does no harm
    assert judged(TPM.shows(), roots=[weak.pem, ROOT.pem], intermediates=[between.pem, ISSUING.pem])


@pytest.mark.parametrize(
    "extensions", ["basicConstraints=CA:TRUE", "basicConstraints=critical,CA:TRUE,pathlen:0", "keyUsage=keyCertSign"]
)
def test_endorsement_key_that_could_sign_others(tmp_path, extensions):
    root = OpensslAuthority(tmp_path, "root", EC_256)
    tpm = Tpm(root)
    tpm.certificate = root.issue(tpm.private.public_key(), extensions="extendedKeyUsage=2.23.133.8.1\n" + extensions)
    assert "its certificate is that of a CA" in refused(tpm.shows(), roots=[root.pem])


@pytest.mark.parametrize("trust", ["certified", "pinned", "first_use"])
def test_endorsement_key_that_is_too_short(trust):
    tpm = Tpm(kind="rsa1024")
    assert "it has 1024 bits, but needs at least 2048" in refused(tpm.shows(), trust=trust)


def test_certificates_that_are_not_der_to_the_last_bit(tmp_path):
    """As OpenSSL takes them: real makers have made such."""
    names = [("2.5.4.3", "Maker"), ("2.5.4.6", "DE"), ("2.5.4.10", "X")]
    maker = LooseAuthority(names)
    (tmp_path / "loose.pem").write_text(maker.pem)
    (tmp_path / "good.pem").write_text(ROOT.pem)
    roots = chains.read([str(tmp_path)])
    assert roots == [ROOT.pem, maker.pem]
    (found,) = judged(Tpm(maker).shows(), roots=roots)
    assert (found.trust, found.issuer) == ("certified", "CN=Maker+C=DE+O=X")
    assert judged(TPM.shows(), roots=roots)


@pytest.mark.parametrize("issuers", [None, {}, "x", [None, 5, {}, "-----BEGIN " * 100_000]])
def test_issuers_of_another_shape_are_left_out(issuers):
    assert judged(TPM.shows(issuers=issuers))


@pytest.mark.parametrize("certificate", [5, ["x"], "x" * 1_000_000])
def test_certificate_of_another_shape(certificate):
    assert "cannot be read: it is not text of at most 256 KiB" in refused(TPM.shows(certificate=certificate))
