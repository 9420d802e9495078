#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# What it does is in plugins/action: it works on the controller, and nothing of it reaches a host.

from __future__ import annotations

DOCUMENTATION = r"""
module: site_plan
short_description: Show what a run of the site would do, and keep it as a plan to be applied
version_added: 0.1.0
description:
  - Puts together what M(edgesite.gpu.host_plan) registered as C(edgesite_plan) on each host, shows it, and writes it to
    files. The playbook C(edgesite.gpu.plan) does both.
  - Also shows what M(edgesite.gpu.host_converge) registered as C(edgesite_result) in check mode, as the playbook
    C(edgesite.gpu.site) does with C(--check).
  - Fails where a host has a problem or cannot be reached, so that a pipeline stops there.
author:
  - The edgesite.gpu maintainers (@edgesite)
options:
  hosts:
    description: Patterns of the hosts, as the playbook has them.
    type: list
    elements: str
    required: true
  registered:
    description: The variable that the look at each host is registered as.
    type: str
    choices: [edgesite_plan, edgesite_result]
    default: edgesite_plan
  report_file:
    description: File on the controller to write the plan to, as Markdown if its name ends with C(.md), else as JSON.
    type: str
  plan_out:
    description: File on the controller to keep the plan in, for C(edgesite_plan_file) of the playbook C(site).
    type: str
  plan_key:
    description: Secret of at least 32 characters that the kept plan is authenticated with.
    type: str
  plan_expires:
    description: How long the kept plan may be applied, such as V(24h), or until when.
    type: str
  select:
    description: Expression in JMESPath. What it finds in the JSON of the plan is shown in place of the text.
    type: str
  exit_on_changes:
    description: Fail also where something would be changed.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
    description: Does the same with and without check mode, as nothing but the named files is written.
  diff_mode:
    support: none
    description: Changes nothing.
seealso:
  - module: edgesite.gpu.host_plan
  - module: edgesite.gpu.host_converge
"""

EXAMPLES = r"""
- name: Show what a run would do
  edgesite.gpu.site_plan:
    hosts: [edgesite]
    plan_out: site-plan.json
  run_once: true
"""

RETURN = r"""
plan:
  description: The plan as JSON. docs/plan.md describes its keys.
  returned: success
  type: dict
plan_sha256:
  description: SHA-256 of the file in O(plan_out).
  returned: when O(plan_out) is set
  type: str
msg:
  description: The sum, and where the task fails, why.
  returned: always
  type: str
  sample: 3 hosts change, 1 GPU reset, 0 reboots, 1 in order
"""
