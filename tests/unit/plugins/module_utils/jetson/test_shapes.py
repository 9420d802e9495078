# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What files and programs of real Jetsons look like, by the parser that reads them."""

from __future__ import annotations

from ansible_collections.edgesite.gpu.plugins.module_utils.jetson import board, clocks, fan, nvpmodel, nvpmodel_conf
from ansible_collections.edgesite.gpu.tests.unit import shapes


def read_clocks(text):
    found = clocks.parse_show(text)
    return {"clocks": found, "locked": clocks.locked(found)}


def read_fans(text):
    return [one._asdict() for one in fan.parse_conf(text)]


def read_modes(text):
    found = nvpmodel_conf.parse_conf(text)
    return {
        "modes": {mode.id: mode.name for mode in found.modes},
        "default": found.default,
        "behind": {" ".join(key): behind for key, behind in found.parameters.items()},
    }


def read_nvpmodel(text):
    mode = board.parse_power_query(text)
    return {"mode": mode and [mode.id, mode.name], "asks for a reboot": nvpmodel.asks_for_reboot(text)}


def read_release(text):
    found = board.parse_tegra_release(text)
    return {"version": found.version, "jetpack": board.jetpack(found)}


PARSERS = {
    "jetson_clocks": read_clocks,
    "nv_tegra_release": read_release,
    "nvfancontrol_conf": read_fans,
    "nvpmodel": read_nvpmodel,
    "nvpmodel_conf": read_modes,
}


@shapes.each(__file__, PARSERS)
def test_shape(parse, shape):
    assert shapes.reading(parse, shape.text) == shape.reads_as, shape.origin
