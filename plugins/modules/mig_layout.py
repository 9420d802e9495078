#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mig_layout
short_description: Bring NVIDIA GPUs to a MIG layout without touching instances in use
version_added: 0.1.0
description:
  - Turns MIG on or off and creates exactly the requested GPU instances and compute instances, now and at every boot.
  - Of all ways to reach the layout, the module chooses the one that keeps every instance with processes, then destroys
    the fewest other instances, then needs the fewest calls. Every instance is created at an explicit placement, so the
    driver's own placement order does not matter.
  - Everything is checked before anything changes, and all problems are reported at once. If a step fails, the steps
    before it are undone, and instances return to the same placements.
  - GPUs that no layout names are never touched and never reset.
  - Put all layouts of a host into one task, because the boot unit restores exactly those of the last run.
author:
  - The edgesite.gpu maintainers (@edgesite)
extends_documentation_fragment:
  - edgesite.gpu.reboots
  - edgesite.gpu.nvml
options:
  layouts:
    description:
      - Layouts and the GPUs that they are for. At most one layout may select a GPU.
      - An empty list changes no GPU and removes the boot unit; RV(left_behind) has the layouts that are still there.
    type: list
    elements: dict
    suboptions:
      gpus:
        description:
          - V(all), or a list of selectors. Each selector is a dictionary with one or more of the keys C(uuid),
            C(pci_bus_id), C(index) (NVML's) and C(model), and selects the GPUs that match all of them.
          - C(model) matches whole words of the product name, so V(A100) matches C(NVIDIA A100-SXM4-40GB).
        type: raw
        required: true
      mig:
        description: MIG mode of these GPUs (C(nvmlDeviceSetMigMode)).
        type: str
        choices: [enabled, disabled]
        default: enabled
      instances:
        description:
          - All GPU instances that each of these GPUs should have. Without this option, instances are left as they are;
            V({}) removes them all.
          - Either a dictionary of profile names and counts (see the examples). A name that begins with compute slices,
            such as C(1c.3g.20gb), counts compute instances, which share as few GPU instances as possible.
          - Or a list of profile names and dictionaries with C(profile), C(count) (default 1), C(placement) (the first
            memory slice; chosen by the planner if not set) and C(compute_instances) (names such as C(1c) and counts; by
            default one compute instance that takes the whole GPU instance).
          - Profiles are matched by slices and attributes, because the memory in their names is rounded and differs
            between drivers. V(2g) and V(1g+me) are enough; without a memory size, the profile with the least memory is
            used.
        type: raw
  from_file:
    description:
      - Configuration file of nvidia-mig-parted on the controller, instead of O(layouts). Relative paths are searched
        for in C(files), as with M(ansible.builtin.copy).
      - It may be a ConfigMap for the MIG manager of NVIDIA's GPU operator, with the file under C(config.yaml).
      - GPUs that it does not name are left as they are.
    type: path
  mig_parted:
    description: Content of such a file, as a dictionary.
    type: dict
  config:
    description:
      - Name of the configuration in the file; required if it has more than one.
      - >-
        Without a file or O(layouts), a layout that each GPU offers by itself: V(all-balanced), V(all-enabled) (MIG mode
        without instances), V(all-disabled), or for a profile all instances that a GPU can have, such as
        V(all-1g.10gb) or V(all-1g.10gb.me). GPUs that do not offer it are left as they are.
    type: str
  disruption:
    description:
      - V(never) only adds instances, and fails if the layout needs more than that.
      - V(idle) may also destroy instances without processes.
      - V(force) also ends processes that are in the way (SIGTERM, and SIGKILL after 10 seconds). They are not
        restarted, even if the run fails later.
    type: str
    choices: [never, idle, force]
    default: idle
  reset:
    description:
      - Whether a GPU without processes may be reset to change its MIG mode, which Ampere GPUs need. Hopper and later
        GPUs change it without a reset.
      - With V(never), the boot unit makes the change at the next boot; see RV(reset_required).
    type: str
    choices: [never, if_idle]
    default: if_idle
  quiesce:
    description:
      - systemd units that keep a GPU open without computing on it, such as dcgm or exporters. Those that are running
        are stopped before a GPU is reset and started again afterwards, even if the run fails. If no GPU is reset,
        nothing is stopped.
      - Full names, such as V(nvidia-dcgm.service).
    type: list
    elements: str
    default: []
  unload_drm:
    description:
      - Whether the kernel module C(nvidia_drm) may be unloaded for the reset of a GPU, and loaded again afterwards,
        even if the run fails. With its parameter C(modeset) on, it holds Ampere GPUs open in driver branches before
        595, so that they cannot be reset (L(nvidia-mig-parted, https://github.com/NVIDIA/mig-parted/issues/181)).
        Where it is not in the way, or no GPU is reset, nothing is unloaded.
      - While it is unloaded, the host's NVIDIA GPUs have no files in C(/dev/dri) and no console. The module fails if
        something uses these files; services that do may be listed in O(quiesce).
      - With V(false), the module fails if C(nvidia_drm) is in the way of a reset.
    type: bool
    default: false
  persist:
    description:
      - Restore the layouts at every boot, with the unit C(edgesite-gpu-mig.service). Instances do not survive a reboot
        on any GPU, and neither does MIG mode on Hopper and later.
      - Needs M(edgesite.gpu.host_tools) on the host.
    type: bool
    default: true
attributes:
  check_mode:
    support: full
    description: Reports what would change and changes nothing.
  diff_mode:
    support: full
    description: Shows modes, instances and the boot unit, before and after.
seealso:
  - module: edgesite.gpu.mig_layout_info
  - module: edgesite.gpu.host_tools
requirements:
  - NVIDIA driver on the host
  - pynvml (nvidia-ml-py) on the controller or on the host
"""

EXAMPLES = r"""
- name: Divide the A100s and turn MIG off on one other GPU
  edgesite.gpu.mig_layout:
    layouts:
      - gpus:
          - model: A100
        instances:
          3g.20gb: 1
          1g.5gb: 4
      - gpus:
          - uuid: GPU-8d5c1b0e-2f63-4a7c-9b1e-0c7d1f3a9e55
        mig: disabled
    quiesce: [nvidia-dcgm.service]
  become: true

- name: Create one GPU instance at a fixed place with three compute instances
  edgesite.gpu.mig_layout:
    layouts:
      - gpus:
          - index: 0
        instances:
          - profile: 4g.20gb
            placement: 0
            compute_instances:
              1c: 2
              2c: 1
          - 2g.10gb
  become: true

- name: Apply a layout from a file of nvidia-mig-parted
  edgesite.gpu.mig_layout:
    from_file: mig-parted.yaml
    config: all-balanced
  become: true

- name: Divide every GPU into instances of three sizes, without a file
  edgesite.gpu.mig_layout:
    config: all-balanced
  become: true
"""

RETURN = r"""
actions:
  description:
    - What was done, or would be done in check mode, in this order. Each change of a GPU is one NVML call.
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
        - What it interrupts, V(none), V(restart) (services), V(destroy) (instances), V(reset) (a GPU, or a process that
          is ended) or V(reboot).
      type: str
      returned: always
    of:
      description: What that affects, services by their units, GPUs by their names.
      type: list
      elements: str
      returned: always
    after:
      description:
        - What the action comes after, V(mode) for instances that take a change of the GPU's mode first, or V(reboot).
      type: str
      returned: where it comes after one of these
    kind:
      description:
        - C(set_mode), C(create_gpu_instance), C(destroy_gpu_instance), C(create_compute_instance),
          C(destroy_compute_instance), C(end_process), C(stop_unit), C(start_unit), C(unload_module), C(load_module),
          C(boot_unit) or C(forget).
        - C(create_instances) is for all instances of a GPU that this collection does not know, and whose driver tells
          its profiles only in MIG mode. Check mode has them in the words of the layout.
      type: str
      returned: always
    uuid:
      description: UUID of the GPU.
      type: str
      returned: for an action on a GPU
    mode:
      description: V(enabled) or V(disabled).
      type: str
      returned: for set_mode
    profile:
      description: Profile of the GPU instance.
      type: str
      returned: for an action on an instance
    placement:
      description: Start and size of the GPU instance in memory slices.
      type: dict
      returned: for an action on an instance
    steps:
      description: What was done for it.
      type: list
      elements: str
      returned: for create_instances, not in check mode
  sample:
    - does: create GPU instance 3g.20gb on slices 4-7 of GPU 0 NVIDIA A100-SXM4-40GB (GPU-6f2e, 0000:17:00.0)
      disruption: none
      of: []
      after: mode
      kind: create_gpu_instance
      uuid: GPU-6f2e
      profile: 3g.20gb
      placement: {start: 4, size: 4}
before:
  description: Mode and instances by GPU UUID (those that the layouts select), the boot unit and its files, before.
  returned: success
  type: dict
after:
  description: The same, after; in check mode, the expected state.
  returned: success
  type: dict
kept:
  description: The GPU instances that were kept.
  returned: success
  type: list
  elements: dict
  contains: &instance
    gpu:
      description: UUID of the GPU.
      type: str
    profile:
      description: Profile.
      type: str
    placement:
      description: Start and size in memory slices.
      type: dict
    compute_instances:
      description: Compute instances, each with profile, placement and the UUID of its MIG device.
      type: list
      elements: dict
    processes:
      description: Processes on the instance, each with pid and name.
      type: list
      elements: dict
created:
  description: The GPU instances that were created. In check mode their UUIDs are null.
  returned: success
  type: list
  elements: dict
  contains: *instance
destroyed:
  description: The GPU instances that were destroyed.
  returned: success
  type: list
  elements: dict
  contains: *instance
reset_required:
  description: UUIDs of the GPUs whose change of MIG mode needs a reset or reboot that this run was not allowed to do.
  returned: success
  type: list
  elements: str
reboot_required:
  description: Whether a reboot would complete the pending changes.
  returned: success
  type: bool
holders:
  description:
    - Processes on the GPUs that prevent the layout, each with C(gpu) (UUID), C(pid), C(name) and C(gpu_instance_id)
      (null outside instances).
    - The kernel module C(nvidia_drm) is among them if it holds a GPU open. Its C(pid) is null.
  returned: success, or when something that is in use prevents the layout
  type: list
  elements: dict
  sample: [{gpu: GPU-6f2e, pid: 4711, name: tritonserver, gpu_instance_id: 2}]
left_behind:
  description:
    - GPUs whose mode or instances an earlier run has changed, and that no layout selects any more. Nothing is done to
      them, as programs may have been given their instances.
    - C(/etc/edgesite-gpu/mig-changed.json) on the host records which GPUs these are.
  returned: success
  type: list
  elements: dict
  contains:
    uuid:
      description: UUID of the GPU.
      type: str
    setting:
      description: Always V(mig).
      type: str
    value:
      description: MIG mode, and the instances if there are any.
      type: str
    before:
      description: MIG mode before this collection changed the GPU.
      type: str
    why:
      description: Why it stays.
      type: str
    by_hand:
      description: What people can do about it.
      type: str
  sample:
    - uuid: GPU-6f2e
      setting: mig
      value: enabled with 2 3g.20gb
      before: disabled
      why: programs may have its instances
      by_hand: "set mig: disabled for this GPU in mig_layouts, run again, and take it out afterwards"
undone:
  description: Whether the steps before the failure were undone, so that the host is as it was.
  returned: when a step failed
  type: bool
nvml_status:
  description: NVML's error in lower case, such as V(driver_not_loaded), V(no_permission) or V(gpu_is_lost).
  returned: when NVML failed
  type: str
"""

from ..module_utils.basic import AnsibleModule
from ..module_utils.gpu.host.process import NvmlProcess
from ..module_utils.mig.host import layer
from ..module_utils.mig.spec import OPTIONS, RULES
from ..module_utils.runner import end


def main():
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True, **RULES)
    params = module.params
    end(
        module,
        layer.run(params, lambda: NvmlProcess(params["pynvml_path"]), module.check_mode, module._verbosity),
    )


if __name__ == "__main__":
    main()
