# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run of tls_services without Ansible's part."""

from __future__ import annotations

from typing import Any, Dict, Mapping

from ...common import action_options
from ...common.host import command
from ...converge import Outcome, converge
from ...outcome import result
from ..options import wanted
from ..services import KEPT, RENEWED
from .domain import TlsServicesDomain


def run(params: Mapping[str, Any], check: bool, verbosity: int = 0, identity: str = "") -> Dict[str, Any]:
    """The module's result. params: as spec.OPTIONS has them. identity: see TlsServicesDomain."""
    options = {name: value for name, value in params.items() if name not in action_options.INSTALLS}

    def converged() -> Outcome:
        return converge(TlsServicesDomain(command.run, wanted(**options), identity, params["install"]), check)

    return result(converged, verbosity)


def look(params: Mapping[str, Any], _nvml: object, _earlier: object, verbosity: int = 0) -> Dict[str, Any]:
    """What the module says in check mode; and under RENEWED what it says where identity makes a new certificate."""
    return {**run(params, True, verbosity, KEPT), RENEWED: run(params, True, verbosity, RENEWED)}
