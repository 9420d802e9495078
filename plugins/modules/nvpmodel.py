#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: nvpmodel
short_description: Set the power mode of a Jetson by its name
version_added: 0.1.0
description:
  - Sets the power mode that the enclosure can cool and the supply can feed.
  - A mode that can be set at once is set at once. A mode that takes a reboot is prepared, so that the next boot has it,
    and RV(reboot_required) is true until then. The module never reboots, and never waits for an answer.
  - Clocks that M(edgesite.gpu.jetson_clocks) locked are given back before another mode is set at once, as they are
    locked at what the old mode allows; run that module again after this one.
author:
  - The edgesite.gpu maintainers (@edgesite)
options:
  mode:
    description:
      - Name of the mode in C(/etc/nvpmodel.conf), such as V(15W) or V(MAXN). Ids are not taken, as they mean different
        modes on different modules.
      - A name that this board does not have is refused, with a list of those it has.
    type: str
    required: true
attributes:
  check_mode:
    support: full
    description: Says what would change, and changes nothing.
  diff_mode:
    support: full
    description: Shows the mode in force and that of the next boot, before and after.
seealso:
  - module: edgesite.gpu.jetson_clocks
  - module: edgesite.gpu.jetson_fan
  - module: edgesite.gpu.jetpack_info
requirements:
  - a Jetson with the package nvidia-l4t-nvpmodel
"""

EXAMPLES = r"""
- name: The board takes no more than 15 W
  edgesite.gpu.nvpmodel:
    mode: 15W
  become: true
  register: power_mode

- name: The mode waits for a reboot
  ansible.builtin.reboot:
  when: power_mode.reboot_required
  become: true
"""

RETURN = r"""
actions:
  description: What was done, or in check mode would be done.
  returned: success, or when a step failed
  type: list
  elements: dict
  sample: [{"does": "prepare power mode 7W for the next boot (CPU_ONLINE CORE_4 from 1 to 0)"}]
before:
  description: The mode in force (C(mode)) and that of the C(next_boot), each with C(id) and C(name), before.
  returned: success
  type: dict
  sample: {"mode": {"id": 0, "name": "15W"}, "next_boot": {"id": 0, "name": "15W"}}
after:
  description: The same, after; in check mode, what it would be.
  returned: success
  type: dict
  sample: {"mode": {"id": 0, "name": "15W"}, "next_boot": {"id": 3, "name": "7W"}}
mode:
  description: The mode in force.
  returned: success
  type: dict
  sample: {"id": 0, "name": "15W"}
modes:
  description: The modes that this board has, each with C(id) and C(name).
  returned: success
  type: list
  elements: dict
reboot_required:
  description: Whether the wanted mode waits for a reboot.
  returned: success
  type: bool
undone:
  description: Whether what was done before the failure was taken back, so that the host is as it was.
  returned: when a step failed
  type: bool
"""

from ..module_utils.basic import AnsibleModule
from ..module_utils.common.host import command
from ..module_utils.jetson.host.nvpmodel_domain import NvpmodelDomain
from ..module_utils.runner import run


def main():
    module = AnsibleModule(argument_spec={"mode": {"type": "str", "required": True}}, supports_check_mode=True)
    run(module, lambda: NvpmodelDomain(command.run, module.params["mode"]))


if __name__ == "__main__":
    main()
