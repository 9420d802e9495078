# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run of luks_volume without Ansible's part."""

from __future__ import annotations

import uuid
from typing import Any, Dict, Mapping

from ...common.host import command
from ...converge import converge
from ...outcome import result
from .. import volume
from .domain import LuksVolumeDomain


def run(params: Mapping[str, Any], check: bool, verbosity: int = 0) -> Dict[str, Any]:
    """The module's result. params: as spec.OPTIONS has them."""
    return result(lambda: converge(_domain(params, check), check), verbosity)


def look(params: Mapping[str, Any], _nvml: object, _earlier: object, verbosity: int = 0) -> Dict[str, Any]:
    """What the module says in check mode."""
    return run(params, True, verbosity)


def _domain(params: Mapping[str, Any], check: bool) -> LuksVolumeDomain:
    wanted = volume.of_options(dict(params), lambda: str(uuid.uuid4()))
    certificate, keys = params["recovery_certificate"], params["recovery_keys"]
    return LuksVolumeDomain(command.run, wanted, certificate, keys, installs=check and params["install"])
