# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run of gpu_settings without Ansible's part."""

from __future__ import annotations

import sys
from typing import Any, Dict, Mapping

from ...common.errors import EdgesiteError
from ...common.host import command
from ...converge import converge
from ...outcome import failure, given, result
from . import changed
from .changed import Open
from .process import NvmlProcess
from .settings_domain import SettingsDomain, boot_unit


def run(params: Mapping[str, Any], make: Open, check: bool, verbosity: int = 0) -> Dict[str, Any]:
    """The module's result. params: as spec.OPTIONS has them. make: opens NVML."""
    settings = [given(entry) for entry in params["settings"]]
    try:
        unit = boot_unit(settings, sys.executable, params["persist"])
        with changed.opened(changed.SETTINGS, make, bool(settings)) as nvml:
            return result(lambda: converge(SettingsDomain(command.run, nvml, settings, unit), check), verbosity)
    except EdgesiteError as error:
        return failure(error, verbosity)


def look(params: Mapping[str, Any], nvml: NvmlProcess, _earlier: object, verbosity: int = 0) -> Dict[str, Any]:
    """What the module says in check mode. nvml: that others use too."""
    return run(params, lambda: nvml, True, verbosity)
