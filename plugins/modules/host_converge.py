#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# What it does is in plugins/action: a look (host_plan), and then the modules of the layers that have something to do.

from __future__ import annotations

DOCUMENTATION = r"""
module: host_converge
short_description: Bring a whole host to what the inventory asks for, in as few steps as it takes
version_added: 0.1.0
description:
  - Looks at the host once, like M(edgesite.gpu.host_plan), and then runs the module of each layer that has something to
    do, with the values that were rendered before the look. A host on which nothing is to be done is asked once.
  - Where a layer fails, the layers that build on it are left as they are, and the others go on. The task then fails at
    its end.
  - Each layer's module is given what the layer's role gives it.
author:
  - The edgesite.gpu maintainers (@edgesite)
options:
  select:
    description:
      - Names of layers to converge. By default those that the host's variables call for and the tags of the run select.
    type: list
    elements: str
attributes:
  check_mode:
    support: full
    description: Only looks. M(edgesite.gpu.site_plan) shows the C(plan) that it returns.
  diff_mode:
    support: full
    description: Shows C(before) and C(after) of each layer that changes.
notes:
  - Each layer has the limit of time of its role's task, so this task needs no C(timeout).
seealso:
  - module: edgesite.gpu.host_plan
"""

EXAMPLES = r"""
- name: Bring the host to what the inventory asks for
  edgesite.gpu.host_converge:
  become: true
  register: edgesite_result
"""

RETURN = r"""
layers:
  description:
    - The result of each layer's module, by the layer's name; C(tools) for the host tools.
    - C(plan) is there where the host stopped to be as the plan expects that was applied, and says why in C(msg).
  returned: when the host was reached
  type: dict
facts:
  description: What the host had before, as returned by M(edgesite.gpu.gpu_info).
  returned: when the host was reached
  type: dict
called:
  description: The layers that the host's variables call for.
  returned: when the host was reached
  type: list
  elements: str
left:
  description: Layers that the host has and the inventory no longer calls for.
  returned: when the host was reached
  type: list
  elements: str
plan:
  description: What would be done, as returned by M(edgesite.gpu.host_plan).
  returned: in check mode, when the host was reached
  type: dict
reboot_required:
  description: Whether a change waits for a reboot.
  returned: when the host was reached
  type: bool
msg:
  description: What failed, by layer, and what to do.
  returned: when a layer failed
  type: str
"""
