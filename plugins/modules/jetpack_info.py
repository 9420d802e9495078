#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: jetpack_info
short_description: Read L4T, JetPack, packages, holds and boot slots of a Jetson
version_added: 0.1.0
description:
  - Reads everything that an upgrade of a Jetson depends on, in one round trip. Changes nothing.
  - L4T is read from C(/etc/nv_tegra_release), or from the package nvidia-l4t-core if that file is missing.
  - Fails on any host that is not a Jetson; M(edgesite.gpu.gpu_info) does not.
author:
  - The edgesite.gpu maintainers (@edgesite)
options: {}
attributes:
  check_mode:
    support: full
    description: The module only reads.
  diff_mode:
    support: N/A
    description: The module changes nothing.
seealso:
  - module: edgesite.gpu.gpu_info
  - module: edgesite.gpu.nvpmodel
notes:
  - Run it as root to read the boot slots and who holds apt's locks.
"""

EXAMPLES = r"""
- name: Read what the Jetson runs
  edgesite.gpu.jetpack_info:
  become: true
  register: jetpack

- name: Show a bootloader that does not belong to the installed L4T
  ansible.builtin.debug:
    msg: "bootloader {{ jetpack.slots.version }}, L4T {{ jetpack.l4t.version }}"
  when: jetpack.slots.version != jetpack.l4t.version
"""

RETURN = r"""
l4t:
  description:
    - L4T release with C(version), C(release), C(revision), C(major), C(minor) and C(patch); null if it is unknown.
  returned: success
  type: dict
  sample: {"version": "36.4.7", "release": "R36", "revision": "4.7", "major": 36, "minor": 4, "patch": 7}
jetpack:
  description:
    - JetPack release that contains this L4T. For an L4T that is newer than this collection, the version of the package
      nvidia-jetpack that apt offers with it, or that is installed; null if there is neither.
  returned: success
  type: str
  sample: 6.2.1
model:
  description: Model in the device tree.
  returned: success
  type: str
module:
  description: Part number of the module.
  returned: success
  type: str
  sample: p3701-0000
soc:
  description: System on chip.
  returned: success
  type: str
  sample: tegra234
board:
  description: Carrier board and module as named in the device tree.
  returned: success
  type: str
  sample: p3737-0000+p3701-0000
unknown_board:
  description:
    - The board as C(/etc/nv_boot_control.conf) names it, if the package nvidia-l4t-bootloader has no firmware for it
      and would fail to upgrade, as on many carrier boards of other makers; otherwise null.
  returned: success
  type: str
  sample: 3767--0005--1--recomputer-orin-j40mini-
nvpmodel:
  description: Power C(mode) and the C(modes) of the board, each with C(id) and C(name).
  returned: success
  type: dict
packages:
  description:
    - Versions of the packages nvidia-jetpack (C(jetpack)), CUDA (C(cuda)), cuDNN (C(cudnn)), TensorRT (C(tensorrt)) and
      the container toolkit (C(container_toolkit)); null if not installed.
  returned: success
  type: dict
  sample: {"jetpack": "6.2.1+b38", "cuda": "12.6.11-1", "cudnn": null, "tensorrt": null, "container_toolkit": null}
installed:
  description: Version of each of NVIDIA's packages, by name.
  returned: success
  type: dict
held:
  description: NVIDIA's packages that are on hold.
  returned: success
  type: list
  elements: str
held_by_role:
  description: Packages that the role jetpack put on hold, as recorded in C(/etc/edgesite-gpu/jetpack-holds).
  returned: success
  type: list
  elements: str
broken:
  description: Packages whose installation was interrupted.
  returned: success
  type: list
  elements: str
apt:
  description: What apt knows of NVIDIA's packages.
  returned: success
  type: dict
  contains:
    suite:
      description: Suite of the sources; null if there are none.
      type: str
      returned: always
      sample: r36.4
    sources:
      description: The sources, each with C(uri), C(suite), C(components) and whether it is C(enabled).
      type: list
      elements: dict
      returned: always
    commented:
      description: Whether lines are commented out, as carrier board vendors do to prevent upgrades.
      type: bool
      returned: always
    text:
      description: Text of C(/etc/apt/sources.list.d/nvidia-l4t-apt-source.list); null if it does not exist.
      type: str
      returned: always
    locked_by:
      description: Processes that use the package manager now, each with C(pid) and C(name).
      type: list
      elements: dict
      returned: always
slots:
  description: Boot slots according to nvbootctrl; null if it is missing or does not answer.
  returned: success
  type: dict
  contains:
    current:
      description: Slot that the host booted from.
      type: str
      returned: always
      sample: A
    active:
      description: Slot that the next boot uses.
      type: str
      returned: always
    version:
      description: Version of the bootloader, which may differ from the version of L4T.
      type: str
      returned: always
      sample: 36.4.7
    capsule_status:
      description: The firmware's result for the last capsule; V(1) is success, V(0) is no capsule.
      type: int
      returned: always
    status:
      description: Status of each slot.
      type: dict
      returned: always
container_toolkit:
  description: NVIDIA's container toolkit and its configuration.
  returned: success
  type: dict
  contains:
    installed:
      description: Whether nvidia-ctk is installed.
      type: bool
      returned: always
    cdi_stale:
      description:
        - Whether C(/etc/cdi/nvidia.yaml) is missing, or older than the packages of L4T or the toolkit. Always false
          with toolkits before 1.14, as in JetPack 5, which do not need that file.
      type: bool
      returned: always
    unconfigured:
      description:
        - The container runtime, V(docker) or V(containerd), if NVIDIA's runtime is not configured in it; otherwise
          null.
      type: str
      returned: always
disk_free_bytes:
  description: Free bytes on the file system where packages are unpacked.
  returned: success
  type: int
reboot_required:
  description: Whether the L4T kernel, bootloader or core packages were installed after the last boot.
  returned: success
  type: bool
unread:
  description: What exists but could not be read, with C(what), C(why) and C(fix).
  returned: success
  type: list
  elements: dict
"""

from ..module_utils.basic import AnsibleModule
from ..module_utils.common.errors import EdgesiteError
from ..module_utils.common.host import command
from ..module_utils.jetson.host import jetpack
from ..module_utils.runner import fail


def main():
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    try:
        found = jetpack.read(command.run)
    except EdgesiteError as error:
        fail(module, error)
    else:
        module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
