#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: site_check
short_description: Find every mistake in the variables of a site before anything is changed
version_added: 0.1.0
description:
  - Checks the variables of hosts against the argument specs of all roles that these hosts would get, looks at the
    files, folders, keys and passphrases on the controller that the variables name, and, with O(facts), checks what
    the hosts have.
  - Lists all problems at once, each with the variable as the inventory has it, such as
    C(gpu_settings[2].power_limit), and with what to do about it. Fails where there are any.
  - A variable that nobody reads is a problem too, if its name begins with the name of a role of this collection or
    with C(edgesite_), or is nearly the name of a variable of this collection. The list C(edgesite_variables_allowed)
    allows names and shell-style patterns such as C(gpu_team_*).
  - So is a tag of the run that no task of this collection has, unless the list C(edgesite_tags_allowed) has it.
  - Runs on the controller alone and reaches no host. Only the layers that the run's tags select are checked.
  - The playbooks edgesite.gpu.validate, preflight, plan and site use it.
author:
  - The edgesite.gpu maintainers (@edgesite)
options:
  hosts:
    description:
      - Patterns of the hosts to check, of which C(--limit) may leave some out. It is an error if there are none.
      - Give all of them in a task with C(run_once), so that a problem on the controller is listed once.
    type: list
    elements: str
    required: true
  variables:
    description: V(false) checks only that there are hosts and that the tags of the run are known.
    type: bool
    default: true
  facts:
    description: >-
      Whether to check what the hosts have too. The variable C(edgesite_plan) of each host has to hold the result of
      M(edgesite.gpu.host_plan), as the playbook edgesite.gpu.preflight registers it.
    type: bool
    default: false
  report_file:
    description:
      - A file on the controller that the result is written to as JSON, whether there are problems or not.
      - C(problems) is a list of dictionaries with C(host), C(layer), C(variable), C(problem), C(fix) and C(hosts).
        C(host) is C(controller) for a problem there, and C(hosts) lists the hosts whose variables lead to it.
      - C(notes), C(checked) and C(unchecked) are lists of texts.
    type: str
attributes:
  check_mode:
    support: full
    description: Changes nothing in any mode; O(report_file) is written in check mode as well.
  diff_mode:
    support: none
    description: Changes nothing.
seealso:
  - module: edgesite.gpu.host_plan
    description: Looks at a host, for O(facts).
"""

EXAMPLES = r"""
- name: Check the variables of all hosts of the play
  edgesite.gpu.site_check:
    hosts: "{{ ansible_play_hosts_all }}"
    report_file: site-check.json
  run_once: true
"""

RETURN = r"""
msg:
  description: >-
    How many problems were found. The run shows them, each with its fix, and what was checked and what was not.
  returned: unless O(variables=false)
  type: str
  sample: 2 problems found
"""
