# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The digest of what a layer is asked: the same for the same wish, whenever, by whom and from where it is asked."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Sequence

from ...module_utils.driver import spec as driver
from ...module_utils.site import plan_file
from ...module_utils.storage import spec as storage

_SPECS: Dict[str, Mapping[str, Any]] = {"driver": driver.OPTIONS, "storage": storage.OPTIONS}
# Of what a layer is asked, that which is another each time, and what only opens something
_ASIDE = {"identity": ("clock", "owner_auth", "passphrase", "headers")}
# Files on the controller. Each run may have its own checkout, so only their names count, and what is in them where that
# is sent, or an action goes by it.
_FILES = {
    "driver": ("key",),
    "identity": (
        *("certificate", "chain", "crl_files", "ek_certificates", "privatekey", "roots", "state_dir"),
        *("tpm_intermediates", "tpm_roots"),
    ),
    "mig": ("from_file",),
    "storage": ("escrow_dir",),
}


def digest(layer: str, args: Mapping[str, Any], options: Mapping[str, Any], goes_by: Any) -> str:
    """args: of the layer's module. options: what the look is given for it. goes_by: see HostActionBase.goes_by."""
    hashed = {name: plan_file.digest(plan_file.as_sent(value)) for name, value in secret(layer, options).items()}
    asked = plan_file.as_sent({**args, **options, **hashed})
    lasting = _lasting(asked, _ASIDE.get(layer, ()), _FILES.get(layer, ()))
    return plan_file.digest({**lasting, "goes_by": goes_by})


def secret(layer: str, options: Mapping[str, Any]) -> Dict[str, Any]:
    """Those of the options that nobody may be shown."""
    spec = _SPECS.get(layer, {})
    return {name: value for name, value in options.items() if spec.get(name, {}).get("no_log") and value}


def _lasting(value: Any, aside: Sequence[str], files: Sequence[str]) -> Any:
    if isinstance(value, list):
        return [_lasting(one, aside, files) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _named(one) if name in files else _lasting(one, aside, files)
        for name, one in value.items()
        if name not in aside
    }


def _named(files: Any) -> Any:
    """The names of files, without their folders."""
    if isinstance(files, list):
        return [_named(one) for one in files]
    return files.rstrip("/").rpartition("/")[2] if isinstance(files, str) else files
