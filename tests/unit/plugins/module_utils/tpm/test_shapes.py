# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What NV indices of TPMs hold, in hexadecimal digits: `tpm2_nvread 0x01c00002 | xxd -p`."""

from __future__ import annotations

from ansible_collections.edgesite.gpu.plugins.module_utils.tpm import certificate, der, endorsement, properties
from ansible_collections.edgesite.gpu.tests.unit import shapes

EK_PURPOSE = der.oid("2.23.133.8.1")


def described(encoded):
    found = certificate.parse(encoded)
    return {
        "key": certificate.key_type(encoded),
        "issuer": certificate.name(found.issuer),
        "for an endorsement key": EK_PURPOSE in certificate.purposes(found),
        "signs for others": certificate.signs_for_others(found),
    }


def read_endorsement(text):
    encoded = properties.stored(bytes.fromhex(text))
    return encoded and described(encoded)


def read_issuers(text):
    found = endorsement.certificates(bytes.fromhex(text))
    return [described(der.unpem("CERTIFICATE", one)) for one in found]


@shapes.each(__file__, {"ek_certificate_nv": read_endorsement, "ek_issuers_nv": read_issuers})
def test_shape(parse, shape):
    assert shapes.reading(parse, shape.text) == shape.reads_as, shape.origin
