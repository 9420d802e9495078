#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tpm_info
short_description: Read a host's TPM, its state and the keys that identify it
version_added: 0.1.0
description:
  - Reads a TPM 2.0 and changes nothing. It never fails because there is no TPM or because something cannot be read;
    RV(unread) gives the reason.
  - The endorsement key identifies a TPM, and its certificate is the manufacturer's statement about it.
  - Leaves nothing loaded in the TPM, even without a resource manager.
author:
  - The edgesite.gpu maintainers (@edgesite)
extends_documentation_fragment:
  - edgesite.gpu.tpm
options:
  gather:
    description:
      - What to read. An endorsement key that the TPM does not store is derived from its seed, which can take several
        seconds.
    type: list
    elements: str
    choices: [properties, handles, endorsement, keys]
    default: [properties, handles, endorsement, keys]
  keys:
    description:
      - Keys to test, by the path of a file that M(edgesite.gpu.tpm_key) created, or by handle in quotes.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    support: full
    description: The module only reads.
  diff_mode:
    support: none
    description: The module only reads.
seealso:
  - module: edgesite.gpu.gpu_info
  - module: edgesite.gpu.tpm_key
requirements:
  - tpm2-tools 5.0 or newer
"""

EXAMPLES = r"""
- name: Read the TPM and test a key
  edgesite.gpu.tpm_info:
    keys:
      - /etc/edgesite-gpu/identity/current/key.pem
  become: true
  register: found

- name: Show keys that the TPM can no longer use
  ansible.builtin.debug:
    msg: "{{ item.path }}: {{ item.reason }}"
  loop: "{{ found.tpm.key_states | rejectattr('usable') }}"
"""

RETURN = r"""
tpm:
  description: The TPM. What was not requested or could not be read is null.
  returned: success
  type: dict
  contains:
    present:
      description: Whether the host has a TPM.
      type: bool
      returned: always
    version:
      description: Version of the TPM. For version V(1.2) nothing else is returned.
      type: str
      returned: always
      sample: "2.0"
    manufacturer:
      description: Manufacturer, by its TCG vendor id.
      type: str
      returned: always
      sample: IFX
    vendor_string:
      description: Text that the manufacturer set.
      type: str
      returned: always
      sample: SLB9670
    firmware:
      description: Version of its firmware.
      type: str
      returned: always
      sample: 7.85.4555.0
    tcti:
      description: How the TPM was reached.
      type: str
      returned: always
      sample: device:/dev/tpmrm0
    lockout:
      description:
        - Protection against wrong passwords, with C(in_lockout), C(counter), C(max_tries) and C(recovery_seconds), the
          time after which the counter is reduced by one.
      type: dict
      returned: always
      sample: {"in_lockout": false, "counter": 0, "max_tries": 32, "recovery_seconds": 600}
    owner_auth_set:
      description: Whether the owner hierarchy has a password.
      type: bool
      returned: always
    endorsement_auth_set:
      description: Whether the endorsement hierarchy has a password.
      type: bool
      returned: always
    persistent_handles:
      description: Handles of the objects stored in the TPM.
      type: list
      elements: str
      returned: always
      sample: ["0x81000001", "0x81010001"]
    endorsement:
      description:
        - Endorsement keys, one for each certificate and one for each that the TPM stores. For a TPM with neither, the
          one on P-256.
      type: list
      elements: dict
      returned: always
      contains:
        type:
          description: V(rsa2048), V(ecc_p256) or V(ecc_p384).
          type: str
          returned: always
        handle:
          description: Handle at which the TPM stores it; null if it is derived each time.
          type: str
          returned: always
        public:
          description: Public part in the TPM's own format (C(TPM2B_PUBLIC)), in Base64.
          type: str
          returned: always
        name:
          description: The TPM's name of the key, in hexadecimal.
          type: str
          returned: always
        sha256:
          description:
            - SHA-256 of the key (of its SubjectPublicKeyInfo in DER), by which M(edgesite.gpu.tpm_credential) pins it.
          type: str
          returned: always
        certificate:
          description: Its certificate in PEM.
          type: str
          returned: always
        certificate_handle:
          description: NV index of the certificate.
          type: str
          returned: always
          sample: "0x01c00002"
        certificate_matches:
          description: Whether the certificate is for this key; null if there is none.
          type: bool
          returned: always
        issuers:
          description: Certificates of the issuers that the TPM contains (from NV index C(0x01c00100)), in PEM.
          type: list
          elements: str
          returned: always
    key_states:
      description: State of the keys in O(keys), in the same order.
      type: list
      elements: dict
      returned: always
      contains:
        path:
          description: File of the key.
          type: str
          returned: always
        handle:
          description: Handle of the key.
          type: str
          returned: always
        usable:
          description: Whether this TPM can use it.
          type: bool
          returned: always
        cause:
          description:
            - Why it is not usable, V(missing), V(foreign) (it belongs to another TPM, or to this one before it was
              cleared) or V(tpm) (the TPM could not be asked). Null if it is usable.
          type: str
          returned: always
        reason:
          description: Why it is not usable and what to do.
          type: str
          returned: always
        type:
          description: Type of the key.
          type: str
          returned: always
        public:
          description: Public part in the TPM's own format (C(TPM2B_PUBLIC)), in Base64.
          type: str
          returned: always
        name:
          description: The TPM's name of the key, in hexadecimal.
          type: str
          returned: always
unread:
  description: What exists but could not be read, with C(what), C(why) and C(fix).
  returned: success
  type: list
  elements: dict
"""

from ..module_utils.basic import AnsibleModule
from ..module_utils.common.errors import EdgesiteError
from ..module_utils.common.host import command
from ..module_utils.runner import fail
from ..module_utils.tpm import key
from ..module_utils.tpm.host import facts


def main():
    parts = ["properties", "handles", "endorsement", "keys"]
    module = AnsibleModule(
        argument_spec={
            "gather": {"type": "list", "elements": "str", "choices": parts, "default": parts},
            "keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
            "tcti": {"type": "str"},
        },
        supports_check_mode=True,
    )
    try:
        places = [key.parse_place(written) for written in module.params["keys"]]
        found, unread = facts.read(command.run, module.params["tcti"], module.params["gather"], places)
    except EdgesiteError as error:
        fail(module, error)
    else:
        module.exit_json(changed=False, tpm=found, unread=unread)


if __name__ == "__main__":
    main()
