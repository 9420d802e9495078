#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: gpu_settings
short_description: Set persistence, ECC, compute mode, power limit and clocks of NVIDIA GPUs
version_added: 0.1.0
description:
  - Sets what O(settings) names on a host's GPUs, and restores it after a reboot with a boot unit.
  - Every value is checked against the GPU's own range before anything changes. All problems are reported at once.
  - If a step fails, the steps before it are undone.
  - Records each value before it changes it, in C(/etc/edgesite-gpu/gpu-changed.json). A setting that O(settings) no
    longer names is set back to that value. What somebody else has changed since stays as it is.
  - Put all settings of a host into one task, because each run sets back what it does not name, and the boot unit
    restores exactly the settings of the last run.
author:
  - The edgesite.gpu maintainers (@edgesite)
extends_documentation_fragment:
  - edgesite.gpu.reboots
  - edgesite.gpu.nvml
options:
  settings:
    description:
      - Settings and the GPUs that they are for. Entries that select the same GPU are merged; it is an error if they
        contradict each other.
      - An empty list sets back all that earlier runs have set, and removes the boot unit.
    type: list
    elements: dict
    required: true
    suboptions:
      gpus:
        description:
          - V(all), or a list of selectors. Each selector is a dictionary with one or more of the keys C(uuid),
            C(pci_bus_id), C(index) (NVML's) and C(model), and selects the GPUs that match all of them.
          - C(model) matches whole words of the product name, so V(A100) matches C(NVIDIA A100-SXM4-40GB) and V(L4)
            does not match C(NVIDIA L40S).
        type: raw
        required: true
      persistence_mode:
        description: Keep the driver loaded while nothing uses the GPU (C(nvmlDeviceSetPersistenceMode)).
        type: bool
      ecc:
        description:
          - Error correction of the GPU's memory (C(nvmlDeviceSetEccMode)).
          - Takes effect at the next GPU reset or reboot; see RV(reboot_required).
        type: bool
      compute_mode:
        description: Who may run compute work on the GPU (C(nvmlDeviceSetComputeMode)).
        type: str
        choices: [default, exclusive_process, prohibited]
      power_limit:
        description:
          - Power limit in W, or V(default) for the card's own default (C(nvmlDeviceSetPowerManagementLimit)).
          - The range depends on the card (C(nvmlDeviceGetPowerManagementLimitConstraints)).
        type: str
      gpu_clocks:
        description:
          - Lock the GPU's clocks to a range (C(nvmlDeviceSetGpuLockedClocks)), or unlock them.
          - NVML does not report whether clocks are locked, so the module records what it locked in
            C(/run/edgesite-gpu).
        type: dict
        suboptions:
          locked:
            description: Whether the clocks are locked.
            type: bool
            default: true
          min:
            description: Lowest clock in MHz; required to lock.
            type: int
          max:
            description: Highest clock in MHz; required to lock.
            type: int
      memory_clocks:
        description:
          - Like O(settings[].gpu_clocks), for the memory (C(nvmlDeviceSetMemoryLockedClocks), Ampere and later).
        type: dict
        suboptions:
          locked:
            description: Whether the clocks are locked.
            type: bool
            default: true
          min:
            description: Lowest clock in MHz; required to lock.
            type: int
          max:
            description: Highest clock in MHz; required to lock.
            type: int
  persist:
    description:
      - Apply the same settings at every boot, by the unit C(edgesite-gpu-settings.service).
      - Needs M(edgesite.gpu.host_tools) on the host.
    type: bool
    default: true
attributes:
  check_mode:
    support: full
    description: Reports what would change and changes nothing.
  diff_mode:
    support: full
    description: Shows the settings and the boot unit, before and after.
seealso:
  - module: edgesite.gpu.gpu_info
  - module: edgesite.gpu.host_tools
requirements:
  - NVIDIA driver on the host
  - pynvml (nvidia-ml-py) on the controller or on the host
"""

EXAMPLES = r"""
- name: Limit GPUs to what the enclosure can cool
  edgesite.gpu.gpu_settings:
    settings:
      - gpus: all
        persistence_mode: true
      - gpus:
          - model: A100
        power_limit: 300
        gpu_clocks:
          min: 1110
          max: 1410
  become: true

- name: Return clocks and power limit of one card to the defaults
  edgesite.gpu.gpu_settings:
    settings:
      - gpus:
          - pci_bus_id: '0000:17:00.0'
        power_limit: default
        gpu_clocks:
          locked: false
  become: true
"""

RETURN = r"""
actions:
  description:
    - What was done, or would be done in check mode, in this order.
    - When a step failed, the steps that are left on the host or were undone; see RV(undone).
  returned: success, or when a step failed
  type: list
  elements: dict
  contains:
    does:
      description: Description of the action.
      type: str
      returned: always
    disruption:
      description:
        - What it interrupts. V(reboot) for a reboot, and V(none) for all else, as programs go on with any of these
          settings, and another ECC mode comes with a later reset or reboot.
      type: str
      returned: always
    of:
      description: What that affects.
      type: list
      elements: str
      returned: always
    after:
      description: V(reboot) for an action that comes after a reboot.
      type: str
      returned: where it comes after one
    uuid:
      description: UUID of the GPU.
      type: str
      returned: for a setting of a GPU
    setting:
      description: Name of the setting.
      type: str
      returned: for a setting of a GPU
    from:
      description: Value before.
      type: raw
      returned: for a setting of a GPU
    to:
      description: Value after.
      type: raw
      returned: for a setting of a GPU
  sample:
    - does: set power_limit of GPU 0 NVIDIA T4 (GPU-6f2e, 0000:17:00.0) from 70 W to 60 W
      disruption: none
      of: []
      uuid: GPU-6f2e
      setting: power_limit
      from: 70 W
      to: 60 W
before:
  description:
    - Settings by GPU UUID (those that O(settings) names or that are set back), the boot unit and its files, before.
  returned: success
  type: dict
after:
  description: The same, after; in check mode, the expected state.
  returned: success
  type: dict
reboot_required:
  description: Whether a change of ECC mode needs a GPU reset or a reboot to take effect.
  returned: success
  type: bool
reset_required:
  description: UUIDs of the GPUs whose change of ECC mode is pending. If nothing uses them, a GPU reset is enough.
  returned: success
  type: list
  elements: str
left_behind:
  description:
    - Settings that nothing wants any more and that stay, because setting them back would disturb programs, or because
      the GPU cannot be read. The next run that can sets them back.
  returned: success
  type: list
  elements: dict
  contains:
    uuid:
      description: UUID of the GPU.
      type: str
    setting:
      description: Name of the setting.
      type: str
    value:
      description: Its value.
      type: raw
    before:
      description: Its value before this collection changed it.
      type: raw
    why:
      description: Why it stays.
      type: str
    by_hand:
      description: What people can do about it.
      type: str
  sample:
    - uuid: GPU-6f2e
      setting: ecc
      value: false
      before: true
      why: another ECC mode takes a reset of the GPU or a reboot
      by_hand: run 'nvidia-smi -i GPU-6f2e -e 1' on the host and reboot it, or set ecc in gpu_settings
undone:
  description: Whether the steps before the failure were undone, so that the host is as it was.
  returned: when a step failed
  type: bool
nvml_status:
  description: NVML's error in lower case, such as V(driver_not_loaded), V(lib_rm_version_mismatch), V(gpu_is_lost).
  returned: when NVML failed
  type: str
"""

from ..module_utils.basic import AnsibleModule
from ..module_utils.gpu.host import layer
from ..module_utils.gpu.host.process import NvmlProcess
from ..module_utils.gpu.spec import OPTIONS
from ..module_utils.runner import end


def main():
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    params = module.params
    end(
        module,
        layer.run(params, lambda: NvmlProcess(params["pynvml_path"]), module.check_mode, module._verbosity),
    )


if __name__ == "__main__":
    main()
