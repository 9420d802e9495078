#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tpm_key
short_description: Create a key that never leaves the TPM
version_added: 0.1.0
description:
  - Creates a signing key in the host's TPM 2.0. Nobody can extract it, and it has no password, so services can use it
    unattended.
  - O(path) is a file that only this TPM can use, in the format C(TSS2 PRIVATE KEY) that OpenSSL's provider for TPMs
    reads; a copy is useless elsewhere. With O(handle) the key is stored in the TPM itself. Both may be set.
  - Creates the TPM's storage key at C(0x81000001) if there is none.
  - Leaves nothing loaded in the TPM, even without a resource manager.
author:
  - The edgesite.gpu maintainers (@edgesite)
extends_documentation_fragment:
  - edgesite.gpu.tpm
options:
  path:
    description: File for the key. Its directory is created if it is missing.
    type: path
  handle:
    description:
      - Persistent handle in the TPM, such as V(0x81000010), in quotes. TPMs have room for only a few.
      - Handles of endorsement keys (V(0x81010000) to V(0x8101ffff)) and of the storage key are refused.
    type: str
  type:
    description: Type of the key. RSA keys can sign with any scheme, as TLS 1.3 needs.
    type: str
    choices: [ecc_p256, rsa2048, rsa3072]
    default: ecc_p256
  state:
    description: Whether the key should exist.
    type: str
    choices: [present, absent]
    default: present
  regenerate:
    description:
      - When to replace an existing key, which makes its certificate useless.
      - V(never) fails if the key cannot be used or is of another type, or if O(handle) holds another key.
      - V(unusable) creates a new key if this TPM cannot use the one in the file, for example after the TPM was cleared
        or replaced. A usable key that differs from the options is still an error.
      - V(always) creates a new key in each run.
    type: str
    choices: [never, unusable, always]
    default: never
  owner_auth:
    description:
      - The TPM's owner password, if one is set. Needed to create the storage key and to change the key at O(handle).
    type: str
  owner:
    description: Owner of the file, by name or number.
    type: str
    default: root
  group:
    description: Group of the file, by name or number.
    type: str
    default: root
  mode:
    description: Mode of the file, in octal and in quotes.
    type: str
    default: "0600"
attributes:
  check_mode:
    support: full
    description:
      - Reports what would change and changes nothing. RV(public) and RV(name) of a key that is not created yet are
        null.
  diff_mode:
    support: full
    description: Shows the key in the file and at the handle, before and after.
seealso:
  - module: edgesite.gpu.tpm_info
  - module: edgesite.gpu.tpm_csr
  - module: edgesite.gpu.tpm_challenge
requirements:
  - a TPM 2.0
  - tpm2-tools 5.0 or newer
"""

EXAMPLES = r"""
- name: Create a key for the host's certificate
  edgesite.gpu.tpm_key:
    path: /etc/edgesite-gpu/identity/a/key.pem
    group: edgesite-identity
    mode: "0640"
  become: true

- name: Create a new key after the TPM was cleared (it needs a new certificate)
  edgesite.gpu.tpm_key:
    path: /etc/edgesite-gpu/identity/a/key.pem
    regenerate: unusable
  become: true

- name: Create a key that is stored in the TPM
  edgesite.gpu.tpm_key:
    handle: "0x81000010"
    type: rsa2048
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
    - does: "create a key of type ecc_p256 in the TPM, in /etc/edgesite-gpu/node/key.pem (there is none)"
      disruption: none
      of: []
before:
  description: The key at C(path) and at C(handle), each with C(type) and C(name), before; null if there is none.
  returned: success
  type: dict
  sample: {"path": null}
after:
  description: The same, after; in check mode, the expected state.
  returned: success
  type: dict
  sample: {"path": {"type": "ecc_p256", "name": "000b...", "owner": "root", "group": "root", "mode": "0600"}}
public:
  description: Public part of the key in the TPM's own format (C(TPM2B_PUBLIC)), in Base64.
  returned: success
  type: str
name:
  description: The TPM's name of the key in hexadecimal, which is a hash of the public part and all attributes.
  returned: success
  type: str
  sample: 000b717b76417a752a9247aba13b707f8d7ed702ddecb8f12890188d859cf9404955
type:
  description: Type of the key.
  returned: success
  type: str
  sample: ecc_p256
path:
  description: File of the key.
  returned: success
  type: str
handle:
  description: Handle of the key.
  returned: success
  type: str
  sample: "0x81000010"
undone:
  description: Whether the steps before the failure were undone, so that the host is as it was.
  returned: when a step failed
  type: bool
"""

from ..module_utils.basic import AnsibleModule
from ..module_utils.common.host import command
from ..module_utils.runner import run
from ..module_utils.tpm.host.key import wanted_access
from ..module_utils.tpm.host.key_domain import TpmKeyDomain
from ..module_utils.tpm.host.tools import Tools
from ..module_utils.tpm.key import Wanted, parse_key_handle, parse_mode


def main():
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path"},
            "handle": {"type": "str"},
            "type": {"type": "str", "choices": ["ecc_p256", "rsa2048", "rsa3072"], "default": "ecc_p256"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "regenerate": {"type": "str", "choices": ["never", "unusable", "always"], "default": "never"},
            "owner_auth": {"type": "str", "no_log": True},
            "owner": {"type": "str", "default": "root"},
            "group": {"type": "str", "default": "root"},
            "mode": {"type": "str", "default": "0600"},
            "tcti": {"type": "str"},
        },
        required_one_of=[("path", "handle")],
        supports_check_mode=True,
    )
    run(module, lambda: make_domain(module))


def make_domain(module):
    options = module.params
    wanted = Wanted(
        present=options["state"] == "present",
        kind=options["type"],
        path=options["path"],
        handle=parse_key_handle(options["handle"]) if options["handle"] else None,
        regenerate=options["regenerate"],
        access=wanted_access(options["owner"], options["group"], parse_mode(options["mode"])),
    )
    return TpmKeyDomain(lambda: Tools(command.run, options["tcti"]), wanted, options["owner_auth"])


if __name__ == "__main__":
    main()
