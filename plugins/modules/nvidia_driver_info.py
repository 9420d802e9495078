#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: nvidia_driver_info
short_description: Read the state of NVIDIA's driver on a host, and what is wrong with it
version_added: 0.1.0
description:
  - Reads everything that decides whether NVIDIA's driver works now and after the next reboot, and gives a verdict. This
    includes packages, the kernel modules on disk for every kernel, the loaded module, libraries, DKMS, Secure Boot,
    nouveau and who uses the driver.
  - Changes nothing, and never fails because something is absent.
  - Needs no working driver and does not load one. If pynvml is neither on the host nor on the controller, only
    processes that have a device file open are listed.
author:
  - The edgesite.gpu maintainers (@edgesite)
extends_documentation_fragment:
  - edgesite.gpu.nvml
attributes:
  check_mode:
    support: full
    description: The module only reads.
  diff_mode:
    support: N/A
    description: The module changes nothing.
seealso:
  - module: edgesite.gpu.gpu_info
  - module: edgesite.gpu.nvidia_driver
notes:
  - Run it as root; other users see only their own processes in RV(holders).
"""

EXAMPLES = r"""
- name: Read the state of the driver
  edgesite.gpu.nvidia_driver_info:
  become: true
  register: driver_info

- name: Stop if the driver does not work or will not after the next reboot
  ansible.builtin.fail:
    msg: "{{ driver_info.reasons | join(' ') }} {{ driver_info.fix }}"
  when: driver_info.verdict == 'broken'

- name: Show why the host needs a reboot
  ansible.builtin.debug:
    msg: "{{ driver_info.reasons | join(' ') }}"
  when: driver_info.verdict == 'reboot_required'
"""

RETURN = r"""
verdict:
  description:
    - V(ok), the driver works and will work after the next reboot.
    - V(reload_required), the loaded module is not the installed one, or none is loaded, and nothing prevents loading
      it.
    - V(reboot_required), the same, but the loaded module is in use, or only the next kernel has a module.
    - V(broken), neither a reload nor a reboot helps, or the driver will not work after the next reboot.
    - V(absent), no driver is installed. This is always the verdict on a Jetson, whose driver is part of L4T.
  returned: always
  type: str
  sample: reboot_required
reasons:
  description:
    - Reasons for the verdict, one sentence each, the worst first. With V(ok) these are notes, such as missing headers
      for the next update.
  returned: always
  type: list
  elements: str
  sample:
    - Kernel module 550.163.01 is loaded, but the libraries are 580.95.05.
fix:
  description: What to do about the first reason; null with V(ok).
  returned: always
  type: str
packages:
  description: Installed packages of NVIDIA's driver, sorted by name.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name.
      type: str
    version:
      description: Version in the form of the package manager.
      type: str
      sample: 550.163.01-2
    held:
      description: Whether it is on hold, by dpkg's selection or by dnf's version lock.
      type: bool
    complete:
      description: Whether its installation was completed.
      type: bool
held_by_role:
  description:
    - Packages that M(edgesite.gpu.nvidia_driver) put on hold, as recorded in C(/etc/edgesite-gpu/driver-holds).
  returned: always
  type: list
  elements: str
services:
  description:
    - Services of the driver, nvidia-persistenced, nvidia-fabricmanager and nvidia-powerd, and whether each is
      V(running), V(stopped), V(masked) or V(absent).
  returned: always
  type: dict
  sample: {nvidia-fabricmanager: absent, nvidia-persistenced: running, nvidia-powerd: absent}
fabric_manager:
  description:
    - The fabric manager, without which CUDA does not start on a host with NVSwitches; null on a host without them, and
      if all of them are passed through to guests.
  returned: always
  type: dict
  contains:
    installed:
      description: Whether it is installed.
      type: bool
    version:
      description: Its version, which must be exactly the driver's; null if it is unknown.
      type: str
      sample: 550.163.01
    running:
      description: Whether its service is running.
      type: bool
loaded:
  description: The loaded kernel module; null if none is loaded.
  returned: always
  type: dict
  contains:
    version:
      description: Its version.
      type: str
      sample: 550.163.01
    flavour:
      description: V(open) or V(proprietary); null if it is unknown.
      type: str
on_disk:
  description: The kernel module of each kernel that has one, oldest kernel first.
  returned: always
  type: list
  elements: dict
  contains:
    kernel:
      description: Release of the kernel.
      type: str
      sample: 6.1.0-30-amd64
    running:
      description: Whether this kernel is running.
      type: bool
    newest:
      description: Whether this is the newest kernel, which the next boot uses.
      type: bool
    version:
      description: Version of the module.
      type: str
      sample: 550.163.01
    flavour:
      description: V(open) or V(proprietary).
      type: str
    signed:
      description: Whether the module is signed.
      type: bool
    signer:
      description: Who signed it.
      type: str
      sample: DKMS module signing key
