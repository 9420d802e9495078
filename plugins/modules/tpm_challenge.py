#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tpm_challenge
short_description: Prove that a key is in this host's TPM
version_added: 0.1.0
description:
  - Answers a challenge of M(edgesite.gpu.tpm_credential). Only the TPM that holds both the key of the request and every
    endorsement key that the challenge was made for can do so, and each answer is valid for one request only.
  - The secrets of the challenge never leave the module. They are not written anywhere, and the answer does not reveal
    them.
  - Answers only for the key that the request is for.
  - Nothing on the host changes, so the module never reports a change.
author:
  - The edgesite.gpu maintainers (@edgesite)
extends_documentation_fragment:
  - edgesite.gpu.tpm
options:
  path:
    description: File of the key, as created by M(edgesite.gpu.tpm_key).
    type: path
  handle:
    description: Handle of the key, instead of O(path), such as V(0x81000010), in quotes.
    type: str
  credentials:
    description: All credentials that M(edgesite.gpu.tpm_credential) returned, in the same order.
    type: list
    elements: dict
    required: true
    suboptions:
      endorsement:
        description:
          - Type of the endorsement key that it was made for. The keys of this type that the TPM stores are tried first
            and then, for V(rsa2048), V(ecc_p256) and V(ecc_p384), the one that it derives from the TCG's template.
        type: str
        required: true
      credential:
        description: The credential in Base64, in the file format of tpm2-tools.
        type: str
        required: true
  id:
    description: The id of the challenge.
    type: str
    required: true
  csr:
    description: The request of M(edgesite.gpu.tpm_csr), in PEM.
    type: str
    required: true
attributes:
  check_mode:
    support: full
    description: Nothing changes on the host, so the challenge is answered in check mode too.
  diff_mode:
    support: none
    description: The module changes nothing.
seealso:
  - module: edgesite.gpu.tpm_key
  - module: edgesite.gpu.tpm_csr
requirements:
  - a TPM 2.0
  - tpm2-tools 5.0 or newer; 5.4 or newer for an endorsement key on P-384 that the TPM does not store
"""

EXAMPLES = r"""
- name: Prove that the key is in the host's TPM
  edgesite.gpu.tpm_challenge:
    path: /etc/edgesite-gpu/identity/a/key.pem
    credentials: "{{ challenge.credentials }}"
    id: "{{ challenge.id }}"
    csr: "{{ request.csr }}"
  become: true
  register: proof
"""

RETURN = r"""
answer:
  description: The answer in hexadecimal.
  returned: success
  type: str
"""

from ..module_utils.basic import AnsibleModule
from ..module_utils.common.errors import EdgesiteError
from ..module_utils.common.host import command
from ..module_utils.identity.host import proof
from ..module_utils.runner import fail
from ..module_utils.tpm import key
from ..module_utils.tpm.host.tools import Tools


def main():
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path"},
            "handle": {"type": "str"},
            "credentials": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "endorsement": {"type": "str", "required": True},
                    "credential": {"type": "str", "required": True},
                },
            },
            "id": {"type": "str", "required": True},
            "csr": {"type": "str", "required": True},
            "tcti": {"type": "str"},
        },
        required_one_of=[("path", "handle")],
        mutually_exclusive=[("path", "handle")],
        supports_check_mode=True,
    )
    try:
        options = module.params
        answer = proof.answer(
            Tools(command.run, options["tcti"]),
            key.place(options["path"], options["handle"]),
            proof.Challenge([proof.Credential(**one) for one in options["credentials"]], options["id"], options["csr"]),
        )
    except EdgesiteError as error:
        fail(module, error)
    else:
        module.exit_json(changed=False, answer=answer)


if __name__ == "__main__":
    main()
