#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mig_layout_info
short_description: Read MIG modes, profiles and instances of NVIDIA GPUs
version_added: 0.1.0
description:
  - Reports for each GPU whether MIG is on, which profiles it has and where they fit, which instances exist and which
    processes use them.
  - Returns the current state also in the form of O(edgesite.gpu.mig_layout#module:layouts), to pin a host to what it
    has, and as a configuration of nvidia-mig-parted.
author:
  - The edgesite.gpu maintainers (@edgesite)
extends_documentation_fragment:
  - edgesite.gpu.nvml
options:
  format:
    description: With V(mig-parted), RV(mig_parted) is also returned.
    type: str
    choices: [layouts, mig-parted]
    default: layouts
  config:
    description: Name of the configuration in RV(mig_parted).
    type: str
    default: current
attributes:
  check_mode:
    support: full
    description: The module only reads.
  diff_mode:
    support: none
    description: The module changes nothing.
seealso:
  - module: edgesite.gpu.mig_layout
requirements:
  - NVIDIA driver on the host
  - pynvml (nvidia-ml-py) on the controller or on the host
  - root if MIG is on, because the driver lists instances for root only
"""

EXAMPLES = r"""
- name: Read the layouts of the GPUs
  edgesite.gpu.mig_layout_info:
  become: true
  register: mig

- name: Write the layout of this host to its inventory
  ansible.builtin.copy:
    dest: "host_vars/{{ inventory_hostname }}/mig.yml"
    content: "{{ {'mig_layouts': mig.layouts} | to_nice_yaml }}"
    mode: "0644"
  delegate_to: localhost

- name: Read the layouts as a configuration of nvidia-mig-parted
  edgesite.gpu.mig_layout_info:
    format: mig-parted
    config: site
  become: true
  register: parted

- name: Show the configuration
  ansible.builtin.debug:
    msg: "{{ parted.mig_parted | to_nice_yaml }}"
"""

RETURN = r"""
gpus:
  description: The GPUs, by index.
  returned: success
  type: list
  elements: dict
  contains:
    index:
      description: NVML's index.
      type: int
    uuid:
      description: UUID.
      type: str
    name:
      description: Product name.
      type: str
    pci_bus_id:
      description: PCI address as in sysfs.
      type: str
    mig:
      description: V(enabled) or V(disabled); null on a GPU without MIG.
      type: str
    mig_pending:
      description: The mode after the next reset or reboot.
      type: str
    needs_reset:
      description: Whether the GPU must be reset to change its mode.
      type: bool
    profiles:
      description:
        - Profiles, each with name, id, compute slices, memory in MiB, size in memory slices, possible starts, free
          starts and the maximum number of instances.
      type: list
      elements: dict
    instances:
      description: GPU instances, in the form of RV(edgesite.gpu.mig_layout#module:kept).
      type: list
      elements: dict
layouts:
  description: The current layouts, in the form of O(edgesite.gpu.mig_layout#module:layouts), with their placements.
  returned: success
  type: list
  elements: dict
mig_parted:
  description: The current layouts, as the content of a configuration file of nvidia-mig-parted.
  returned: with O(format=mig-parted), on a host with GPUs, all of which could be read
  type: dict
unread:
  description: GPUs that could not be read, each with C(what), C(why) and C(fix).
  returned: success
  type: list
  elements: dict
nvml_status:
  description: NVML's error in lower case, such as V(driver_not_loaded) or V(no_permission).
  returned: when NVML failed
  type: str
"""

from ..module_utils.basic import AnsibleModule
from ..module_utils.common.errors import EdgesiteError
from ..module_utils.gpu.host.facts import failure
from ..module_utils.gpu.host.process import NvmlProcess
from ..module_utils.mig import show
from ..module_utils.mig.host.cards import read_cards
from ..module_utils.mig.source import to_layouts, to_parted
from ..module_utils.runner import fail


def main():
    module = AnsibleModule(
        argument_spec={
            "format": {"type": "str", "choices": ["layouts", "mig-parted"], "default": "layouts"},
            "config": {"type": "str", "default": "current"},
            "pynvml_path": {"type": "path"},
        },
        supports_check_mode=True,
    )
    try:
        with NvmlProcess(module.params["pynvml_path"]) as nvml:
            cards, lost = nvml.ask(read_cards)
    except EdgesiteError as error:
        fail(module, error)
        return
    result = {
        "gpus": [show.full(card) for card in cards],
        "layouts": to_layouts(cards),
        "unread": [failure("gpu {0}".format(index), error) for index, error in lost.items()],
    }
    if module.params["format"] == "mig-parted" and cards and not lost:
        result["mig_parted"] = to_parted(module.params["config"], cards)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
