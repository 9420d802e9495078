# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Preflight's and the report's judgements, for playbooks."""

from __future__ import annotations

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ..module_utils.core import preflight, report
from ..module_utils.settings_spec import SETTINGS


def preflight_problems(hostvars, hosts):
    """Every problem of these hosts, worst reachability first."""
    problems = []
    for host in hosts:
        problems += _of_host(host, hostvars[host])
    return problems


def preflight_table(problems):
    """The problems as text."""
    return "\n".join(preflight.by_host([preflight.Problem(*problem) for problem in problems]))


def site_rows(hostvars, hosts):
    """What a run found and changed, a dictionary per host."""
    return [report.row(host, hostvars[host]) for host in hosts]


def site_table(rows):
    """The rows as text."""
    return "\n".join(report.table(rows))


def _of_host(host, variables):
    info = variables.get("facts_result")
    if info and info.get("unreachable"):
        return [preflight.unreachable(host, info.get("msg", ""))]
    if "preflight_failure" in variables or not info:
        return [preflight.unread(host, variables.get("preflight_failure", "it gave no answer"))]
    wants_settings, wants_mig = "gpu_settings" in variables, "mig_layouts" in variables
    problems = preflight.of_nvml(host, info, wants_settings or wants_mig)
    if wants_settings:
        problems += _of_settings(host, variables["gpu_settings"], info)
    if wants_mig and preflight.nvml_works(info):
        problems += preflight.of_mig(host, variables["mig_layouts"], info)
    return problems


def _of_settings(host, wanted, info):
    result = ArgumentSpecValidator({"settings": SETTINGS}).validate({"settings": wanted})
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
