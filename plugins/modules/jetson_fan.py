#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: jetson_fan
short_description: Set the fan profile of a Jetson by name, and fan curves of your own
version_added: 0.1.0
description:
  - Sets the profile that C(nvfancontrol) uses for the fans, now and at every boot.
  - Writes profiles of your own into the configuration, between two comments; everything else in it stays as it is.
  - The daemon remembers its last profile in C(/var/lib/nvfancontrol/status), which overrides the configuration. The
    module stops the daemon, sets the default in the configuration, removes that file and starts the daemon again.
author:
  - The edgesite.gpu maintainers (@edgesite)
options:
  profile:
    description:
      - Name of a profile in C(/etc/nvfancontrol.conf), such as V(quiet) or V(cool).
      - A name that is not defined for every fan is refused, with a list of those that are, because the daemon would
        exit and the fans would stop.
      - Empty keeps the current profile.
    type: str
    default: ""
  curves:
    description:
      - All profiles of your own, for every fan of the board. Others that an earlier run wrote are removed. An empty
        list removes them all; without this option they are left alone.
      - A curve with the name of one of the board's profiles is refused, as is one with which a fan would stand still at
        the hottest point, and the removal of the curve that is in force.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the profile, of letters, digits, dashes and C(_).
        type: str
        required: true
      points:
        description: Two or more points with rising temperatures; the daemon interpolates between them.
        type: list
        elements: dict
        required: true
        suboptions:
          temperature:
            description:
              - Degrees Celsius. If C(TMARGIN) is C(ENABLED) in the configuration, as on most boards, they are the
                degrees that are left below the limit, so the first point is the hottest one.
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
            description: Turns per minute that belong to it, for boards whose fan is controlled by them.
            type: int
            default: 0
attributes:
  check_mode:
    support: full
    description: Reports what would change and changes nothing.
  diff_mode:
    support: full
    description: Shows the profile of each fan and curves of your own, before and after.
seealso:
  - module: edgesite.gpu.nvpmodel
  - module: edgesite.gpu.jetson_clocks
requirements:
  - a Jetson with the package nvidia-l4t-nvfancontrol
"""

EXAMPLES = r"""
- name: Choose a fan profile that starts the fans early
  edgesite.gpu.jetson_fan:
    profile: cool
  become: true

- name: Write a curve for a dusty cabinet, and use it
  edgesite.gpu.jetson_fan:
    profile: cabinet
    curves:
      - name: cabinet
        points:
          - {temperature: 0, pwm: 255, rpm: 2900}
          - {temperature: 30, hysteresis: 8, pwm: 180, rpm: 2000}
          - {temperature: 105, hysteresis: 0, pwm: 90, rpm: 1000}
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
    - does: set fan profile cool and restart nvfancontrol
      disruption: restart
      of: [nvfancontrol.service]
before:
  description:
    - Default and current profile of each fan, whether the daemon is running, and the lines of curves of your own
      (C(curves)), before.
  returned: success
  type: dict
  sample: {"fans": [{"fan": 1, "default": "quiet", "profile": "quiet"}], "running": true, "curves": []}
after:
  description: The same, after; in check mode, the expected state.
  returned: success
  type: dict
  sample: {"fans": [{"fan": 1, "default": "cool", "profile": "cool"}], "running": true, "curves": []}
profiles:
  description: The profiles that all fans of this board support.
  returned: success
  type: list
  elements: str
  sample: [quiet, cool]
undone:
  description: Whether the steps before the failure were undone, so that the host is as it was.
  returned: when a step failed
  type: bool
"""

from ..module_utils.basic import AnsibleModule
from ..module_utils.common.host import command
from ..module_utils.jetson import fan
from ..module_utils.jetson.host.fan_domain import JetsonFanDomain
from ..module_utils.jetson.spec import CURVES
from ..module_utils.runner import run


def main():
    module = AnsibleModule(
        argument_spec={"profile": {"type": "str", "default": ""}, "curves": CURVES},
        supports_check_mode=True,
    )
    run(module, lambda: JetsonFanDomain(command.run, fan.wanted(module.params["profile"], module.params["curves"])))


if __name__ == "__main__":
    main()
