#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: nvidia_driver
short_description: Install, hold and load NVIDIA's driver in a given branch or version
version_added: 0.1.0
description:
  - Installs, upgrades or downgrades the packages of NVIDIA's driver from the distribution, NVIDIA's repository or a
    site's own mirror, and holds them.
  - Before any package changes, the whole transaction is checked, including what it would remove, holds that others set,
    free disk space, kernel headers, Secure Boot and who uses the driver. If a step fails after that, the changes are
    undone and the previous driver is installed again.
  - Loads the new kernel modules if nothing uses the old ones; otherwise the host has to reboot (see O(allow_reboot)).
  - The work continues on the host if the connection breaks. Another run that starts meanwhile waits for it to finish.
author:
  - The edgesite.gpu maintainers (@edgesite)
extends_documentation_fragment:
  - edgesite.gpu.reboots
  - edgesite.gpu.waits
  - edgesite.gpu.nvml
options:
  state:
    description:
      - V(absent) removes the driver's packages and everything else that this module installed for them. It is refused
        if others hold any of these packages, or while the driver is in use, unless the host may reboot.
    type: str
    choices: [present, absent]
    default: present
  branch:
    description:
      - Branch of the driver, such as V(550). An installed driver of this branch is left as it is.
      - Set either this or O(version).
    type: str
  version:
    description: Exact version of the driver, such as V(550.163.01), without the package's suffix after a dash.
    type: str
  flavour:
    description:
      - Which kernel modules to install. V(auto) keeps the installed flavour if the GPUs can run it and otherwise
        chooses the one that they can run.
    type: str
    choices: [auto, open, proprietary]
    default: auto
  source:
    description:
      - Where packages come from. V(distribution) is the distribution's archive, V(nvidia) is NVIDIA's repository on the
        internet, and V(mirror) is the site's own repository (see O(mirror)).
    type: str
    choices: [distribution, nvidia, mirror]
    default: distribution
  mirror:
    description: The site's own package repository.
    type: dict
    suboptions:
      url:
        description:
          - URL of the repository, without user name and password. Set either this or O(mirror.path).
          - Must begin with C(http://), C(https://) or C(file:///) and may contain letters, digits, C(._:+@=,~-/) and
            C(%XX).
        type: str
      path:
        description:
          - Directory on the host that contains the repository, for example on a mounted disk.
          - Must be an absolute path of letters, digits and C(._:+@=,~-).
        type: path
      suite:
        description: Suite for apt, or a directory that ends with a slash.
        type: str
        default: ./
      components:
        description: Components of the suite for apt, separated by single spaces.
        type: str
        default: main
      layout:
        description:
          - Whose packages the mirror contains, NVIDIA's (V(nvidia)) or the distribution's (V(distribution)). Their
            names differ.
        type: str
        choices: [nvidia, distribution]
        default: nvidia
      key:
        description:
          - File on the controller with the public key that the repository is signed with. Prefix a relative path with
            C(inventory_dir).
        type: path
        required: true
      key_base64:
        description: The key itself in Base64. Set by the action plugin, which reads it from O(mirror.key).
        type: str
      key_fingerprint:
        description: Fingerprint of the key, 40 hexadecimal digits. Any other key is refused.
        type: str
        required: true
      key_sha256:
        description: SHA-256 of the key file, as an optional second check.
        type: str
  distribution_url:
    description:
      - Archive that provides contrib and non-free on a Debian host whose sources lack them. The same characters are
        allowed as in O(mirror.url).
    type: str
    default: http://deb.debian.org/debian
  nvidia_key_fingerprint:
    description:
      - Fingerprint of the key with which NVIDIA signs its repository for this system, for O(source=nvidia). Needed on
        RHEL 10 and its derivatives, because this collection does not include that key's fingerprint.
    type: str
    default: ""
  headless:
    description: Install only what computing needs; V(false) adds graphics.
    type: bool
    default: true
  extra_packages:
    description: Packages to install with the driver, such as V(libnvidia-encode1). Names without versions.
    type: list
    elements: str
    default: []
  hold:
    description: Hold the driver's packages, so that nothing else upgrades them, including unattended-upgrades.
    type: bool
    default: true
  persistenced:
    description: Run nvidia-persistenced, so that GPUs stay initialised.
    type: bool
    default: true
  while_used:
    description:
      - Install another version even while the loaded one is in use and a reboot is not allowed. Programs started after
        that cannot use the GPUs until the host has rebooted.
    type: bool
    default: false
  lock_timeout:
    description: Seconds to wait for other programs that use the package manager, such as unattended-upgrades.
    type: int
    default: 600
  package_timeout:
    description:
      - Seconds that one apt or dnf command may take, including the kernel modules that it builds. A command that takes
        longer fails, and the previous packages are installed again.
    type: int
    default: 3600
attributes:
  check_mode:
    support: full
    description: Reports what would be done, as far as that can be predicted from the package lists on the host.
  diff_mode:
    support: full
    description: Shows version, packages, holds, services and the files that the module manages, before and after.
notes:
  - The C(timeout) of a task, if set, must be longer than O(package_timeout) plus twice O(reboot_timeout).
seealso:
  - module: edgesite.gpu.nvidia_driver_info
"""

EXAMPLES = r"""
- name: Install branch 535 from the distribution
  edgesite.gpu.nvidia_driver:
    branch: "535"
    allow_reboot: true
  become: true

- name: Install a driver from the site's own mirror, whose key is pinned
  edgesite.gpu.nvidia_driver:
    version: 550.163.01
    source: mirror
    mirror:
      url: http://hub/nvidia
      key: "{{ inventory_dir }}/../mirror.asc"
      key_fingerprint: 9F1B 47E6 1B7C 0B1A 3F0E  1B7C 0B1A 3F0E 9F1B 47E6
  become: true
"""

RETURN = r"""
actions:
  description:
    - What was done, or would be done in check mode.
    - C(does) describes an action. C(disruption) says what it interrupts, V(none), V(restart) (services), V(destroy)
      (MIG instances), V(reset) (GPUs), V(reboot) or V(wipe) (data on a disk), and C(of) lists what that affects.
    - C(after) is V(reboot) for an action that comes after a reboot.
  returned: success, or when a step failed
  type: list
  elements: dict
  sample:
    - {does: "load the driver's kernel modules without a reboot", disruption: reset, of: [all GPUs]}
before:
  description: C(version), C(verdict), C(packages), C(held), C(services) and C(files), before.
  returned: success
  type: dict
after:
  description: The same, after; in check mode, as far as it can be predicted.
  returned: success
  type: dict
version:
  description: The driver's version, according to its libraries.
  returned: success
  type: str
  sample: 550.163.01
verdict:
  description: As returned by M(edgesite.gpu.nvidia_driver_info).
  returned: success
  type: str
  sample: ok
reboot_required:
  description: Whether the installed driver needs a reboot.
  returned: success
  type: bool
msg:
  description: Why a reboot is needed, or what failed and what to do.
  returned: when a reboot is needed or the module failed
  type: str
undone:
  description: Whether the steps before the failure were undone, so that the host is as it was.
  returned: when a step failed
  type: bool
"""

from ..module_utils.basic import AnsibleModule
from ..module_utils.common.errors import EdgesiteError
from ..module_utils.driver.host import layer
from ..module_utils.driver.spec import OPTIONS
from ..module_utils.gpu.host import pynvml_loader
from ..module_utils.runner import fail, run_apart


class NoPynvml(EdgesiteError):
    """The action plugin sends it, and runs the module again."""

    status = "pynvml_missing"


def main():
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    params, check, verbosity = module.params, module.check_mode, module._verbosity
    if params["pynvml_path"] is None and params["job"] is None and pynvml_loader.usable() is None:
        # Before anything begins: a driver that is only now installed is judged by it, too.
        fail(module, NoPynvml("pynvml is not on this host", "Run edgesite.gpu.host_tools, or give pynvml_path"))
    run_apart(module, "driver", lambda note: layer.run(params, check, verbosity, note))


if __name__ == "__main__":
    main()
