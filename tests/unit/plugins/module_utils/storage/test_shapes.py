# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""LUKS2 headers as cryptsetup and systemd write them: the subsystem and the JSON that `cryptsetup luksDump` shows."""

from __future__ import annotations

import json

from ansible_collections.edgesite.gpu.plugins.module_utils.storage import luks2
from ansible_collections.edgesite.gpu.tests.unit import shapes
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.storage.test_luks2 import binary


def filled(one):
    return {name: value for name, value in one._asdict().items() if value}


def read_header(text):
    first, content = text.split("\n", 1)
    subsystem = first.replace("Subsystem:", "").replace("(no subsystem)", "").strip()
    header = luks2.parse(binary(json.loads(content), subsystem=subsystem), "/dev/vdb")
    return filled(header._replace(uuid="", tpm=[filled(seal) for seal in header.tpm]))


@shapes.each(__file__, {"luks2_header": read_header})
def test_shape(parse, shape):
    assert shapes.reading(parse, shape.text) == shape.reads_as, shape.origin
