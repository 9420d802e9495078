# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What drivers and DKMS say of themselves on whole hosts, by the parser that reads it."""

from __future__ import annotations

from dataclasses import asdict

from ansible_collections.edgesite.gpu.plugins.module_utils.driver import parse as driver
from ansible_collections.edgesite.gpu.plugins.module_utils.driver import versions
from ansible_collections.edgesite.gpu.tests.unit import shapes


def read_dkms(text):
    return [asdict(one) for one in driver.parse_dkms(text)]


def read_proc_version(text):
    return asdict(versions.parse_proc_version(text))


@shapes.each(__file__, {"dkms": read_dkms, "proc_version": read_proc_version})
def test_shape(parse, shape):
    assert shapes.reading(parse, shape.text) == shape.reads_as, shape.origin
