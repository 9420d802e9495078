#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tpm_csr
short_description: Request a certificate for a key in the TPM
version_added: 0.1.0
description:
  - Creates a certificate request (PKCS 10) and has the TPM sign it. Nothing on the host changes, so the module never
    reports a change.
  - The host needs neither OpenSSL nor a Python library for this. The encoding satisfies strict parsers, unlike requests
    of OpenSSL's provider for TPMs before 1.3.1.
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
  subject:
    description: Subject of the certificate. A request needs O(subject.common_name) or O(subject_alt_name).
    type: dict
    default: {}
    suboptions:
      common_name:
        description: Name of the host; at most 64 characters.
        type: str
      organization:
        description: Name of the organization.
        type: str
      organizational_unit:
        description: Part of the organization.
        type: str
      locality:
        description: Name of the town.
        type: str
      state:
        description: Name of the province.
        type: str
      country:
        description: Two capital letters.
        type: str
  subject_alt_name:
    description: Names and addresses, such as V(DNS:edge-1.example.org) and V(IP:192.0.2.1).
    type: list
    elements: str
    default: []
  key_usage:
    description: What the key may be used for.
    type: list
    elements: str
    default: [digitalSignature]
  extended_key_usage:
    description: What the certificate may be used for; V(serverAuth), V(clientAuth) or both.
    type: list
    elements: str
    default: [serverAuth, clientAuth]
attributes:
  check_mode:
    support: full
    description: Nothing changes on the host, so the request is created in check mode too.
  diff_mode:
    support: none
    description: The module changes nothing.
seealso:
  - module: edgesite.gpu.tpm_key
  - module: edgesite.gpu.tpm_challenge
requirements:
  - a TPM 2.0
  - tpm2-tools 5.0 or newer
"""

EXAMPLES = r"""
- name: Create a certificate request for the key in the TPM
  edgesite.gpu.tpm_csr:
    path: /etc/edgesite-gpu/identity/a/key.pem
    subject:
      common_name: edge-1.example.org
      organization: Example
    subject_alt_name:
      - DNS:edge-1.example.org
      - IP:192.0.2.1
  become: true
  register: request
"""

RETURN = r"""
csr:
  description: The request in PEM.
  returned: success
  type: str
public:
  description: Public part of the key in the TPM's own format (C(TPM2B_PUBLIC)), in Base64.
  returned: success
  type: str
name:
  description: The TPM's name of the key, in hexadecimal.
  returned: success
  type: str
  sample: 000b717b76417a752a9247aba13b707f8d7ed702ddecb8f12890188d859cf9404955
tls13:
  description:
    - Whether the key can be used for TLS 1.3, which a trial signature shows. V(false) for RSA keys of TPMs that do not
      sign RSA-PSS, or with a longer salt than TLS 1.3 allows, as many TPM chips do.
  returned: success
  type: bool
"""

from ..module_utils.basic import AnsibleModule
from ..module_utils.common.errors import EdgesiteError
from ..module_utils.common.host import command
from ..module_utils.identity import csr
from ..module_utils.identity.host import proof
from ..module_utils.outcome import given
from ..module_utils.runner import fail
from ..module_utils.tpm import key
from ..module_utils.tpm.host.tools import Tools


def main():
    subject = ("common_name", "organization", "organizational_unit", "locality", "state", "country")
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path"},
            "handle": {"type": "str"},
            "subject": {"type": "dict", "default": {}, "options": {name: {"type": "str"} for name in subject}},
            "subject_alt_name": {"type": "list", "elements": "str", "default": []},
            "key_usage": {"type": "list", "elements": "str", "default": ["digitalSignature"], "no_log": False},
            "extended_key_usage": {
                "type": "list",
                "elements": "str",
                "default": ["serverAuth", "clientAuth"],
                "no_log": False,
            },
            "tcti": {"type": "str"},
        },
        required_one_of=[("path", "handle")],
        mutually_exclusive=[("path", "handle")],
        supports_check_mode=True,
    )
    try:
        options = module.params
        place = key.place(options["path"], options["handle"])
        wanted = csr.request(
            given(options["subject"]), options["subject_alt_name"], options["key_usage"], options["extended_key_usage"]
        )
        made = proof.request(Tools(command.run, options["tcti"]), place, wanted)
    except EdgesiteError as error:
        fail(module, error)
    else:
        module.exit_json(changed=False, **made)


if __name__ == "__main__":
    main()
