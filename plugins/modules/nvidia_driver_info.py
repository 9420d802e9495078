#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: nvidia_driver_info
short_description: Tell the state of NVIDIA's driver on a host, and what is wrong with it
version_added: 0.1.0
description:
  - Reads everything that decides whether NVIDIA's driver works now and after the next reboot, packages, kernel modules
    on disk for every kernel, what is loaded, libraries, DKMS, Secure Boot, nouveau, and who holds the driver; and
    judges it.
  - Changes nothing, and never fails because something is absent.
  - Needs no working driver, and does not load one. Where pynvml is neither on the host nor on the controller, NVML's
    processes are told only as far as they hold a device file.
author:
  - The edgesite.gpu maintainers (@edgesite)
options:
  pynvml_path:
    description:
      - Folder or archive, on the host, to import pynvml from.
      - Without it the host tools' pynvml is used, else the system's, else the controller's is sent along.
    type: path
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
  - Run it as root; others see only their own processes among RV(holders).
"""

EXAMPLES = r"""
- name: State of the driver
  edgesite.gpu.nvidia_driver_info:
  become: true
  register: driver_info

- name: A driver that does not work, or will not after the next reboot, stops the play
  ansible.builtin.fail:
    msg: "{{ driver_info.reasons | join(' ') }} {{ driver_info.fix }}"
  when: driver_info.verdict == 'broken'

- name: Hosts that wait for a reboot are told
  ansible.builtin.debug:
    msg: "{{ driver_info.reasons | join(' ') }}"
  when: driver_info.verdict == 'reboot_required'
"""

RETURN = r"""
verdict:
  description:
    - V(ok), the driver works, and will after the next reboot.
    - V(reload_required), the loaded module is not the installed one, or none is loaded; nothing is in the way of
      loading it.
    - V(reboot_required), the same, but something holds the loaded module, or only the next kernel has a module.
    - V(broken), neither a reload nor a reboot helps, or the next reboot loses the driver.
    - V(absent), no driver is installed. On a Jetson, whose driver is part of L4T, it is always this.
  returned: always
  type: str
  sample: reboot_required
reasons:
  description:
    - Why, one sentence each, the worst first. With V(ok) these are notes, such as headers that are missing for the next
      update.
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
  description: Packages of NVIDIA's driver that are installed, by name.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name.
      type: str
    version:
      description: Version as the package manager writes it.
      type: str
      sample: 550.163.01-2
    held:
      description: Whether it is held, by dpkg's selection or by dnf's version lock.
      type: bool
    complete:
      description: Whether its installation was completed.
      type: bool
held_by_role:
  description: Packages that M(edgesite.gpu.nvidia_driver) held, by its note C(/etc/edgesite-gpu/driver-holds).
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
      where all of them are passed on to guests.
  returned: always
  type: dict
  contains:
    installed:
      description: Whether it is there.
      type: bool
    version:
      description: Its version, which has to be the driver's exactly; null where it does not tell.
      type: str
      sample: 550.163.01
    running:
      description: Whether its service runs.
      type: bool
loaded:
  description: The loaded kernel module; null where none is loaded.
  returned: always
  type: dict
  contains:
    version:
      description: Its version.
      type: str
      sample: 550.163.01
    flavour:
      description: V(open) or V(proprietary); null where the module does not tell.
      type: str
on_disk:
  description: The kernel module of each kernel that has one, the oldest kernel first.
  returned: always
  type: list
  elements: dict
  contains:
    kernel:
      description: Release of the kernel.
      type: str
      sample: 6.1.0-30-amd64
    running:
      description: Whether this is the kernel that runs.
      type: bool
    newest:
      description: Whether this is the newest kernel, which the next boot takes.
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
      description: Release of the newest installed kernel; null on a host that has none, as a container.
      type: str
    headers:
      description: For each installed kernel, whether its headers are there to build modules with.
      type: dict
      sample: {6.1.0-29-amd64: false, 6.1.0-30-amd64: true}
user_space:
  description: Version of C(libnvidia-ml.so.1); null where it is absent.
  returned: always
  type: str
  sample: 550.163.01
nvml_status:
  description:
    - V(ok), or NVML's error in lower case, such as V(driver_not_loaded), V(lib_rm_version_mismatch),
      V(library_not_found), V(pynvml_missing).
  returned: always
  type: str
dkms:
  description: What DKMS knows of NVIDIA's modules. A module that is not built for any kernel has a null kernel.
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
      description: What DKMS warns of, such as a difference between the built and the installed module.
      type: str
secure_boot:
  description: V(enabled), V(disabled), V(unsupported) (no UEFI, or UEFI without Secure Boot), or V(unknown).
  returned: always
  type: str
mok:
  description: The host's own key for modules.
  returned: always
  type: dict
  contains:
    enrolled:
      description: Whether the firmware takes modules that this key signed; null where that cannot be told.
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
      description: Whether modprobe's configuration or the kernel's command line keeps it from loading by itself.
      type: bool
    available:
      description: Whether the newest kernel has it.
      type: bool
    initramfs_rebuilt:
      description:
        - Whether the newest kernel's initramfs is younger than the blacklisting; null where there is none of the two.
      type: bool
holders:
  description: Who uses the loaded driver, processes and kernel modules.
  returned: always
  type: list
  elements: dict
  contains:
    pid:
      description: Process; null for a kernel module.
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
        - Whether it is in the way of a reload. Services of the driver are not, as they end and start with it;
          the driver's own modules are only where something else than a process that is listed holds them.
      type: bool
gpus:
  description: NVIDIA GPUs on the PCI bus, with or without a driver, by address.
  returned: always
  type: list
  elements: dict
  contains:
    pci_bus_id:
      description: PCI address as in C(/sys/bus/pci/devices).
      type: str
      sample: '0000:17:00.0'
    pci_device_id:
      description: PCI device, four hex digits.
      type: str
      sample: 20b0
    name:
      description: Model; null for one that neither this collection nor NVML knows.
      type: str
      sample: NVIDIA A100-SXM4-40GB
    architecture:
      description: Architecture in lower case; null where neither this collection nor NVML knows.
      type: str
      sample: ampere
    driver:
      description: Kernel driver that has it, such as V(nvidia), V(nouveau), V(vfio-pci); null for none.
      type: str
nvswitch:
  description: Whether there are NVSwitches on the PCI bus.
  returned: always
  type: bool
unread:
  description: What is there but could not be read, each with C(what), C(why) and C(fix).
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
