# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Endorsement keys that are marked for OAEP, whose certificates openssl does not read: as good as others, no better."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm import certificate, der
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity import chains, ek_trust
from ansible_collections.edgesite.gpu.tests.unit.plugins.plugin_utils.identity.bench import (
    EC_224,
    EC_256,
    OpensslAuthority,
    Tpm,
    marked_for_oaep,
)

RSA_1024, RSA_2048 = (("RSA", "-pkeyopt", "rsa_keygen_bits:{0}".format(bits)) for bits in (1024, 2048))


class Site:
    """A maker's root, and a CA below it that signs."""

    def __init__(self, folder, root=EC_256, issuing=EC_256, digest="sha256"):
        self.root = OpensslAuthority(folder, "root", root)
        self.issuing = OpensslAuthority(folder, "issuing", issuing, self.root, digest)

    def marked(self, tpm=None, signer=None, **issue):
        signer = signer or self.issuing
        return marked_for_oaep(signer.issue((tpm or Tpm()).private.public_key(), **issue), signer)

    def refusal(self, leaf, roots=None, intermediates=None):
        return chains.refusal(leaf, intermediates or [self.issuing.pem], roots or [self.root.pem])


@pytest.fixture(name="site")
def fixture_site(tmp_path):
    return Site(tmp_path)


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
@pytest.mark.parametrize("key", [RSA_2048, EC_256, ("EC", "-pkeyopt", "ec_paramgen_curve:P-384")])
def test_certified_by_whoever_signs(tmp_path, key, digest):
    root = OpensslAuthority(tmp_path, "root", key)
    tpm = Tpm()
    leaf = root.issue(tpm.private.public_key(), digest=digest)
    tpm.certificate = marked_for_oaep(leaf, root, digest)
    rules = ek_trust.Rules("certified", [root.pem], [], [])
    (found,) = ek_trust.trusted(tpm.shows(), rules)
    assert (found.trust, found.issuer, found.sha256) == ("certified", "CN=root", tpm.sha256)


def test_chain_of_several(site):
    assert site.refusal(site.marked()) is None
    # the root may have signed it too, and other certificates are in the way of none
    assert site.refusal(site.marked(signer=site.root)) is None
    assert site.refusal(site.marked(), [site.issuing.pem, site.root.pem]) is None


def test_key_that_is_too_short(site):
    assert site.refusal(site.marked(Tpm(kind="rsa1024"))) == "EE certificate key too weak"


def test_nobody_trusted_has_signed_it(site, tmp_path):
    (tmp_path / "other").mkdir()
    other = Site(tmp_path / "other")
    # of the same names
    leaf = other.marked()
    assert site.refusal(leaf) == "unable to get local issuer certificate"
    assert "issuer certificate" in site.refusal(leaf, intermediates=[other.issuing.pem])
    assert "issuer certificate" in chains.refusal(site.marked(), [], [site.root.pem])


def test_issuer_whose_name_is_another_kind_of_text(site):
    """As of STMicroelectronics' ECC certificates: PrintableString in one, UTF8String in the other."""
    encoded = der.unpem("CERTIFICATE", site.issuing.issue(Tpm().private.public_key()))
    written, other = (der.tlv(tag, b"issuing") for tag in (der.UTF8_STRING, der.PRINTABLE_STRING))
    assert encoded.count(written) == 1
    leaf = der.pem("CERTIFICATE", encoded.replace(written, other))
    assert site.refusal(marked_for_oaep(leaf, site.issuing)) is None


def test_certificate_that_was_altered(site):
    encoded = der.unpem("CERTIFICATE", site.marked())
    purpose = der.oid("2.23.133.8.1")
    altered = der.pem("CERTIFICATE", encoded.replace(purpose, der.oid("2.23.133.8.2")))
    assert site.refusal(altered) == "unable to get local issuer certificate"


