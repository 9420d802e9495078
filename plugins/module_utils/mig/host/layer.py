# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run of mig_layout without Ansible's part."""

from __future__ import annotations

import sys
from typing import Any, Dict, List, Mapping, Optional, Sequence

from ...common import quiesce
from ...common.errors import EdgesiteError
from ...common.host import command
from ...gpu.host import changed
from ...gpu.host.changed import Open
from ...gpu.host.process import NvmlProcess
from ...outcome import failure, given, run_all
from .. import ready
from ..plan import Policy
from ..source import called, from_parted
from .cards import read_cards
from .domain import MigDomain, boot_unit
from .stages import Kind, stages

Layouts = List[Dict[str, Any]]

_CONFIG = "mig_config (the option config)"


def run(
    params: Mapping[str, Any], make: Open, check: bool, verbosity: int = 0, with_settings: bool = False
) -> Dict[str, Any]:
    """The module's result. params: as spec.OPTIONS has them. make: opens NVML.

    with_settings: the boot unit of settings will be there by then.
    """
    try:
        quiesced = quiesce.checked(params["quiesce"])
        with changed.opened(changed.MIG, make, params["layouts"] != []) as nvml:
            layouts = _layouts(params, nvml)
            domain = _Domain(params, nvml, layouts, quiesced, with_settings)
            return run_all(lambda: stages(domain.make, check), check, verbosity)
    except EdgesiteError as error:
        return failure(error, verbosity)


def look(
    params: Mapping[str, Any], nvml: NvmlProcess, earlier: Mapping[str, Any], verbosity: int = 0
) -> Dict[str, Any]:
    """What the module says in check mode. nvml: that others use too. earlier: what layers before it said."""
    settings = ((earlier.get("gpu") or {}).get("after") or {}).get("boot_unit") or {}
    return run(params, lambda: nvml, True, verbosity, bool(settings.get("enabled")))


class _Domain:
    """Makes the domain of what is wanted, once for each stage."""

    def __init__(
        self,
        params: Mapping[str, Any],
        nvml: Optional[NvmlProcess],
        layouts: Layouts,
        quiesced: Sequence[str],
        with_settings: bool,
    ) -> None:
        self.with_settings = with_settings
        self.option = _called(params)
        self.nvml, self.layouts, self.quiesced = nvml, layouts, quiesced
        self.policy = Policy(params["disruption"], params["reset"])
        self.unload_drm = params["unload_drm"]
        self.unit = boot_unit(layouts, quiesced, sys.executable, params["persist"], self.unload_drm)

    def make(self, domain: Kind) -> MigDomain:
        return domain(
            command.run,
            self.nvml,
            self.layouts,
            self.policy,
            self.quiesced,
            self.unit,
            self.unload_drm,
            with_settings=self.with_settings,
            option=self.option,
        )


def _called(params: Mapping[str, Any]) -> str:
    """The option, or the configuration, that says what is wanted."""
    if params["layouts"] is not None:
        return "layouts"
    return called(params["config"], params["mig_parted"] is not None)


def _layouts(params: Mapping[str, Any], nvml: Optional[NvmlProcess]) -> Layouts:
    if params["layouts"] is not None:
        return [given(layout) for layout in params["layouts"]]
    if params["mig_parted"] is None:
        ready.check(params["config"], _CONFIG)
    if nvml is None:
        raise AssertionError("layouts that are wanted have opened NVML")
    cards, lost = nvml.ask(read_cards)
    # Its indices count all GPUs of the host: without one of them they would mean others.
    for reason in lost.values():
        raise reason
    if params["mig_parted"] is None:
        return ready.layouts(params["config"], cards, _CONFIG)
    return from_parted(params["mig_parted"], params["config"], cards)
