#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tpm_info
short_description: Tell what a host's TPM is, how it stands and by which keys it is known
version_added: 0.1.0
description:
  - Reads a TPM 2.0 and changes nothing. It never fails because there is no TPM, or because something cannot be read;
    RV(unread) tells why.
  - The endorsement key is what a TPM is known by, and its certificate is what the TPM's maker says of it.
  - Leaves nothing loaded in the TPM, also where it has no resource manager.
author:
  - The edgesite.gpu maintainers (@edgesite)
options:
  gather:
    description:
      - What to read. An endorsement key that the TPM does not keep is made from its seed, which can take some seconds.
    type: list
    elements: str
    choices: [properties, handles, endorsement, keys]
    default: [properties, handles, endorsement, keys]
  keys:
    description:
      - Keys to try, by the path of their file, as M(edgesite.gpu.tpm_key) makes it, or by their handle in quotes.
    type: list
    elements: str
    default: []
  tcti:
    description:
      - How the TPM is reached, the way tpm2-tools take it.
      - The default is the kernel's resource manager C(device:/dev/tpmrm0), then C(device:/dev/tpm0).
    type: str
attributes:
  check_mode:
    support: full
    description: Reads only.
  diff_mode:
    support: none
    description: Reads only.
seealso:
  - module: edgesite.gpu.gpu_info
  - module: edgesite.gpu.tpm_key
requirements:
  - tpm2-tools 5.0 or newer
"""

EXAMPLES = r"""
- name: The TPM is known
  edgesite.gpu.tpm_info:
    keys:
      - /etc/edgesite-gpu/identity/current/key.pem
  become: true
  register: found

- name: A key that the TPM can no longer use is told
  ansible.builtin.debug:
    msg: "{{ item.path }}: {{ item.reason }}"
  loop: "{{ found.tpm.key_states | rejectattr('usable') }}"
"""

RETURN = r"""
tpm:
  description: The TPM. What was not asked for or could not be read is null.
  returned: success
  type: dict
  contains:
    present:
      description: Whether there is one.
      type: bool
      returned: always
    version:
      description: Version of the TPM. One of version V(1.2) has no more to tell.
      type: str
      returned: always
      sample: "2.0"
    manufacturer:
      description: Who made it, in the TCG's four letters.
      type: str
      returned: always
      sample: IFX
    vendor_string:
      description: What its maker calls it.
      type: str
      returned: always
      sample: SLB9670
    firmware:
      description: Version of its firmware.
      type: str
      returned: always
      sample: 7.85.4555.0
    tcti:
      description: How it was reached.
      type: str
      returned: always
      sample: device:/dev/tpmrm0
    lockout:
      description:
        - What wrong passwords did, with C(in_lockout), C(counter), C(max_tries) and C(recovery_seconds), after which
          one of them is forgotten.
      type: dict
      returned: always
      sample: {"in_lockout": false, "counter": 0, "max_tries": 32, "recovery_seconds": 600}
    owner_auth_set:
      description: Whether the owner has a password.
      type: bool
      returned: always
    endorsement_auth_set:
      description: Whether the endorsement hierarchy has a password.
      type: bool
      returned: always
    persistent_handles:
      description: Handles of what is kept in the TPM.
      type: list
      elements: str
      returned: always
      sample: ["0x81000001", "0x81010001"]
    endorsement:
      description:
        - Endorsement keys, one for each certificate and one for each that the TPM keeps. A TPM with neither has the one
          on P-256.
      type: list
      elements: dict
      returned: always
      contains:
        type:
          description: V(rsa2048), V(ecc_p256) or V(ecc_p384).
          type: str
          returned: always
        handle:
          description: Where the TPM keeps it; null where it makes it each time.
          type: str
          returned: always
        public:
          description: Public part in the TPM's own format (C(TPM2B_PUBLIC)), in Base64.
          type: str
          returned: always
        name:
          description: The TPM's own name of the key in hexadecimal.
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
          description: Whether the certificate is for this key; null where there is none.
          type: bool
          returned: always
        issuers:
          description: Certificates of the issuers that the TPM has (from NV index C(0x01c00100) on), in PEM.
          type: list
          elements: str
          returned: always
    key_states:
      description: How the keys of O(keys) stand, in the same order.
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
            - Why not, in a word, V(missing), V(foreign) (it is another TPM's, or this one's before it was cleared) or
              V(tpm) (the TPM cannot say). Null where it is usable.
          type: str
          returned: always
        reason:
          description: Why not, and what to do.
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
          description: The TPM's own name of the key in hexadecimal.
          type: str
          returned: always
unread:
  description: What is there but could not be read, with C(what), C(why) and C(fix).
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
