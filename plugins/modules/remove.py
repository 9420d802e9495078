#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: remove
short_description: Take off a host what this collection has put on it
version_added: 0.1.0
description:
  - Ends and removes the units of this collection, and removes its files, links, package sources, pins and holds, and at
    last the host tools. docs/remove.md has the whole list.
  - Packages, encrypted volumes, keys and certificates stay, and so do files of others that a layer only changed. All of
    them are named, each with the reason and with how people remove it, see RV(kept).
  - Cards stay as they are set until a reset, a reload of the driver or a reboot, see RV(in_force). Nothing that runs on
    a card is ended.
  - What is not of this collection stays, such as a hold that somebody else made, or another's file in the place of one
    of this collection.
  - A step that fails is taken back with all before it. A run that is killed is finished by the next one.
author:
  - The edgesite.gpu maintainers (@edgesite)
options:
  layers:
    description:
      - The layers whose things go; all of them by default.
      - The host tools go with V(gpu) and V(mig), once no boot unit of a layer runs them.
    type: list
    elements: str
    choices: [tls, identity, storage, mig, gpu, jetpack, driver]
    default: [tls, identity, storage, mig, gpu, jetpack, driver]
  identity_directory:
    description: The folder of the host's identity, to name it; as O(edgesite.gpu.identity#module:directory).
    type: path
    default: /etc/edgesite-gpu/identity
  tls_directory:
    description: The folder with what services are told, as O(edgesite.gpu.tls_services#module:directory).
    type: path
    default: /etc/edgesite-gpu/tls
  lock_timeout:
    description: Seconds to wait for another program that works with packages, before holds are let go.
    type: int
    default: 600
  package_timeout:
    description: Seconds that letting holds go may take.
    type: int
    default: 600
attributes:
  check_mode:
    support: full
    description: Says what would go, what would stay, and what would stay in force; changes nothing. Needs root too.
  diff_mode:
    support: full
    description: Shows units that run, files with their content, links, holds and folders before and after.
seealso:
  - module: edgesite.gpu.nvidia_driver
    description: C(state=absent) removes the driver's packages; before this, or after it.
  - module: edgesite.gpu.identity_device
    description: Revokes what was issued to the host.
"""

EXAMPLES = r"""
- name: Everything that this collection has put on the host is gone
  edgesite.gpu.remove:
  become: true
  register: removed

- name: Boot no longer makes MIG layouts; all else stays
  edgesite.gpu.remove:
    layers: [mig]
  become: true
"""

RETURN = r"""
actions:
  description:
    - What was done, or in check mode would be done.
    - C(does) describes an action. C(disruption) says what it interrupts, V(none), V(restart) (services), V(destroy)
      (MIG instances), V(reset) (GPUs), V(reboot) or V(wipe) (data on a disk), and C(of) lists what that affects.
  returned: success, or when a step failed
  type: list
  elements: dict
  sample:
    - {does: stop edgesite-gpu-settings.service, disruption: restart, of: [edgesite-gpu-settings.service]}
before:
  description:
    - C(running) (units), C(files) with their content, C(links) with their targets, C(held) (packages) and C(folders) of
      the layers, before, and the version of the host tools as C(host_tools).
  returned: success
  type: dict
after:
  description: The same, after; in check mode, what it would be.
  returned: success
  type: dict
kept:
  description: What stays on the host.
  returned: success
  type: list
  elements: dict
  contains:
    what:
      description: Its path, or what it is.
      type: str
    why:
      description: Why it stays.
      type: str
    by_hand:
      description: How people remove it.
      type: str
  sample:
    - what: "packages: haproxy tpm2-openssl"
      why: packages stay, whoever installed them, as others may need them
      by_hand: apt-get purge haproxy tpm2-openssl
in_force:
  description:
    - What a layer has set, and stays so, as far as files of this collection tell. Later runs tell of it too, until the
      host reboots.
  returned: success
  type: list
  elements: dict
  contains:
    what:
      description: What is set.
      type: str
    value:
      description: What it is set to.
      type: str
    until:
      description: What ends it.
      type: str
    by_hand:
      description: How people end it.
      type: str
  sample:
    - what: power_limit of all GPUs
      value: 300 W
      until: a reboot, or the driver is loaded anew
      by_hand: nvidia-smi -pl WATTS; nvidia-smi -q -d POWER tells the default
reboot_required:
  description: Whether something stays in force that a reboot ends.
  returned: success
  type: bool
undone:
  description: Whether what was done before the failure was taken back, so that the host is as it was.
  returned: when a step failed
  type: bool
"""


from ..module_utils.basic import AnsibleModule
from ..module_utils.common.host import command
from ..module_utils.common.host.footprint import Look
from ..module_utils.common.host.packages import Patience
from ..module_utils.outcome import run_all
from ..module_utils.runner import end
from ..module_utils.site.host.removal_domain import LAYERS, domains


def main():
    names = list(LAYERS)
    module = AnsibleModule(
        argument_spec={
            "layers": {"type": "list", "elements": "str", "choices": names, "default": names},
            "identity_directory": {"type": "path", "default": "/etc/edgesite-gpu/identity"},
            "tls_directory": {"type": "path", "default": "/etc/edgesite-gpu/tls"},
            "lock_timeout": {"type": "int", "default": 600},
            "package_timeout": {"type": "int", "default": 600},
        },
        supports_check_mode=True,
    )
    options = module.params
    look = Look(command.run, options["identity_directory"].rstrip("/"), options["tls_directory"].rstrip("/"))
    end(
        module,
        run_all(lambda: domains(look, options["layers"], patience(options)), module.check_mode, module._verbosity),
    )


def patience(options):
    return Patience.of(options["package_timeout"], "package_timeout", options["lock_timeout"], "lock_timeout")


if __name__ == "__main__":
    main()
