#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: jetson_clocks
short_description: Lock the clocks of a Jetson at the highest, or restore them
version_added: 0.1.0
description:
  - Locks the clocks of CPUs, GPU and memory at the highest that the power mode allows, with NVIDIA's C(jetson_clocks).
    What they were before is noted first, and put back by V(restored).
  - Whether they are locked is read from C(jetson_clocks --show). They are where no CPU that is on, nor the GPU, has a
    range of clocks left. The clock of the moment is not compared, as throttling lowers it under a lock too; and the
    memory's clock is not, as boards tell of it in different ways.
author:
  - The edgesite.gpu maintainers (@edgesite)
options:
  state:
    description: Whether the clocks are to be locked.
    type: str
    choices: [locked, restored]
    default: locked
  persist:
    description:
      - Lock them again at every boot, by the unit C(edgesite-gpu-jetson-clocks.service); without it a lock ends with
        the boot.
      - V(restored) takes the unit away in any case.
    type: bool
    default: true
attributes:
  check_mode:
    support: full
    description: Says what would change, and changes nothing.
  diff_mode:
    support: full
    description: Shows the ranges of the clocks, and the boot unit, before and after.
seealso:
  - module: edgesite.gpu.nvpmodel
  - module: edgesite.gpu.jetson_fan
notes:
  - Set the power mode first. M(edgesite.gpu.nvpmodel) gives locked clocks back before it sets another mode.
  - Locked clocks take more power and make more heat; take a fan profile that can cool them.
requirements:
  - a Jetson with the package nvidia-l4t-tools
"""

EXAMPLES = r"""
- name: Inference takes the same time each time
  edgesite.gpu.jetson_clocks:
  become: true

- name: Clocks follow the load again
  edgesite.gpu.jetson_clocks:
    state: restored
  become: true
"""

RETURN = r"""
actions:
  description: What was done, or in check mode would be done.
  returned: success, or when a step failed
  type: list
  elements: dict
  sample: [{"does": "lock the clocks at the highest that the power mode allows"}]
before:
  description: Range of each clock as C(jetson_clocks --show) tells it, boot unit and its files, before.
  returned: success
  type: dict
after:
  description: The same, after; in check mode, what it would be, but for the clocks that a restore leads to.
  returned: success
  type: dict
locked:
  description: Whether the clocks are locked.
  returned: success
  type: bool
undone:
  description: Whether what was done before the failure was taken back, so that the host is as it was.
  returned: when a step failed
  type: bool
"""

from ..module_utils.basic import AnsibleModule
from ..module_utils.common.host import command
from ..module_utils.jetson.clocks import boot_unit
from ..module_utils.jetson.host.clocks import program
from ..module_utils.jetson.host.clocks_domain import JetsonClocksDomain
from ..module_utils.runner import run


def main():
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["locked", "restored"], "default": "locked"},
            "persist": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    lock = module.params["state"] == "locked"
    persist = lock and module.params["persist"]
    run(module, lambda: JetsonClocksDomain(command.run, lock, boot_unit(program(), persist)))


if __name__ == "__main__":
    main()
