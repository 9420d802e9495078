#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: nvidia_driver
short_description: Bring NVIDIA's driver to a branch or a version, keep it there, and have it loaded
version_added: 0.1.0
description:
  - Installs, upgrades or downgrades the packages of NVIDIA's driver from the distribution, from NVIDIA's repository or
    from a site's own mirror, and holds them.
  - Before any package changes, the whole transaction is checked, what it would remove, packages that others hold, room
    on every disk, headers of the kernel, Secure Boot, and who uses the driver. What fails after that is taken back, and
    the driver that was there is installed again.
  - Loads the new kernel modules where nothing holds the old ones; else the host has to reboot, see O(allow_reboot).
  - The work goes on on the host when the link to it breaks. Another run that comes meanwhile waits for it.
author:
  - The edgesite.gpu maintainers (@edgesite)
extends_documentation_fragment:
  - edgesite.gpu.reboots
  - edgesite.gpu.waits
options:
  state:
    description:
      - V(absent) removes the driver's packages and everything that this module keeps on the host for them. It is
        refused while the driver is in use, unless the host may reboot, and where others hold packages of it.
    type: str
    choices: [present, absent]
    default: present
  branch:
    description:
      - Branch of the driver, such as V(550). A driver of this branch that is there stays as it is.
      - This or O(version).
    type: str
  version:
    description: Exact version of the driver, such as V(550.163.01), without what a package adds after a dash.
    type: str
  flavour:
    description:
      - Kernel modules. V(auto) keeps what is installed where the cards can run it, else takes what they can run.
    type: str
    choices: [auto, open, proprietary]
    default: auto
  source:
    description:
      - Where packages come from, V(distribution), V(nvidia) (NVIDIA's repository on the internet), or V(mirror) (the
        site's own, see O(mirror)).
    type: str
    choices: [distribution, nvidia, mirror]
    default: distribution
  mirror:
    description: The site's own repository of packages.
    type: dict
    suboptions:
      url:
        description:
          - Address of the repository, without user name and password. This or O(mirror.path).
          - It begins with C(http://), C(https://) or C(file:///), and has letters, digits, C(._:+@=,~-/) and C(%XX).
        type: str
      path:
        description:
          - Folder on the host that holds the repository, such as a mounted disk.
          - An absolute path of letters, digits and C(._:+@=,~-).
        type: path
      suite:
        description: Suite, or a folder that ends with a slash, for apt.
        type: str
        default: ./
      components:
        description: Components of the suite, for apt, with single spaces between them.
        type: str
        default: main
      layout:
        description: Whose packages the mirror has, V(nvidia) or V(distribution); they differ in their names.
        type: str
        choices: [nvidia, distribution]
        default: nvidia
      key:
        description:
          - Public key that the repository is signed with, a file on the controller. Begin a relative path with
            C(inventory_dir).
        type: path
        required: true
      key_base64:
        description: The key itself in base64; the action plugin reads it from O(mirror.key).
        type: str
      key_fingerprint:
        description: Fingerprint of the key, 40 hex digits. Another key is refused.
        type: str
        required: true
      key_sha256:
        description: SHA-256 of the key file, for those who want that too.
        type: str
  distribution_url:
    description:
      - Archive that contrib and non-free are taken from on a Debian host whose sources lack them; as O(mirror.url).
    type: str
    default: http://deb.debian.org/debian
  nvidia_key_fingerprint:
    description:
      - Fingerprint of the key that NVIDIA signs its repository for this system with, for O(source=nvidia). Needed on
        RHEL 10 and its like, whose key this collection has no fingerprint of.
    type: str
    default: ""
  headless:
    description: Only what computing needs; V(false) adds graphics.
    type: bool
    default: true
  extra_packages:
    description: Packages to install with the driver, such as V(libnvidia-encode1); names without versions.
    type: list
    elements: str
    default: []
  hold:
    description: Hold the driver's packages against upgrades by others, unattended-upgrades among them.
    type: bool
    default: true
  persistenced:
    description: Keep GPUs initialised with nvidia-persistenced.
    type: bool
    default: true
  while_used:
    description:
      - Install another version while the loaded one is in use and a reboot is not allowed. Programs that start from
        then on cannot use the GPUs before the host has rebooted.
    type: bool
    default: false
  lock_timeout:
    description: Seconds to wait for other programs that work on packages, such as unattended-upgrades.
    type: int
    default: 600
  package_timeout:
    description:
      - Seconds that one command of apt or dnf may take, with the kernel modules that are built in it. What takes
        longer fails, and what was installed before it is installed again.
    type: int
    default: 3600
  pynvml_path:
    description:
      - Folder or archive, on the host, to import pynvml from.
      - Without it the host tools' pynvml is used, else the system's, else the controller's is sent along.
    type: path
attributes:
  check_mode:
    support: full
    description: Says what would be done, as far as that can be told without new lists of packages.
  diff_mode:
    support: full
    description: Shows version, packages, holds, services and the files that it keeps.
notes:
  - A task in a playbook needs a C(timeout) that is longer than O(package_timeout) and twice O(reboot_timeout).
seealso:
  - module: edgesite.gpu.nvidia_driver_info
"""

EXAMPLES = r"""
- name: The driver of the distribution, branch 535
  edgesite.gpu.nvidia_driver:
    branch: "535"
    allow_reboot: true
  become: true

- name: A driver from the site's own mirror, whose key is pinned
  edgesite.gpu.nvidia_driver:
    version: 550.163.01
    source: mirror
    mirror:
      url: http://hub/nvidia
      key: "{{ inventory_dir }}/mirror.asc"
      key_fingerprint: 9F1B 47E6 1B7C 0B1A 3F0E  1B7C 0B1A 3F0E 9F1B 47E6
  become: true
"""

RETURN = r"""
actions:
  description: What was done, or in check mode would be done.
  returned: success, or when a step failed
  type: list
  elements: dict
  sample: [{"does": "load kernel module 550.163.01 without a reboot"}]
before:
  description: C(version), C(verdict), C(packages), C(held), C(services) and C(files) before.
  returned: success
  type: dict
after:
  description: The same, after; in check mode, what is foreseen of it.
  returned: success
  type: dict
version:
  description: The driver's version, by its libraries.
  returned: success
  type: str
  sample: 550.163.01
verdict:
  description: As that of M(edgesite.gpu.nvidia_driver_info).
  returned: success
  type: str
  sample: ok
reboot_required:
  description: Whether the driver that is installed waits for a reboot.
  returned: success
  type: bool
msg:
  description: Why it waits, or what failed and what to do.
  returned: when it waits or failed
  type: str
undone:
  description: Whether what was done before the failure was taken back, so that the host is as it was.
  returned: when a step failed
  type: bool
"""

import re

from ansible.module_utils.urls import open_url

from ..module_utils.basic import AnsibleModule
from ..module_utils.common import action_options
from ..module_utils.common.errors import EdgesiteError
from ..module_utils.common.host import apt, command, dnf
from ..module_utils.common.host.packages import Patience
from ..module_utils.driver.host.domains import domains
from ..module_utils.driver.host.install import AptManager, DnfManager
from ..module_utils.driver.host.look import Look
from ..module_utils.driver.host.removal import RemovalDomain
from ..module_utils.driver.options import options
from ..module_utils.gpu.host import pynvml_loader
from ..module_utils.runner import fail, run_all, run_apart

# Options that are not of the driver itself
LIMITS = ("state", "lock_timeout", "package_timeout", "pynvml_path", "reboot_timeout", "job")


class NoPynvml(EdgesiteError):
    """The action plugin sends it, and runs the module again."""

    status = "pynvml_missing"


def fetch(url):
    try:
        return open_url(url, timeout=30, http_agent="edgesite.gpu").read()
    except Exception as error:
        # urllib, ssl and Ansible each have their own
        raise EdgesiteError(
            "Cannot get {0}: {1}".format(url, re.sub(r"\s+", " ", str(error))),
            "See that the host reaches the internet, or set driver_source: mirror",
        ) from error


def stages(params, check, note):
    present = params["state"] == "present"
    want = options({name: value for name, value in params.items() if name not in LIMITS}) if present else None
    look = Look(command.run, params["pynvml_path"])
    now = look.now()
    patience = Patience(
        params["package_timeout"], "driver_package_timeout", params["lock_timeout"], "driver_lock_timeout"
    )
    if now.on.apt:
        backend = apt.Apt(command.run, note, patience)
        manager, components = AptManager(backend, params["source"]), backend.components
    else:
        manager, components = DnfManager(dnf.Dnf(command.run, note, patience)), dict
    if want is None:
        return [RemovalDomain(look, manager, params["allow_reboot"])]
    return domains(look, want, manager, fetch, components, check)


def main():
    module = AnsibleModule(
        argument_spec={
            **action_options.REBOOTS,
            **action_options.WAITS,
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "branch": {"type": "str"},
            "version": {"type": "str"},
            "flavour": {"type": "str", "choices": ["auto", "open", "proprietary"], "default": "auto"},
            "source": {"type": "str", "choices": ["distribution", "nvidia", "mirror"], "default": "distribution"},
            "mirror": {
                "type": "dict",
                "options": {
                    "url": {"type": "str"},
                    "path": {"type": "path"},
                    "suite": {"type": "str", "default": "./"},
                    "components": {"type": "str", "default": "main"},
                    "layout": {"type": "str", "choices": ["nvidia", "distribution"], "default": "nvidia"},
                    "key": {"type": "path", "required": True, "no_log": False},
                    "key_base64": {"type": "str", "no_log": False},
                    "key_fingerprint": {"type": "str", "required": True, "no_log": False},
                    "key_sha256": {"type": "str", "no_log": False},
                },
            },
            "distribution_url": {"type": "str", "default": "http://deb.debian.org/debian"},
            "nvidia_key_fingerprint": {"type": "str", "default": "", "no_log": False},
            "headless": {"type": "bool", "default": True},
            "extra_packages": {"type": "list", "elements": "str", "default": []},
            "hold": {"type": "bool", "default": True},
            "persistenced": {"type": "bool", "default": True},
            "while_used": {"type": "bool", "default": False},
            "lock_timeout": {"type": "int", "default": 600},
            "package_timeout": {"type": "int", "default": 3600},
            "pynvml_path": {"type": "path"},
        },
        supports_check_mode=True,
    )
    params, check, verbosity = module.params, module.check_mode, module._verbosity
    if params["pynvml_path"] is None and params["job"] is None and pynvml_loader.load() is None:
        # Before anything begins: a driver that is only now installed is judged by it, too.
        fail(module, NoPynvml("pynvml is not on this host", "Run edgesite.gpu.host_tools, or give pynvml_path"))
    run_apart(
        module,
        "driver",
        lambda note: run_all(lambda: stages(params, check, note), check, verbosity, note),
    )


if __name__ == "__main__":
    main()