@pytest.mark.parametrize("digest", ["sha1", "md5"])
def test_signature_that_anybody_could_make(tmp_path, digest):
    site = Site(tmp_path, issuing=RSA_2048)
    leaf = marked_for_oaep(site.issuing.issue(Tpm().private.public_key(), digest=digest), site.issuing, digest)
    assert "not signed with SHA-256" in site.refusal(leaf)


@pytest.mark.parametrize("digest", ["sha1", "md5"])
def test_signature_of_its_issuer_that_anybody_could_make(tmp_path, digest):
    site = Site(tmp_path, RSA_2048, digest=digest)
    assert "signature digest algorithm too weak (CN=issuing)" in site.refusal(site.marked())


@pytest.mark.parametrize("key", [RSA_1024, EC_224])
@pytest.mark.parametrize("which", ["root", "issuing"])
def test_issuer_with_a_key_that_is_too_short(tmp_path, key, which):
    site = Site(tmp_path, **{which: key})
    why = site.refusal(site.marked())
    assert "key too weak (CN={0})".format(which) in why or "fewer than 256 bits" in why


def test_issuer_that_is_no_authority(site, tmp_path):
    class Impostor(OpensslAuthority):
        CA = "basicConstraints=CA:FALSE\n"

    between = Impostor(tmp_path, "impostor", EC_256, site.root)
    leaf = site.marked(signer=between)
    assert site.refusal(leaf, intermediates=[between.pem]) == "its issuer is no CA (CN=impostor)"


def test_issuer_that_may_not_sign_certificates(site, tmp_path):
    class ListsOnly(OpensslAuthority):
        CA = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,cRLSign\n"

    between = ListsOnly(tmp_path, "lists", EC_256, site.root)
    assert "is no CA" in site.refusal(site.marked(signer=between), intermediates=[between.pem])


@pytest.mark.parametrize(
    "constraint", ["basicConstraints=critical,CA:TRUE,pathlen:0", "nameConstraints=critical,permitted;dirName:none"]
)
def test_authority_above_that_restricts_it(tmp_path, constraint):
    class Restricted(OpensslAuthority):
        CA = "keyUsage=critical,keyCertSign\n{0}\n[none]\nCN=none\n".format(
            constraint if "basic" in constraint else "basicConstraints=critical,CA:TRUE\n" + constraint
        )

    root = OpensslAuthority(tmp_path, "root", EC_256)
    above = Restricted(tmp_path, "above", EC_256, root)
    below = OpensslAuthority(tmp_path, "below", EC_256, above)
    leaf = marked_for_oaep(below.issue(Tpm().private.public_key()), below)
    why = chains.refusal(leaf, [above.pem, below.pem], [root.pem])
    assert why == "a CA above its issuer restricts what that one may sign (CN=below)"
    # as openssl refuses one with a key that it reads
    assert chains.refusal(below.issue(Tpm().private.public_key()), [above.pem, below.pem], [root.pem])
    if "pathlen" in constraint:
        direct = marked_for_oaep(above.issue(Tpm().private.public_key()), above)
        assert chains.refusal(direct, [above.pem], [root.pem]) is None


def test_what_openssl_refuses_of_any_certificate(site):
    leaf = site.marked(extensions="extendedKeyUsage=2.23.133.8.1\n1.2.3.4=critical,ASN1:NULL\n")
    assert site.refusal(leaf) == "unhandled critical extension"


def test_expired_certificate(site):
    encoded = der.unpem("CERTIFICATE", site.issuing.issue(Tpm().private.public_key()))
    _tag, validity = certificate.fields(encoded)[3]
    (_tag, starts), (tag, ends) = der.elements(validity)
    old = der.pem("CERTIFICATE", encoded.replace(der.tlv(tag, ends), der.tlv(tag, starts)))
    assert site.refusal(marked_for_oaep(old, site.issuing)) == "certificate has expired"


def test_root_with_such_a_key_is_none(tmp_path):
    root = OpensslAuthority(tmp_path, "root")
    assert chains.no_root([marked_for_oaep(root.pem, root)])
