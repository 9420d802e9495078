# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with variables of a layer whose forms are good, as far as no host has to be asked."""

from __future__ import annotations

import functools
import re
from typing import Any, Callable, Dict, List, Mapping, Tuple

from ...module_utils.common import limits, quiesce
from ...module_utils.common.errors import EdgesiteError, shown
from ...module_utils.driver import options as driver
from ...module_utils.gpu import settings
from ...module_utils.jetson import clocks, fan_curves, jetpack_plan, own_modes
from ...module_utils.mig import layouts, ready
from ...module_utils.storage import volume
from ...module_utils.tls import options as tls
from ...module_utils.tpm import tcti
from .. import mirror_key, recovery_escrow
from ..identity import asked, request_options
from .rest import Known

# By name, all options of the layer's role; None for what is neither given nor has a default
Values = Mapping[str, Any]

# What has its default from the host's name, and what it looks like
_FROM_NAME = {
    "identity_subject": "{common_name: gpu-a}",
    "identity_subject_alt_names": "[DNS:gpu-a.plant.example]",
}
_ADDRESS = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3}){3}", re.ASCII)


def problems(layer: str, values: Values, host: str, inherited: Mapping[str, str]) -> List[EdgesiteError]:
    """All that is wrong with them. inherited: variables whose values are those of others, with the names of these."""
    return [_as_given(error, inherited) for error in _LAYERS[layer](values, host)]


def of_any_role(values: Values) -> List[EdgesiteError]:
    """All that is wrong with variables that are alike wherever they are: limits of time, and ways to the TPM."""
    limited = {name: value for name, value in values.items() if name.endswith("_timeout")}
    reached = {name: value for name, value in values.items() if name.endswith("_tcti") and value}
    return _each(
        *(functools.partial(limits.timeout, name, value) for name, value in limited.items()),
        *(functools.partial(tcti.checked, name, value) for name, value in reached.items()),
    )


def _as_given(error: EdgesiteError, inherited: Mapping[str, str]) -> EdgesiteError:
    name, space, rest = error.problem.partition(" ")
    return EdgesiteError(inherited[name] + space + rest, error.fix) if name in inherited else error


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
    return _each(
        lambda: jetpack_plan.check(_wanted_jetpack(values)),
        lambda: clocks.check_fan(
            values["jetpack_clocks_fan"],
            values["jetpack_clocks"] == "locked",
            bool(values["jetpack_fan_profile"] or values.get("jetpack_fan_curves") is not None),
            clocks.OPTIONS_OF_FAN,
        ),
        lambda: own_modes.checked(values.get("jetpack_power_modes") or (), "jetpack_power_modes"),
        lambda: fan_curves.checked(values.get("jetpack_fan_curves") or (), "jetpack_fan_curves"),
    )


def _wanted_jetpack(values: Values) -> jetpack_plan.Wanted:
    return jetpack_plan.Wanted(
        version=str(values.get("jetpack_version") or ""),
        suite=str(values.get("jetpack_suite") or ""),
        packages=tuple(values.get("jetpack_packages") or ()),
        upgrade=str(values.get("jetpack_upgrade") or "none"),
        mirror=str(values.get("jetpack_mirror") or ""),
    )


def _gpu(values: Values, _host: str) -> List[EdgesiteError]:
    return settings.check(values["gpu_settings"], "gpu_settings")


def _mig(values: Values, _host: str) -> List[EdgesiteError]:
    found = _each(lambda: quiesce.checked(values["mig_quiesce"], "mig_quiesce"), lambda: _one_source(values))
    return found + (layouts.check(values["mig_layouts"], "mig_layouts") if values["mig_layouts"] is not None else [])


