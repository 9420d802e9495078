#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: nvpmodel
short_description: Set the power mode of a Jetson by name, and define modes of your own
version_added: 0.1.0
description:
  - Sets a power mode, such as one that suits the cooling of the enclosure and the power supply.
  - A mode that can be set immediately is set immediately. A mode that needs a reboot is prepared for the next boot, and
    RV(reboot_required) is true until then. The module never reboots the host and never prompts.
  - Writes modes of your own into C(/etc/nvpmodel.conf), between two comments; everything else in it stays as it is. If
    the current mode is one of them and its definition changes, it is set again.
  - Clocks that M(edgesite.gpu.jetson_clocks) locked are restored before another mode is set immediately, because they
    are locked at the maximum of the old mode. Run that module again after this one.
author:
  - The edgesite.gpu maintainers (@edgesite)
options:
  mode:
    description:
      - Name of the mode in C(/etc/nvpmodel.conf), such as V(15W) or V(MAXN). Ids are not accepted, because they mean
        different modes on different modules.
      - A mode that this board does not have is refused, with a list of those that it has.
      - Empty keeps the current mode.
    type: str
    default: ""
  own_modes:
    description:
      - All modes of your own. Others that an earlier run wrote are removed, once they are not in force. An empty list
        removes them all; without this option they are left alone. Each keeps its id as long as it exists.
      - A mode with the name of one of the board's modes is refused, as are a base, a parameter or an argument that the
        configuration does not have, a value of another kind, and switching off the first core.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the mode, of letters, digits, dots, dashes, C(+) and C(_).
        type: str
        required: true
      base:
        description: Mode of the board that it is like, but for its settings.
        type: str
        required: true
      settings:
        description:
          - What differs from the base, as a dictionary of parameters such as C(GPU), each with a dictionary of
            arguments such as C(MAX_FREQ), named as in C(/etc/nvpmodel.conf). V(-1) is no limit. A clock that the board
            does not have is refused, because nvpmodel would silently set another one.
        type: dict
        required: true
attributes:
  check_mode:
    support: full
    description: Reports what would change and changes nothing.
  diff_mode:
    support: full
    description: Shows the current mode, the mode of the next boot and modes of your own, before and after.
seealso:
  - module: edgesite.gpu.jetson_clocks
  - module: edgesite.gpu.jetson_fan
  - module: edgesite.gpu.jetpack_info
requirements:
  - a Jetson with the package nvidia-l4t-nvpmodel
"""

EXAMPLES = r"""
- name: Limit the board to 15 W
  edgesite.gpu.nvpmodel:
    mode: 15W
  become: true
  register: power_mode

- name: Define a mode for a small power supply, and use it
  edgesite.gpu.nvpmodel:
    mode: CABINET_20W
    own_modes:
      - name: CABINET_20W
        base: MODE_30W
        settings:
          CPU_ONLINE: {CORE_6: 0, CORE_7: 0}
          GPU: {MAX_FREQ: 420750000}
  become: true

- name: Reboot for the power mode
  ansible.builtin.reboot:
  when: power_mode.reboot_required
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
    - {does: prepare power mode 7W for the next boot (CPU_ONLINE CORE_4 from 1 to 0), disruption: none, of: []}
before:
  description:
    - The current mode (C(mode)) and the mode of the next boot (C(next_boot)), each with C(id) and C(name), and the
      lines of modes of your own (C(own_modes)), before.
  returned: success
  type: dict
  sample: {"mode": {"id": 0, "name": "15W"}, "next_boot": {"id": 0, "name": "15W"}, "own_modes": []}
after:
  description: The same, after; in check mode, the expected state.
  returned: success
  type: dict
  sample: {"mode": {"id": 0, "name": "15W"}, "next_boot": {"id": 3, "name": "7W"}, "own_modes": []}
mode:
  description: The current mode.
  returned: success
  type: dict
  sample: {"id": 0, "name": "15W"}
modes:
  description: The modes of this board, each with C(id) and C(name).
  returned: success
  type: list
  elements: dict
reboot_required:
  description: Whether the requested mode needs a reboot to take effect.
  returned: success
  type: bool
undone:
  description: Whether the steps before the failure were undone, so that the host is as it was.
  returned: when a step failed
  type: bool
"""

from ..module_utils.basic import AnsibleModule
from ..module_utils.common.host import command
from ..module_utils.jetson import nvpmodel
from ..module_utils.jetson.host.nvpmodel_domain import NvpmodelDomain
from ..module_utils.jetson.spec import MODES
from ..module_utils.runner import run


def main():
    module = AnsibleModule(
        argument_spec={"mode": {"type": "str", "default": ""}, "own_modes": MODES},
        supports_check_mode=True,
    )
    mode, own = module.params["mode"], module.params["own_modes"]
    run(module, lambda: NvpmodelDomain(command.run, nvpmodel.wanted(mode, own)))


if __name__ == "__main__":
    main()
