#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: host_plan
short_description: Look once at a whole host, and plan what would bring it to what the inventory asks for
version_added: 0.1.0
description:
  - Renders what the inventory asks for of all layers before the host has said anything, then asks the host once, and
    returns for each layer what would be done, what stands in the way, or why that is unknown. Nothing is changed.
  - The options of each layer are those that its role gives its module, so a plan is what the role would do.
  - The code runs from the host tools where the host has those of the controller's version; otherwise it is sent, with
    pynvml, for this task alone.
author:
  - The edgesite.gpu maintainers (@edgesite)
options:
  select:
    description:
      - Names of layers to look at. By default those that the host's variables call for and the tags of the run select.
    type: list
    elements: str
  despite_mistakes:
    description:
      - Whether to look although some of the host's variables are wrong. Of a layer, the variables that are good are
        looked at; a layer that nothing is left of is not. M(edgesite.gpu.site_check) says what is wrong.
    type: bool
    default: false
  layers:
    description: What is asked of the host, by layer. Set by the action plugin.
    type: dict
    default: {}
  secrets:
    description: Options of layers that are secret. Set by the action plugin.
    type: dict
    default: {}
  gather:
    description: Facts to read along, as in M(edgesite.gpu.gpu_info).
    type: list
    elements: str
    choices: [gpus, driver, jetson, tpm, secure_boot, accelerators, host, layers]
    default: [gpus, driver, jetson, tpm, secure_boot, accelerators, host, layers]
  tpm_tcti:
    description: As in M(edgesite.gpu.gpu_info). By default the variable C(edgesite_tpm_tcti).
    type: str
  tools:
    description: Version of the host tools. Set by the action plugin.
    type: str
  tools_wanted:
    description: Whether the host is to have the host tools. Set by the action plugin.
    type: bool
    default: false
  archive:
    description: The host tools as an archive on the host. Set by the action plugin.
    type: path
attributes:
  check_mode:
    support: full
    description: Only reads, with and without check mode.
  diff_mode:
    support: none
    description: Changes nothing. The plan itself has C(before) and C(after_state) of each layer.
seealso:
  - module: edgesite.gpu.gpu_info
"""

EXAMPLES = r"""
- name: See what a run of the site would do on this host
  edgesite.gpu.host_plan:
  become: true
  register: planned

- name: Show it
  ansible.builtin.debug:
    msg: "{{ planned.layers | map(attribute='actions') | flatten | map(attribute='does') }}"
"""

RETURN = r"""
host:
  description: Name of the host in the inventory.
  returned: success
  type: str
status:
  description: V(read), as the host was.
  returned: success
  type: str
facts:
  description: As returned by M(edgesite.gpu.gpu_info).
  returned: success
  type: dict
layers:
  description: What each layer would do, in the order in which a run does it.
  returned: success
  type: list
  elements: dict
  contains:
    layer:
      description: Its name; V(tools) for the host tools, which boot units and this module run.
      type: str
      returned: always
    state:
      description:
        - V(in_order) if nothing is to be done, V(changes) if RV(layers[].actions) is not empty, V(problem) if something
          has to be corrected first, V(unknown) if the layer can be judged only after another one.
      type: str
      returned: always
    after:
      description: What has to come before the layer can be judged, such as V(driver). Empty if nothing has to.
      type: str
      returned: always
    problem:
      description: What is wrong, and what to do about it. Empty if nothing is.
      type: str
      returned: always
    fix:
      description: What to do about RV(layers[].problem) where that does not say so itself.
      type: str
      returned: always
    problems:
      description: The same, one by one, each with C(problem) and C(fix), in the names of the variables.
      type: list
      elements: dict
      returned: always
    actions:
      description:
        - What would be done, in order. C(does) says it in words; C(disruption) is V(none), V(restart), V(destroy),
          V(reset), V(reboot) or V(wipe), and C(of) names what is disrupted or lost; C(after), where it is there, is
          what has to come before, V(mode) for a change of the GPU's MIG mode, or V(reboot).
      type: list
      elements: dict
      returned: always
    expected:
      description:
        - Of a layer of GPUs that waits for the driver, what it will probably do then, by the cards on the PCI bus and
          this collection's catalogue of GPUs. It has the form of RV(layers[].actions), without UUIDs.
      type: list
      elements: dict
      returned: when RV(layers[].after) is V(driver)
    before:
      description: What the layer's module returns as C(before).
      type: dict
      returned: always
    after_state:
      description: What the layer's module returns as C(after).
      type: dict
      returned: always
    reboot_required:
      description: Whether the host waits for a reboot, or would.
      type: bool
      returned: always
    left_behind:
      description: Settings of GPUs that could not be set back, as M(edgesite.gpu.gpu_settings) returns them.
      type: list
      elements: dict
      returned: if there are any
    created:
      description: GPU instances that would be made, as M(edgesite.gpu.mig_layout) returns them.
      type: list
      elements: dict
      returned: if there are any
    kept:
      description: GPU instances that would stay.
      type: list
      elements: dict
      returned: if there are any
    destroyed:
      description: GPU instances that would be destroyed.
      type: list
      elements: dict
      returned: if there are any
    need:
      description: Whether a certificate would be issued and why, as M(edgesite.gpu.identity) returns it.
      type: dict
      returned: for the layer identity
    observed:
      description: SHA-256 of RV(layers[].before), as canonical JSON.
      type: str
      returned: always
    desired:
      description: SHA-256 of what the inventory asks for, as canonical JSON, with secrets as hashes.
      type: str
      returned: always
