#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: jetpack
short_description: Bring a Jetson to a release of JetPack, a power mode, clocks and a fan profile
version_added: 0.1.0
description:
  - Upgrades L4T and JetPack by apt within a major release of L4T, installs packages of JetPack, and holds all of them.
    Leaves alone what no option names.
  - Before anything is installed it checks that the wanted release is what the sources offer, what apt would keep back
    or remove, holds of others, and the room on the disk. An installation that broke off is gone on with by the next
    run.
  - Sets power mode, clocks and fan profile as M(edgesite.gpu.nvpmodel), M(edgesite.gpu.jetson_clocks) and
    M(edgesite.gpu.jetson_fan) do; and has containers use the GPU, where packages are wanted.
  - The work goes on on the host when the link to it breaks. Another run that comes meanwhile waits for it.
author:
  - The edgesite.gpu maintainers (@edgesite)
extends_documentation_fragment:
  - edgesite.gpu.reboots
  - edgesite.gpu.waits
options:
  version:
    description: JetPack that is wanted, such as V(6.2.2). Empty leaves it alone.
    type: str
    default: ""
  suite:
    description: Suite of NVIDIA's that is wanted instead of a version, such as V(r36.5).
    type: str
    default: ""
  mirror:
    description:
      - URL of a mirror of C(https://repo.download.nvidia.com/jetson), for sites without internet; it has the folders
        C(common), C(t234) and so on. Packages are signed by NVIDIA's key.
      - It begins with C(http://), C(https://) or C(file:///), and has letters, digits, C(._:+@=,~-/) and C(%XX); no
        user name and password.
      - Without a version or suite, the apt sources in use go to the mirror, each with the suite that it has.
    type: str
    default: ""
  packages:
    description:
      - Packages that are to be there, such as V(nvidia-jetpack), or a subset of it as V(nvidia-jetpack-runtime); names
        without versions.
    type: list
    elements: str
    default: []
  hold:
    description:
      - Hold the packages of L4T and JetPack, so that no upgrade of the system takes them along. What was held once is
        not released when this is false.
    type: bool
    default: false
  upgrade:
    description:
      - V(minor) lets the module upgrade to the wanted release, which is a C(dist-upgrade) of all packages on the host.
      - V(none) makes a release that is not there an error.
    type: str
    choices: [none, minor]
    default: none
  power_mode:
    description: Name of the power mode, as in C(/etc/nvpmodel.conf). Empty leaves it alone.
    type: str
    default: ""
  clocks:
    description: V(locked) or V(restored). Empty leaves them alone.
    type: str
    choices: ["", locked, restored]
    default: ""
  fan_profile:
    description: Name of the fan profile, as in C(/etc/nvfancontrol.conf). Empty leaves it alone.
    type: str
    default: ""
  lock_timeout:
    description: Seconds to wait for another program that works with packages, such as unattended-upgrades.
    type: int
    default: 600
  apt_timeout:
    description: Seconds that installing may take.
    type: int
    default: 7200
attributes:
  check_mode:
    support: full
    description: Says what would be done, as far as that can be told without new lists of packages.
  diff_mode:
    support: full
    description: Shows release, packages, holds and sources, power mode, clocks and fans.
notes:
  - A task in a playbook needs a C(timeout) that is longer than O(apt_timeout) and twice O(reboot_timeout).
seealso:
  - module: edgesite.gpu.jetpack_info
  - module: edgesite.gpu.nvpmodel
  - module: edgesite.gpu.jetson_clocks
  - module: edgesite.gpu.jetson_fan
"""

EXAMPLES = r"""
- name: JetPack 6.2.2, the newest power mode, and locked clocks
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
  description: What was done, or in check mode would be done.
  returned: success, or when a step failed
  type: list
  elements: dict
  sample: [{"does": "upgrade JetPack 6.2.1 (L4T 36.4.7) to 6.2.2"}]
before:
  description:
    - C(l4t), C(packages), C(held) and C(sources), and what the modules of power mode, clocks and fans tell, before.
  returned: success
  type: dict
after:
  description: The same, after; in check mode, what is foreseen of it.
  returned: success
  type: dict
l4t:
  description: As that of M(edgesite.gpu.jetpack_info).
  returned: success
  type: dict
jetpack:
  description: JetPack that has this L4T; null for an L4T that this collection does not know.
  returned: success
  type: str
  sample: 6.2.1
slots:
  description: As those of M(edgesite.gpu.jetpack_info).
  returned: success
  type: dict
l4t_waits:
  description: Whether packages of L4T wait for a reboot.
  returned: success
  type: bool
mode:
  description: The power mode in force.
  returned: when O(power_mode) is given
  type: dict
  sample: {"id": 0, "name": "15W"}
modes:
  description: The power modes that this board has.
  returned: when O(power_mode) is given
  type: list
  elements: dict
locked:
  description: Whether the clocks are locked.
  returned: when O(clocks) is given
  type: bool
profiles:
  description: The fan profiles that all fans of this board have.
  returned: when O(fan_profile) is given
  type: list
  elements: str
reboot_required:
  description: Whether something of this waits for a reboot.
  returned: success
  type: bool
undone:
  description: Whether what was done before the failure was taken back, so that the host is as it was.
  returned: when a step failed
  type: bool
"""

from ..module_utils.basic import AnsibleModule
from ..module_utils.common import action_options
from ..module_utils.common.host import apt, command
from ..module_utils.common.host.packages import Patience
from ..module_utils.jetson.host.jetpack_domains import Look, Power, domains
from ..module_utils.jetson.jetpack_plan import Wanted
from ..module_utils.runner import run_all, run_apart


def stages(params, note):
    wanted = Wanted(
        params["version"],
        params["suite"],
        tuple(params["packages"]),
        params["hold"],
        params["upgrade"],
        params["mirror"],
    )
    patience = Patience(params["apt_timeout"], "jetpack_apt_timeout", params["lock_timeout"], "jetpack_lock_timeout")
    power = Power(params["power_mode"], params["clocks"], params["fan_profile"])
    backend = apt.Apt(command.run, note, patience)
    return domains(Look(command.run), backend, wanted, power, params["allow_reboot"])


def main():
    module = AnsibleModule(
        argument_spec={
            **action_options.REBOOTS,
            **action_options.WAITS,
            "version": {"type": "str", "default": ""},
            "suite": {"type": "str", "default": ""},
            "mirror": {"type": "str", "default": ""},
            "packages": {"type": "list", "elements": "str", "default": []},
            "hold": {"type": "bool", "default": False},
            "upgrade": {"type": "str", "choices": ["none", "minor"], "default": "none"},
            "power_mode": {"type": "str", "default": ""},
            "clocks": {"type": "str", "choices": ["", "locked", "restored"], "default": ""},
            "fan_profile": {"type": "str", "default": ""},
            "lock_timeout": {"type": "int", "default": 600},
            "apt_timeout": {"type": "int", "default": 7200},
        },
        supports_check_mode=True,
    )
    params, check, verbosity = module.params, module.check_mode, module._verbosity
    run_apart(
        module,
        "jetpack",
        lambda note: run_all(lambda: stages(params, note), check, verbosity, note),
    )


if __name__ == "__main__":
    main()
