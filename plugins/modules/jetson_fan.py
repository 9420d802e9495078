#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: jetson_fan
short_description: Set the fan profile of a Jetson by name
version_added: 0.1.0
description:
  - Sets the profile that C(nvfancontrol) uses for the fans, now and at every boot.
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
    type: str
    required: true
attributes:
  check_mode:
    support: full
    description: Reports what would change and changes nothing.
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
- name: Choose a fan profile that starts the fans early
  edgesite.gpu.jetson_fan:
    profile: cool
  become: true
"""

RETURN = r"""
actions:
  description: What was done, or would be done in check mode.
  returned: success, or when a step failed
  type: list
  elements: dict
  sample: [{"does": "set fan profile cool and restart nvfancontrol"}]
before:
  description: Default and current profile of each fan, and whether the daemon is running, before.
  returned: success
  type: dict
  sample: {"fans": [{"fan": 1, "default": "quiet", "profile": "quiet"}], "running": true}
after:
  description: The same, after; in check mode, the expected state.
  returned: success
  type: dict
  sample: {"fans": [{"fan": 1, "default": "cool", "profile": "cool"}], "running": true}
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
from ..module_utils.jetson.host.fan_domain import JetsonFanDomain
from ..module_utils.runner import run


def main():
    module = AnsibleModule(argument_spec={"profile": {"type": "str", "required": True}}, supports_check_mode=True)
    run(module, lambda: JetsonFanDomain(command.run, module.params["profile"]))


if __name__ == "__main__":
    main()
