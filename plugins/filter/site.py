# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Preflight's and the report's judgements, for playbooks."""

from __future__ import annotations

from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from jinja2.exceptions import UndefinedError

from ..module_utils.gpu.settings_spec import SETTINGS
from ..module_utils.jetson.jetpack_plan import Wanted
from ..module_utils.site import preflight, report

_DRIVER = {"driver_branch", "driver_version"}
_JETPACK = ("jetpack_version", "jetpack_suite", "jetpack_power_mode", "jetpack_mirror", "jetpack_packages")
_GPU_VARIABLES = {"gpu_settings", "mig_layouts", "mig_from_file"}


def preflight_problems(hostvars, hosts):
    """Every problem of these hosts."""
    problems = []
    for host in hosts:
        problems += _alone(_of_host, lambda *of: [preflight.garbled(*of)], host, hostvars[host])
    # lists, as ansible-core 2.18 makes text of other sequences
    return [list(problem) for problem in problems]


def preflight_table(problems):
    """The problems as text."""
    return "\n".join(preflight.by_host([preflight.Problem(*problem) for problem in problems]))


def site_rows(hostvars, hosts):
    """What a run found and changed, a dictionary per host."""
    return [_alone(report.row, report.garbled_row, host, hostvars[host]) for host in hosts]


def site_table(rows, check=False):
    """The rows as text. check: the run was in check mode."""
    return "\n".join(report.table(rows, check))


def _alone(judge, garbled, host, variables):
    """What is said of a host; one that answers nonsense must not keep the others from theirs."""
    try:
        return judge(host, variables)
    except Exception as error:
        return garbled(host, "{0}: {1}".format(type(error).__name__, error))


def _of_host(host, variables):
    info = variables.get("facts_result")
    if info and info.get("unreachable"):
        return [preflight.unreachable(host, info.get("msg", ""))]
    if "preflight_failure" in variables or not info:
        return [preflight.unread(host, variables.get("preflight_failure", "it gave no answer"))]
    # where the run installs the driver first, one that is not there yet is no problem
    problems = preflight.of_nvml(host, info, bool(_GPU_VARIABLES & set(variables)) and not _DRIVER & set(variables))
    judges = (
        (("driver_branch", "driver_version"), "driver", _of_driver),
        (("gpu_settings",), "gpu", _of_settings),
        (("mig_layouts",), "mig", _of_mig),
        (("mig_quiesce",), "mig", _of_quiesce),
        (_JETPACK, "jetpack", _of_jetson),
    )
    for names, layer, judge in judges:
        given = [name for name in names if name in variables]
        if given:
            try:
                problems += judge(host, variables, info)
            except (AnsibleError, UndefinedError) as error:
                fix = "Correct the variable {0} of this host".format(" or ".join(given))
                problems += preflight.invalid(host, layer, [" ".join(str(error).split())], fix)
    return problems


def _of_driver(host, variables, info):
    names = ("branch", "version", "flavour", "mirror", "distribution_url", "extra_packages")
    wanted = {name: variables["driver_" + name] for name in names if "driver_" + name in variables}
    return preflight.of_driver(host, wanted, info)


def _of_jetson(host, variables, info):
    named = {name: str(variables.get("jetpack_" + name) or "") for name in ("version", "suite", "mirror", "power_mode")}
    mode = named.pop("power_mode")
    upgrade = str(variables.get("jetpack_upgrade") or "none")
    wanted = Wanted(**named, upgrade=upgrade, packages=variables.get("jetpack_packages") or ())
    return preflight.of_jetson(host, wanted, mode, info)


def _of_mig(host, variables, info):
    if not preflight.nvml_works(info):
        return []
    return preflight.of_mig(host, variables["mig_layouts"], info, variables.get("mig_disruption", "idle"))


def _of_quiesce(host, variables, _info):
    return preflight.of_quiesce(host, variables["mig_quiesce"])


def _of_settings(host, variables, info):
    result = ArgumentSpecValidator({"settings": SETTINGS}).validate({"settings": variables["gpu_settings"]})
    if result.error_messages:
        fix = "See 'ansible-doc edgesite.gpu.gpu_settings' for the form of gpu_settings"
        return preflight.invalid(host, "gpu", result.error_messages, fix)
    if not preflight.nvml_works(info):
        # Without GPUs there is nothing to judge the values by; of_nvml tells the reason.
        return []
    return preflight.of_settings(host, result.validated_parameters["settings"], info)


class FilterModule:
    """The filters of this file."""

    def filters(self):
        """By name."""
        return {
            "preflight_problems": preflight_problems,
            "preflight_table": preflight_table,
            "site_rows": site_rows,
            "site_table": site_table,
        }
