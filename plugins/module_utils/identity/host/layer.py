# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a look at a whole host finds of its identity; the controller, which has the records, judges it."""

from __future__ import annotations

from typing import Any, Dict, Mapping

from ...common.errors import EdgesiteError
from ...common.host import command
from ...converge import converge
from ...outcome import failure, result
from ...tpm import key
from ...tpm.host import facts
from ..store import Wanted
from .domain import IdentityStoreDomain


def look(
    params: Mapping[str, Mapping[str, Any]], _nvml: object, _earlier: object, verbosity: int = 0
) -> Dict[str, Any]:
    """What identity_store says in check mode, and what tpm_info says. params: store and tpm, the options of each."""
    store, tpm = params["store"], params["tpm"]
    wanted = Wanted(trust=store["trust"], crl=store["crl"])
    domain = IdentityStoreDomain(store["directory"], wanted, store["clock"])
    told = result(lambda: converge(domain, True), verbosity)
    if told.get("failed"):
        return told
    try:
        places = [key.parse_place(written) for written in tpm["keys"]]
        found, unread = facts.read(command.run, tpm["tcti"], tpm["gather"], places)
    except EdgesiteError as error:
        return failure(error, verbosity)
    return {**told, "tpm": found, "unread": unread}
