# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates as makers of TPMs issue them, and files in which they publish their roots."""

from __future__ import annotations

import tempfile

from ansible_collections.edgesite.gpu.plugins.module_utils.tpm import der
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity import chains
from ansible_collections.edgesite.gpu.tests.unit import shapes
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.tpm.test_shapes import described


def read_certificate(text):
    """PEM: the certificate, those between where there are any, and the root."""
    leaf, *between, root = chains.split(text)
    return {**described(der.unpem("CERTIFICATE", leaf)), "refusal": chains.refusal(leaf, between, [root])}


def read_roots(text):
    """A file in PEM, or one in DER in hexadecimal digits: `xxd -p root.cer`."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(text.encode() if "-----BEGIN" in text else bytes.fromhex(text))
        file.flush()
        roots = chains.read([file.name])
    return [{**described(der.unpem("CERTIFICATE", one)), "refusal": chains.no_root([one])} for one in roots]


@shapes.each(__file__, {"ek_certificate": read_certificate, "tpm_roots": read_roots})
def test_shape(parse, shape):
    assert shapes.reading(parse, shape.text) == shape.reads_as, shape.origin
