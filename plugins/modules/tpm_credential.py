#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# What it does is in plugins/action: it works on the controller, and nothing of it reaches a host.

from __future__ import annotations

DOCUMENTATION = r"""
module: tpm_credential
short_description: Check a TPM's key and its certificate request, and ask the TPM for a proof
version_added: 0.1.0
description:
  - Works on the controller, needs no TPM there, and nothing reaches the host.
  - Checks, in this order, that the key can never leave a TPM (its public area has exactly the attributes fixedTPM,
    fixedParent, sensitiveDataOrigin, userWithAuth, noDA and sign, and no policy); that the certificate request is
    signed by that key and asks for just the names and usages given here; that an endorsement key of the TPM is trusted;
    and that by all endorsement keys that are, this TPM is the one that the device was enrolled with, and no other
    device's.
  - Then makes a credential for each of these endorsement keys, which only the TPM with that endorsement key can open,
    and only while it holds the device's key. M(edgesite.gpu.tpm_challenge) opens them on the host, and
    M(edgesite.gpu.tpm_certificate) takes the answer. All of them belong to the device then.
author:
  - The edgesite.gpu maintainers (@edgesite)
options:
  state_dir:
    description:
      - Folder on the controller where devices and proofs under way are remembered. It has to last, and is safe for
        several playbooks at once.
      - It has to belong to the user who runs the playbook, or to root, and nobody else may write to it.
    type: path
    required: true
  device:
    description: The name of the device, mostly C(inventory_hostname).
    type: str
    required: true
  public:
    description: The key's public area, as M(edgesite.gpu.tpm_key) and M(edgesite.gpu.tpm_csr) return it.
    type: str
    required: true
  csr:
    description: The certificate request, as M(edgesite.gpu.tpm_csr) returns it.
    type: str
    required: true
  endorsement:
    description: The TPM's endorsement keys, as M(edgesite.gpu.tpm_info) returns them.
    type: list
    elements: dict
    required: true
  ek_trust:
    description:
      - V(certified) takes the endorsement keys whose certificates lead to one of O(tpm_roots) and are for endorsement
        keys (extended key usage 2.23.133.8.1).
      - V(pinned) takes the keys in O(ek_sha256) alone, whether they have certificates or not.
      - V(first_use) takes the keys that are shown first, and records that they were taken so. Whoever answers for the
        device at that time is the device from then on. Keys that it shows later are not taken, unless they are pinned.
    type: str
    choices: [certified, pinned, first_use]
    default: certified
  ek_sha256:
    description:
      - SHA-256 (hex) of the SubjectPublicKeyInfo in DER of endorsement keys. The TPM of a device that has such values
        has to show one of them. With V(certified), its other certified keys are taken too; with V(pinned) and
        V(first_use), no others are.
      - A device whose TPM was replaced is refused until a key of the new one is here.
    type: list
    elements: str
    default: []
  tpm_roots:
    description: Root certificates of TPM manufacturers; files with PEM or DER, or folders with such.
    type: list
    elements: path
    default: []
  tpm_intermediates:
    description: Certificates between those and the endorsement keys, where the TPMs do not bring them.
    type: list
    elements: path
    default: []
  subject:
    description: What the request's subject has to be, as in M(edgesite.gpu.tpm_csr).
    type: dict
    default: {}
  subject_alt_name:
    description: What the request's names have to be, as in M(edgesite.gpu.tpm_csr).
    type: list
    elements: str
    default: []
  key_usage:
    description: What the request's key usage has to be.
    type: list
    elements: str
    default: [digitalSignature]
  extended_key_usage:
    description: What the request's extended key usage has to be.
    type: list
    elements: str
    default: [serverAuth, clientAuth]
attributes:
  check_mode:
    support: full
    description: Checks everything, and remembers nothing.
  diff_mode:
    support: none
    description: What changes is a record on the controller; the result tells it.
seealso:
  - module: edgesite.gpu.tpm_challenge
  - module: edgesite.gpu.tpm_certificate
requirements:
  - cryptography and openssl on the controller
"""

EXAMPLES = r"""
- name: The TPM and its key are what the inventory says
  edgesite.gpu.tpm_credential:
    state_dir: /srv/site/identity
    device: "{{ inventory_hostname }}"
    public: "{{ request.public }}"
    csr: "{{ request.csr }}"
    endorsement: "{{ tpm.tpm.endorsement }}"
    tpm_roots: [/srv/site/tpm-roots]
    subject: {common_name: "{{ inventory_hostname }}"}
    subject_alt_name: ["DNS:{{ inventory_hostname }}"]
  register: challenge
"""

RETURN = r"""
id:
  description: The name of the proof that is under way. Good for four hours, and for one answer.
  returned: success
  type: str
credentials:
  description: What M(edgesite.gpu.tpm_challenge) opens, one for each endorsement key that is trusted.
  returned: success
  type: list
  elements: dict
  contains:
    endorsement:
      description: The type of the endorsement key it is for.
      returned: always
      type: str
      sample: rsa2048
    credential:
      description: Base64 of a file as tpm2_activatecredential takes it.
      returned: always
      type: str
ek_sha256:
  description: SHA-256 of the endorsement keys that are trusted, as O(ek_sha256) takes them.
  returned: success
  type: list
  elements: str
ek_trust:
  description: How the endorsement keys are known to be a TPM's.
  returned: success
  type: str
  sample: certified
ek_issuer:
  description: Who issued their certificates, separated by semicolons; null where that was not asked for.
  returned: success
  type: str
name:
  description: The TPM's name of the device's key, hex.
  returned: success
  type: str
"""
