#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: jetson_fan
short_description: Set the fan profile of a Jetson by its name
version_added: 0.1.0
description:
  - Sets the profile by which C(nvfancontrol) drives the fans, now and at every boot.
  - The daemon remembers its last profile in C(/var/lib/nvfancontrol/status), which counts more than the configuration.
    The module stops it, sets the default in the configuration, removes that file, and starts it again.
author:
  - The edgesite.gpu maintainers (@edgesite)
options:
  profile:
    description:
      - Name of a profile in C(/etc/nvfancontrol.conf), such as V(quiet) or V(cool).
      - A name that the configuration does not have for every fan is refused, with a list of those it has, since the
        daemon would stop on it and the fans with it.
    type: str
    required: true
attributes:
  check_mode:
    support: full
    description: Says what would change, and changes nothing.
  diff_mode:
    support: full
    description: Shows the profile of each fan, before and after.
seealso:
  - module: edgesite.gpu.nvpmodel
  - module: edgesite.gpu.jetson_clocks
requirements:
  - a Jetson with the package nvidia-l4t-nvfancontrol
"""

EXAMPLES = r"""
- name: The fans start early
  edgesite.gpu.jetson_fan:
    profile: cool
  become: true
"""

RETURN = r"""
actions:
  description: What was done, or in check mode would be done.
  returned: success, or when a step failed
  type: list
  elements: dict
  sample: [{"does": "set fan profile cool and start nvfancontrol anew"}]
before:
  description: Default and present profile of each fan, and whether the daemon runs, before.
  returned: success
  type: dict
  sample: {"fans": [{"fan": 1, "default": "quiet", "profile": "quiet"}], "running": true}
after:
  description: The same, after; in check mode, what it would be.
  returned: success
  type: dict
  sample: {"fans": [{"fan": 1, "default": "cool", "profile": "cool"}], "running": true}
profiles:
  description: The profiles that all fans of this board have.
  returned: success
  type: list
  elements: str
  sample: [quiet, cool]
undone:
  description: Whether what was done before the failure was taken back, so that the host is as it was.
  returned: when a step failed
  type: bool
"""

from ..module_utils.basic import AnsibleModule
from ..module_utils.common.host import command
from ..module_utils.jetson.host.fan_domain import JetsonFanDomain
from ..module_utils.runner import run


def main():
    module = AnsibleModule(argument_spec={"profile": {"type": "str", "required": True}}, supports_check_mode=True)
    run(module, lambda: JetsonFanDomain(command.run, module.params["profile"]))


if __name__ == "__main__":
    main()