left:
  description: Layers that the host has and the inventory no longer calls for.
  returned: success
  type: list
  elements: str
observed:
  description: SHA-256 of those of all layers.
  returned: success
  type: str
desired:
  description: SHA-256 of those of all layers.
  returned: success
  type: str
"""

import fcntl
import importlib
import os
import tempfile
import zipfile
import zlib

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

# Of boot/tools.py, which is not sent along
CURRENT = "/usr/local/lib/edgesite-gpu/current"
PLUGINS = "ansible_collections.edgesite.gpu.plugins"
NO_ROOM = "The host tools cannot be unpacked in {0}: {1}. 'df {0}' on the host shows how much room is left."
DAMAGED = (
    "The archive of the host tools arrived damaged from the controller: {0}. Run again; if this persists, reinstall "
    "the collection on the controller."
)
SUBSETS = ["gpus", "driver", "jetson", "tpm", "secure_boot", "accelerators", "host", "layers"]


class Unusable(Exception):
    """Code that cannot be run; in words."""


def tools(version):
    """The folder of this version of the host tools, or None. It never changes, and is held until this process ends.

    None also where others could have put there what root would run.
    """
    try:
        held = os.open(CURRENT, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(held, fcntl.LOCK_SH)
        folder = os.path.realpath("/proc/self/fd/{0}".format(held)) if is_ours(os.fstat(held)) else ""
    except OSError:
        return None
    return folder if os.path.basename(folder).partition("-")[0] == version else None


def is_ours(found):
    """Whether nobody but root, or the user who runs this, can write to a folder."""
    return found.st_uid in (0, os.geteuid()) and not found.st_mode & 0o022


def unpacked(archive, folder):
    """Python imports packages without a file of their own from folders, and not from archives."""
    try:
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(folder)
    except OSError as error:
        raise Unusable(NO_ROOM.format(os.path.dirname(folder), error.strerror or error)) from error
    except (EOFError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise Unusable(DAMAGED.format(error)) from error
    return folder


def code(place):
    """The module that looks, from a folder with the host tools; None where it is not there whole."""
    # This module came in a package of that name, of which nothing else came along.
    package = importlib.import_module(PLUGINS)
    package.__path__.insert(0, os.path.join(place, PLUGINS.replace(".", "/")))
    try:
        return importlib.import_module(PLUGINS + ".module_utils.site.host.look")
    except ImportError:
        return None


def check(spec, rules, options):
    """The options as the module would have them. Raises ValueError."""
    try:
        found = ArgumentSpecValidator(spec, **rules).validate(options)
    except (AttributeError, OverflowError, TypeError) as error:
        raise ValueError(str(error)) from error
    if found.error_messages:
        raise ValueError("; ".join(found.error_messages))
    return found.validated_parameters


def main():
    module = AnsibleModule(
        argument_spec={
            "select": {"type": "list", "elements": "str"},
            "despite_mistakes": {"type": "bool", "default": False},
            "layers": {"type": "dict", "default": {}},
            "secrets": {"type": "dict", "default": {}, "no_log": True},
            "gather": {"type": "list", "elements": "str", "choices": SUBSETS, "default": SUBSETS},
            "tpm_tcti": {"type": "str"},
            "tools": {"type": "str"},
            "tools_wanted": {"type": "bool", "default": False},
            "archive": {"type": "path"},
        },
        supports_check_mode=True,
    )
    archive = module.params["archive"]
    try:
        found = by_archive(module, archive) if archive else by_tools(module)
    except Unusable as why:
        module.fail_json(msg=str(why))
    module.exit_json(changed=False, **found)


def by_tools(module):
    """What the code says that lies on the host; where it is not of this version, or not whole, it has to be sent."""
    place = tools(module.params["tools"])
    look = code(place) if place else None
    return looked(module, look) if look else {"needs_archive": True}


def by_archive(module, archive):
    """What the code says that was sent."""
    try:
        place = tempfile.TemporaryDirectory(prefix="edgesite-gpu-")
    except OSError as error:
        raise Unusable(NO_ROOM.format("/tmp", error.strerror or error)) from error
    with place as folder:
        look = code(unpacked(archive, folder))
        if look is None:
            raise Unusable(DAMAGED.format("it lacks code"))
        return looked(module, look)


def looked(module, look):
    params = module.params
    layers = {name: {**options, **params["secrets"].get(name, {})} for name, options in params["layers"].items()}
    tools_wanted = params["tools"] if params["tools_wanted"] else None
    wanted = look.Wanted(layers, params["gather"], params["tpm_tcti"], tools_wanted)
    return look.look(wanted, check, module._verbosity)


if __name__ == "__main__":
    main()