def _one_source(values: Values) -> None:
    if values["mig_layouts"] is None:
        if values["mig_config"] and not values["mig_from_file"]:
            ready.check(values["mig_config"], "mig_config")
        return
    if values["mig_from_file"]:
        raise EdgesiteError(
            "mig_layouts and mig_from_file are both set",
            "Remove mig_layouts, or mig_from_file and mig_config with it",
        )
    if values["mig_config"]:
        raise EdgesiteError(
            "mig_layouts and mig_config are both set",
            "Remove mig_layouts or mig_config, which names a configuration of a file or a layout that GPUs offer",
        )


def _storage(values: Values, host: str) -> List[EdgesiteError]:
    volumes = volume.volumes(values["storage_volumes"])
    wanted = volume.Wanted(
        volumes,
        tuple(values["storage_pcrs"]),
        "",
        tuple(values["storage_wipe"]),
        tuple(values["storage_signed_pcrs"]),
    )
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
    options = Known(
        {
            **{name: option["default"] for name, option in request_options.REQUEST.items() if name not in _REQUESTED},
            **{name.partition("_")[2]: value for name, value in values.items()},
        }
    )
    for option, (name, of_host) in _REQUESTED.items():
        if name in values:
            options[option] = of_host(host) if values[name] is None else values[name]
    found = asked.problems(options, host, _of_identity)
    return [*(_by_name(error, values, host) for error in found), *_each(lambda: _trust(values))]


def _of_identity(option: str) -> str:
    return "identity_subject_alt_names" if option == "subject_alt_name" else "identity_" + option


def _own_name(host: str) -> str:
    return "{0}:{1}".format("IP" if _ADDRESS.fullmatch(host) else "DNS", host)


# What is asked for by default, by the option and the variable that it is given with
_REQUESTED: Dict[str, Tuple[str, Callable[[str], Any]]] = {
    "subject": ("identity_subject", lambda host: {"common_name": host}),
    "subject_alt_name": ("identity_subject_alt_names", lambda host: [_own_name(host)]),
}


def _by_name(error: EdgesiteError, values: Values, host: str) -> EdgesiteError:
    """Nobody wrote the names that come from the host's own: it is that one that does not fit."""
    for option, example in _FROM_NAME.items():
        if values.get(option) is None and error.problem.startswith((option + ".", option + "[")):
            return EdgesiteError(
                "{0} is not set, and the host's name {1} cannot be in a certificate".format(option, shown(host)),
                "Set {0}, such as {1}, or rename the host in the inventory".format(option, example),
            )
    return error


def _trust(values: Values) -> None:
    trust = values["identity_ek_trust"]
    if trust == "pinned" and not values["identity_ek_sha256"]:
        raise EdgesiteError(
            "identity_ek_trust is pinned, and identity_ek_sha256 is empty",
            "Set it to the SHA-256 of each endorsement key of the host's TPM; 'ansible HOST -m edgesite.gpu.tpm_info "
            "--become' shows them",
        )
    if trust == "certified" and not values["identity_tpm_roots"]:
        raise EdgesiteError(
            "identity_ek_trust is certified, and identity_tpm_roots is empty, so no TPM can be trusted",
            "Set identity_tpm_roots to files or folders with the root certificates of the TPMs' makers, or "
            "identity_ek_trust to pinned or first_use; docs/identity.md says how they differ",
        )


def _tls(values: Values, _host: str) -> List[EdgesiteError]:
    folder = values["tls_identity_directory"]
    called = tls.Called("tls_identity_directory", *("tls_" + name for name in tls.Called._fields[1:]))
    return _each(
        lambda: tls.wanted(
            "/etc/edgesite-gpu/tls",
            "/etc/edgesite-gpu/identity" if folder is None else folder,
            values["tls_tcti"] or tcti.DEFAULT,
            values["tls_group"],
            values["tls_services"] or [],
            values["tls_proxies"] or [],
            called,
        )
    )


_LAYERS: Dict[str, Callable[[Values, str], List[EdgesiteError]]] = {
    "driver": _driver,
    "jetpack": _jetpack,
    "gpu": _gpu,
    "mig": _mig,
    "storage": _storage,
    "identity": _identity,
    "tls": _tls,
}
