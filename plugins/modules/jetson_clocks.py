#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: jetson_clocks
short_description: Lock the clocks of a Jetson at their maximum, or restore them
version_added: 0.1.0
description:
  - Locks the clocks of CPUs, GPU and memory at the maximum of the power mode, with NVIDIA's C(jetson_clocks). The
    previous clocks are saved first, and V(restored) restores them.
  - Whether they are locked is read from C(jetson_clocks --show). They count as locked if the minimum equals the maximum
    for every online CPU and for every clock of the GPU, of which Thor has two. Current clocks are not compared, because
    throttling lowers locked clocks too; nor is the memory clock, because boards report it in different ways.
author:
  - The edgesite.gpu maintainers (@edgesite)
options:
  state:
    description: Whether to lock or restore the clocks.
    type: str
    choices: [locked, restored]
    default: locked
  persist:
    description:
      - Lock them again at every boot, with the unit C(edgesite-gpu-jetson-clocks.service). Without it, a reboot ends
        the lock.
      - V(restored) always removes the unit.
    type: bool
    default: true
  fan:
    description:
      - Have the fans run at full speed while the clocks are locked (C(jetson_clocks --fan)). That stops nvfancontrol,
        so it excludes a fan profile.
      - V(false) leaves the fans as they are. O(state=restored), a reboot or M(edgesite.gpu.jetson_fan) ends full
        speed.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
    description: Reports what would change and changes nothing.
  diff_mode:
    support: full
    description: Shows the clock ranges and the boot unit, before and after.
seealso:
  - module: edgesite.gpu.nvpmodel
  - module: edgesite.gpu.jetson_fan
notes:
  - Set the power mode first. M(edgesite.gpu.nvpmodel) restores locked clocks before it sets another mode.
  - Locked clocks draw more power and produce more heat; choose a fan profile that can cool them.
requirements:
  - a Jetson with the package nvidia-l4t-tools
"""

EXAMPLES = r"""
- name: Lock the clocks for constant inference times
  edgesite.gpu.jetson_clocks:
  become: true

- name: Let the clocks follow the load again
  edgesite.gpu.jetson_clocks:
    state: restored
  become: true
"""

RETURN = r"""
actions:
  description:
    - What was done, or would be done in check mode.
    - C(does) describes an action. C(disruption) says what it interrupts, V(none), V(restart) (services), V(destroy)
      (MIG instances), V(reset) (GPUs), V(reboot) or V(wipe) (data on a disk), and C(of) lists what that affects.
  returned: success, or when a step failed
  type: list
  elements: dict
  sample:
    - {does: lock the clocks at the maximum of the power mode, disruption: none, of: []}
before:
  description: Range of each clock according to C(jetson_clocks --show), the boot unit and its files, before.
  returned: success
  type: dict
after:
  description: The same, after; in check mode, the expected state, except for the clocks after a restore.
  returned: success
  type: dict
locked:
  description: Whether the clocks are locked.
  returned: success
  type: bool
fan_at_full_speed:
  description: Whether the fans run at full speed whatever the temperature.
  returned: success
  type: bool
undone:
  description: Whether the steps before the failure were undone, so that the host is as it was.
  returned: when a step failed
  type: bool
"""

from ..module_utils.basic import AnsibleModule
from ..module_utils.common.host import command
from ..module_utils.jetson.clocks import boot_unit, check_fan
from ..module_utils.jetson.host.clocks import program
from ..module_utils.jetson.host.clocks_domain import JetsonClocksDomain
from ..module_utils.runner import run


def main():
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["locked", "restored"], "default": "locked"},
            "persist": {"type": "bool", "default": True},
            "fan": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    lock = module.params["state"] == "locked"
    persist = lock and module.params["persist"]
    fan = module.params["fan"]

    def domain():
        check_fan(fan, lock, False, ("fan", "state", ""))
        return JetsonClocksDomain(command.run, lock, boot_unit(program(), persist, fan), fan)

    run(module, domain)


if __name__ == "__main__":
    main()
