#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: jetpack
short_description: Bring a Jetson to a JetPack release, a power mode, clocks and a fan profile
version_added: 0.1.0
description:
  - Upgrades L4T and JetPack with apt within a major release of L4T, installs JetPack packages, and holds all of them.
    What no option names is left as it is.
  - Before anything is installed, it checks whether the sources offer the requested release, what apt would keep back or
    remove, holds that others set, and free disk space. An interrupted installation is completed by the next run.
  - Sets power mode, clocks and fan profile like M(edgesite.gpu.nvpmodel), M(edgesite.gpu.jetson_clocks) and
    M(edgesite.gpu.jetson_fan). If packages are requested, it also configures containers to use the GPU.
  - The work continues on the host if the connection breaks. Another run that starts meanwhile waits for it to finish.
author:
  - The edgesite.gpu maintainers (@edgesite)
extends_documentation_fragment:
  - edgesite.gpu.reboots
  - edgesite.gpu.waits
options:
  version:
    description: JetPack release to have, such as V(6.2.2). Empty leaves the release as it is.
    type: str
    default: ""
  suite:
    description: Suite of NVIDIA's repository, such as V(r36.5), instead of a version or with a very new one.
    type: str
    default: ""
  mirror:
    description:
      - URL of a mirror of C(https://repo.download.nvidia.com/jetson), for sites without internet access, with the
        directories C(common), C(t234) and so on. The packages must be signed with NVIDIA's key.
      - Must begin with C(http://), C(https://) or C(file:///) and may contain letters, digits, C(._:+@=,~-/) and
        C(%XX), but no user name or password.
      - Without a version or suite, the apt sources in use are pointed at the mirror and keep their suites.
    type: str
    default: ""
  packages:
    description:
      - Packages to install, such as V(nvidia-jetpack) or a part of it such as V(nvidia-jetpack-runtime). Names without
        versions.
    type: list
    elements: str
    default: []
  hold:
    description:
      - Hold the packages of L4T and JetPack, so that a system upgrade does not change them. V(false) does not release
        packages that an earlier run held.
    type: bool
    default: false
  upgrade:
    description:
      - V(minor) allows an upgrade to the requested release, by a C(dist-upgrade) of all packages on the host.
      - V(none) fails if another release is installed.
    type: str
    choices: [none, minor]
    default: none
  power_mode:
    description:
      - Name of the power mode in C(/etc/nvpmodel.conf) or in O(power_modes). Empty leaves the mode as it is.
    type: str
    default: ""
  power_modes:
    description:
      - All power modes of your own, in the form of the option O(edgesite.gpu.nvpmodel#module:own_modes). An empty list
        removes those of an earlier run; without this option they are left alone.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the mode.
        type: str
        required: true
      base:
        description: Mode of the board that it is like, but for its settings.
        type: str
        required: true
      settings:
        description: What differs from the base, by parameter and argument.
        type: dict
        required: true
  clocks:
    description: Whether to lock or restore the clocks. Empty leaves them as they are.
    type: str
    choices: ["", locked, restored]
    default: ""
  clocks_fan:
    description:
      - Have the fans run at full speed while the clocks are locked, see the option
        O(edgesite.gpu.jetson_clocks#module:fan). Excludes O(fan_profile) and O(fan_curves).
    type: bool
    default: false
  fan_profile:
    description:
      - Name of the fan profile in C(/etc/nvfancontrol.conf) or in O(fan_curves). Empty leaves the profile as it is.
    type: str
    default: ""
  fan_curves:
    description:
      - All fan profiles of your own, in the form of the option O(edgesite.gpu.jetson_fan#module:curves). An empty list
        removes those of an earlier run; without this option they are left alone.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the profile.
        type: str
        required: true
      points:
        description: Two or more points with rising temperatures.
        type: list
        elements: dict
        required: true
        suboptions:
          temperature:
            description: Degrees Celsius, or what is left of them below the limit.
            type: int
            required: true
          hysteresis:
            description: Degrees by which the temperature must fall back before the fan slows down.
            type: int
            default: 0
          pwm:
            description: Speed of the fan, V(0) to V(255).
            type: int
            required: true
          rpm:
            description: Turns per minute that belong to it.
            type: int
            default: 0
  lock_timeout:
    description: Seconds to wait for other programs that use the package manager, such as unattended-upgrades.
    type: int
    default: 600
  apt_timeout:
    description: Seconds that an installation may take.
    type: int
    default: 7200
attributes:
  check_mode:
    support: full
    description: Reports what would be done, as far as that can be predicted from the package lists on the host.
  diff_mode:
    support: full
    description: Shows release, packages, holds, sources, power mode, clocks and fans, before and after.
notes:
  - The C(timeout) of a task, if set, must be longer than O(apt_timeout) plus twice O(reboot_timeout).
seealso:
  - module: edgesite.gpu.jetpack_info
  - module: edgesite.gpu.nvpmodel
  - module: edgesite.gpu.jetson_clocks
  - module: edgesite.gpu.jetson_fan
"""

EXAMPLES = r"""
- name: Bring the Jetson to JetPack 6.2.2, the fastest power mode and locked clocks
  edgesite.gpu.jetpack:
    version: 6.2.2
    upgrade: minor
    packages: [nvidia-jetpack-runtime]
    hold: true
    power_mode: MAXN_SUPER
    clocks: locked
    allow_reboot: true
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
    - {does: upgrade JetPack 6.2.1 (L4T 36.4.7) to 6.2.2, disruption: reboot, of: []}
before:
  description:
    - C(l4t), C(packages), C(held) and C(sources), and what the modules for power mode, clocks and fan return, before.
  returned: success
  type: dict
after:
  description: The same, after; in check mode, as far as it can be predicted.
  returned: success
  type: dict
l4t:
  description: As returned by M(edgesite.gpu.jetpack_info).
  returned: success
  type: dict
jetpack:
  description:
    - JetPack release that contains this L4T. For an L4T that is newer than this collection, the version of the package
      nvidia-jetpack that apt offers with it, or that is installed; null if there is neither.
  returned: success
  type: str
  sample: 6.2.1
slots:
  description: As returned by M(edgesite.gpu.jetpack_info).
  returned: success
  type: dict
l4t_waits:
  description: Whether L4T packages need a reboot to take effect.
  returned: success
  type: bool
mode:
  description: The current power mode.
  returned: when O(power_mode) or O(power_modes) is set
  type: dict
  sample: {"id": 0, "name": "15W"}
modes:
  description: The power modes of this board.
  returned: when O(power_mode) or O(power_modes) is set
  type: list
  elements: dict
locked:
  description: Whether the clocks are locked.
  returned: when O(clocks) is set
  type: bool
fan_at_full_speed:
  description: Whether the fans run at full speed whatever the temperature.
  returned: when O(clocks) is set
  type: bool
profiles:
  description: The fan profiles that all fans of this board support.
  returned: when O(fan_profile) or O(fan_curves) is set
  type: list
  elements: str
reboot_required:
  description: Whether any of these changes needs a reboot to take effect.
  returned: success
  type: bool
undone:
  description: Whether the steps before the failure were undone, so that the host is as it was.
  returned: when a step failed
  type: bool
"""

from ..module_utils.basic import AnsibleModule
from ..module_utils.jetson.host import layer
from ..module_utils.jetson.spec import OPTIONS
from ..module_utils.runner import run_apart


def main():
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    params, check, verbosity = module.params, module.check_mode, module._verbosity
    run_apart(module, "jetpack", lambda note: layer.run(params, check, verbosity, note))


if __name__ == "__main__":
    main()
