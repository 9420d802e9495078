# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with variables of a layer whose forms are good, as far as no host has to be asked."""

from __future__ import annotations

import re
from typing import Any, Callable, Dict, List, Mapping

from ...module_utils.common import lines, quiesce
from ...module_utils.common.errors import EdgesiteError
from ...module_utils.driver import options as driver
from ...module_utils.gpu import settings
from ...module_utils.jetson import jetpack_plan
from ...module_utils.mig import layouts
from ...module_utils.site import preflight
from ...module_utils.storage import volume
from ...module_utils.tls import options as tls
from .. import mirror_key, recovery_escrow
from ..identity import decision, request_options

# By name, all options of the layer's role; None for what is neither given nor has a default
Values = Mapping[str, Any]

_ADDRESS = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3}){3}", re.ASCII)


def problems(layer: str, values: Values, host: str) -> List[EdgesiteError]:
    """All that is wrong with them."""
    return _LAYERS[layer](values, host)


def _each(*checks: Callable[[], Any], renamed: str = "") -> List[EdgesiteError]:
    """What the checks raise. renamed: the prefix of variables whose names in messages are those of options."""
    found: List[EdgesiteError] = []
    for check in checks:
        try:
            check()
        except EdgesiteError as error:
            found += [EdgesiteError(renamed + one.problem, one.fix) for one in error.parts or [error]]
    return found


def _driver(values: Values, _host: str) -> List[EdgesiteError]:
    names = ("branch", "version", "flavour", "source", "extra_packages", "distribution_url", "nvidia_key_fingerprint")
    given: Dict[str, Any] = {name: values["driver_" + name] for name in names if values["driver_" + name] is not None}
    judge, mirror = driver.options, values["driver_mirror"]
    if mirror is not None:
        try:
            given["mirror"] = with_key(mirror, values["driver_source"])
        except EdgesiteError:
            # which is said of the controller
            judge, given["mirror"] = driver.without_key, mirror
    return _each(lambda: judge(given))


def with_key(mirror: Mapping[str, Any], source: str) -> Dict[str, Any]:
    """The variable driver_mirror with what is in the file of its key, where that is needed."""
    given = {name: value for name, value in mirror.items() if value is not None}
    if source == driver.MIRROR and given.get("key"):
        given["key_base64"] = mirror_key.read(given["key"])
    return given


def _jetpack(values: Values, _host: str) -> List[EdgesiteError]:
    return _each(lambda: jetpack_plan.check(preflight.jetpack(values)))


def _gpu(values: Values, _host: str) -> List[EdgesiteError]:
    return settings.check(values["gpu_settings"], "gpu_settings")


def _mig(values: Values, _host: str) -> List[EdgesiteError]:
    found = _each(lambda: quiesce.checked(values["mig_quiesce"], "mig_quiesce"), lambda: _one_source(values))
    return found + (layouts.check(values["mig_layouts"], "mig_layouts") if values["mig_layouts"] is not None else [])


def _one_source(values: Values) -> None:
    if values["mig_layouts"] is None:
        return
    if values["mig_from_file"]:
        raise EdgesiteError(
            "mig_layouts and mig_from_file are both set",
            "Remove mig_layouts, or mig_from_file and mig_config with it",
        )
    if values["mig_config"]:
        raise EdgesiteError(
            "mig_layouts and mig_config are both set",
            "Remove mig_config, which chooses a configuration of a file, or set mig_from_file instead of mig_layouts",
        )


def _storage(values: Values, host: str) -> List[EdgesiteError]:
    volumes = volume.volumes(values["storage_volumes"])
    wanted = volume.Wanted(volumes, tuple(values["storage_pcrs"]), "", tuple(values["storage_wipe"]))
    return _each(
        lambda: volume.check(wanted, "storage_"),
        lambda: _check_certificate(values["storage_recovery_certificate"]),
        lambda: recovery_escrow.check_folder(values["storage_escrow_dir"], "storage_escrow_dir"),
        lambda: recovery_escrow.check_host(host),
    )


def _check_certificate(path: str) -> None:
    if not path.strip():
        raise EdgesiteError(
            "storage_recovery_certificate is empty",
            "Set it to the path of a certificate in PEM on the controller; docs/storage.md says how to make one",
        )


def _identity(values: Values, host: str) -> List[EdgesiteError]:
    names = values["identity_subject_alt_names"]
    if names is None:
        names = ["{0}:{1}".format("IP" if _ADDRESS.fullmatch(host) else "DNS", host)]
    subject = values["identity_subject"]
    request = {
        **{name: option["default"] for name, option in request_options.REQUEST.items()},
        "subject": {"common_name": host} if subject is None else subject,
        "subject_alt_name": names,
    }
    return [
        *_each(lambda: request_options.wanted(request), renamed="identity_"),
        *_each(
            lambda: decision.renew_before(values["identity_renew_before"], values["identity_days"]),
            lambda: _trust(values),
        ),
    ]


def _trust(values: Values) -> None:
    trust = values["identity_ek_trust"]
    if trust == "pinned" and not values["identity_ek_sha256"]:
        raise EdgesiteError(
            "identity_ek_trust is pinned, and identity_ek_sha256 is empty",
            "Set it to the SHA-256 of the host's endorsement key; the playbook edgesite.gpu.preflight reads it into "
            "facts_result.tpm",
        )
    if trust == "certified" and not values["identity_tpm_roots"]:
        raise EdgesiteError(
            "identity_ek_trust is certified, and identity_tpm_roots is empty, so no TPM can be trusted",
            "Set identity_tpm_roots to files or folders with the root certificates of the TPMs' makers, or "
            "identity_ek_trust to pinned or first_use; docs/identity.md says how they differ",
        )


def _tls(values: Values, _host: str) -> List[EdgesiteError]:
    identity = values["tls_identity_directory"]
    given = {
        "directory": "/etc/edgesite-gpu/tls",
        "identity": "/etc/edgesite-gpu/identity",
        "tcti": values["tls_tcti"] or "device:/dev/tpmrm0",
        "group": values["tls_group"],
        "services": values["tls_services"] or [],
        "proxies": values["tls_proxies"] or [],
    }
    # The module's option has another name.
    own = _each(lambda: None if identity is None else lines.checked("tls_identity_directory", identity, lines.FOLDER))
    return own + _each(lambda: tls.wanted(**given), renamed="tls_")


_LAYERS: Dict[str, Callable[[Values, str], List[EdgesiteError]]] = {
    "driver": _driver,
    "jetpack": _jetpack,
    "gpu": _gpu,
    "mig": _mig,
    "storage": _storage,
    "identity": _identity,
    "tls": _tls,
}
