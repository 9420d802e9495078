# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The judgements of the role jetpack."""

from __future__ import annotations

from typing import Any, Callable, Dict, Mapping, Optional

from ..module_utils.common.errors import EdgesiteError
from ..module_utils.jetson import jetpack_plan
from ..module_utils.jetson.jetpack_plan import Wanted


def jetpack_steps(info: Mapping[str, Any], wanted: Mapping[str, Any]) -> Dict[str, Any]:
    """What is to be done on a host; with `problem` where it cannot or must not be done."""
    return _judged(lambda: jetpack_plan.plan(info, _wanted(wanted)))


def jetpack_offer(output: str, wanted: Mapping[str, Any]) -> Dict[str, Any]:
    """`problem` where the sources do not offer the wanted JetPack as their newest, else empty."""
    return _judged(lambda: jetpack_plan.check_offer(output, _wanted(wanted)))


def jetpack_transaction(output: str, info: Mapping[str, Any]) -> Dict[str, Any]:
    """`problem` where what apt would do cannot or must not be done, else empty."""
    return _judged(lambda: jetpack_plan.check_transaction(output, info["disk_free_bytes"]))


def jetpack_done(info: Mapping[str, Any], wanted: Mapping[str, Any]) -> Dict[str, Any]:
    """`problem` where the packages are not what was wanted, else empty."""
    return _judged(lambda: jetpack_plan.check_done(info, _wanted(wanted)))


def jetpack_booted(info: Mapping[str, Any], version: str) -> Dict[str, Any]:
    """`problem` where the host did not come up with this L4T and its bootloader, else empty."""
    return _judged(lambda: jetpack_plan.check_booted(info, version))


def jetpack_lockers(info: Mapping[str, Any]) -> str:
    """Who works with packages, in words; empty for nobody."""
    return jetpack_plan.lockers(info)


def _wanted(variables: Mapping[str, Any]) -> Wanted:
    # a version that is not quoted in the inventory is a number
    version = str(variables.get("version", ""))
    return Wanted(**{**variables, "version": version, "packages": variables.get("packages", ())})


def _judged(judge: Callable[[], Optional[Dict[str, Any]]]) -> Dict[str, Any]:
    try:
        return judge() or {}
    except EdgesiteError as error:
        return {"problem": str(error)}


class FilterModule:
    """The filters of this file."""

    def filters(self) -> Dict[str, Callable[..., Any]]:
        """By name."""
        return {
            "jetpack_booted": jetpack_booted,
            "jetpack_done": jetpack_done,
            "jetpack_lockers": jetpack_lockers,
            "jetpack_offer": jetpack_offer,
            "jetpack_steps": jetpack_steps,
            "jetpack_transaction": jetpack_transaction,
        }