kernel:
  description: Kernels of the host.
  returned: always
  type: dict
  contains:
    running:
      description: Release of the running kernel.
      type: str
    newest:
      description: Release of the newest installed kernel; null on a host without one, such as a container.
      type: str
    headers:
      description: For each installed kernel, whether its headers are installed, to build modules with.
      type: dict
      sample: {6.1.0-29-amd64: false, 6.1.0-30-amd64: true}
user_space:
  description: Version of C(libnvidia-ml.so.1), on the host or else in a driver container; null where it is absent.
  returned: always
  type: str
  sample: 550.163.01
installed_by:
  description: >-
    V(container) for a driver container, whose root is C(/run/nvidia/driver), V(installer) for NVIDIA's C(.run)
    installer; null if the driver came in packages or is absent.
  returned: always
  type: str
  sample: container
nvml_status:
  description:
    - V(ok), or NVML's error in lower case, such as V(driver_not_loaded), V(lib_rm_version_mismatch),
      V(library_not_found) or V(pynvml_missing).
  returned: always
  type: str
dkms:
  description: NVIDIA's modules in DKMS. The kernel of a module that is not built for any kernel is null.
  returned: always
  type: list
  elements: dict
  contains:
    module:
      description: Name of the module in DKMS.
      type: str
      sample: nvidia-current
    version:
      description: Version.
      type: str
      sample: 550.163.01
    kernel:
      description: Release of the kernel.
      type: str
      sample: 6.1.0-30-amd64
    state:
      description: V(added), V(built), V(installed) or V(broken).
      type: str
    warning:
      description: Warning of DKMS, such as a difference between the built and the installed module.
      type: str
secure_boot:
  description: V(enabled), V(disabled), V(unsupported) (no UEFI, or UEFI without Secure Boot), or V(unknown).
  returned: always
  type: str
mok:
  description: The host's own key for signing modules (MOK).
  returned: always
  type: dict
  contains:
    enrolled:
      description: Whether the firmware accepts modules signed with this key; null if it is unknown.
      type: bool
nouveau:
  description: The kernel's own driver for NVIDIA's GPUs.
  returned: always
  type: dict
  contains:
    loaded:
      description: Whether it is loaded.
      type: bool
    blacklisted:
      description: Whether modprobe's configuration or the kernel command line prevents it from loading automatically.
      type: bool
    available:
      description: Whether the newest kernel includes it.
      type: bool
    initramfs_rebuilt:
      description:
        - Whether the newest kernel's initramfs is newer than the blacklisting; null if one of the two does not exist.
      type: bool
holders:
  description: Processes and kernel modules that use the loaded driver.
  returned: always
  type: list
  elements: dict
  contains:
    pid:
      description: Process id; null for a kernel module.
      type: int
    name:
      description: Name of the process or the module.
      type: str
      sample: nvidia-persistenced
    kind:
      description:
        - V(process), V(display) (a display server), V(service) (a service of the driver, such as nvidia-persistenced
          and nv-fabricmanager), or V(module).
      type: str
    blocks:
      description:
        - Whether it prevents a reload. Services of the driver do not, because they stop and start with it. The driver's
          own modules do so only if something other than a listed process uses them.
      type: bool
gpus:
  description: NVIDIA GPUs on the PCI bus, with or without a driver, sorted by address.
  returned: always
  type: list
  elements: dict
  contains:
    pci_bus_id:
      description: PCI address as in C(/sys/bus/pci/devices).
      type: str
      sample: '0000:17:00.0'
    pci_device_id:
      description: PCI device id, four hexadecimal digits.
      type: str
      sample: 20b0
    name:
      description: Model; null if neither this collection nor NVML knows it.
      type: str
      sample: NVIDIA A100-SXM4-40GB
    architecture:
      description: Architecture in lower case; null if neither this collection nor NVML knows it.
      type: str
      sample: ampere
    driver:
      description: Kernel driver bound to it, such as V(nvidia), V(nouveau) or V(vfio-pci); null for none.
      type: str
nvswitch:
  description: Whether there are NVSwitches on the PCI bus.
  returned: always
  type: bool
unread:
  description: What exists but could not be read, each with C(what), C(why) and C(fix).
  returned: always
  type: list
  elements: dict
"""

from ..module_utils.basic import AnsibleModule
from ..module_utils.common.host import command
from ..module_utils.driver.host import facts as driver_facts


def main():
    module = AnsibleModule(
        argument_spec={
            "pynvml_path": {"type": "path"},
        },
        supports_check_mode=True,
    )
    facts = driver_facts.read(command.run, module.params["pynvml_path"])
    module.exit_json(changed=False, **facts)


if __name__ == "__main__":
    main()
