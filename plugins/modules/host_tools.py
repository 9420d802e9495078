#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: host_tools
short_description: Install the programs that boot units run
version_added: 0.1.0
description:
  - Settings that do not survive a reboot, such as power limits or MIG instances, are restored by boot units. They run
    the collection's own code, which this module installs in C(/usr/local/lib/edgesite-gpu) together with pynvml from
    the controller. The host needs no network access and no package for this.
  - A new version is checked, written next to the old one and activated in one step. A program that is running keeps its
    version until it exits.
  - Only files that the controller's manifest lists are installed. Files that were changed, added or removed since are
    found and repaired by the next run.
author:
  - The edgesite.gpu maintainers (@edgesite)
options:
  state:
    description: Whether the tools are installed.
    type: str
    choices: [present, absent]
    default: present
  manifest:
    description: SHA-256 of each file to install, by path. Set by the action plugin.
    type: dict
    default: {}
  archive:
    description: Path on the host of the archive with the files. Set by the action plugin.
    type: path
attributes:
  check_mode:
    support: full
    description: Reports what would change and changes nothing.
  diff_mode:
    support: full
    description: Shows the SHA-256 of the files, before and after.
requirements:
  - pynvml (nvidia-ml-py) on the controller
"""

EXAMPLES = r"""
- name: Install the host tools
  edgesite.gpu.host_tools:
  become: true

- name: Remove the host tools
  edgesite.gpu.host_tools:
    state: absent
  become: true
"""

RETURN = r"""
actions:
  description:
    - What was done, or would be done in check mode.
    - C(does) describes an action. C(disruption) says what it interrupts, V(none), V(restart) (services), V(destroy)
      (MIG instances), V(reset) (GPUs), V(reboot) or V(wipe) (data on a disk), and C(of) lists what that affects.
  returned: success
  type: list
  elements: dict
  sample:
    - does: install the host tools 7f7b0fe3b1c2a4d5
      disruption: none
      of: []
      version: 7f7b0fe3b1c2a4d5
before:
  description:
    - The version (null if none is installed) and the SHA-256 of each file, before.
    - For a file that is not as installed, what is wrong with it, such as C(mode 0666) or C(not a plain file).
  returned: success
  type: dict
  sample: {"version": null, "files": {}}
after:
  description: The same, after; in check mode, the expected state.
  returned: success
  type: dict
  sample: {"version": "7f7b0fe3b1c2a4d5", "files": {"pynvml.py": "aa11..."}}
"""

from ..module_utils.basic import AnsibleModule
from ..module_utils.boot.host.tools_domain import HostToolsDomain
from ..module_utils.converge import converge
from ..module_utils.runner import run


def main():
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "manifest": {"type": "dict", "default": {}},
            "archive": {"type": "path"},
        },
        supports_check_mode=True,
    )
    run(module, lambda: _domain(module))


def _domain(module):
    present = module.params["state"] == "present"
    domain = HostToolsDomain(present, module.params["manifest"], module.params["archive"])
    waits_for_archive = present and not module.params["archive"] and not module.check_mode
    if waits_for_archive and converge(domain, check=True).actions:
        module.exit_json(changed=False, needs_archive=True)
    return domain


if __name__ == "__main__":
    main()
