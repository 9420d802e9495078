#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# What it does is in plugins/action: it works on the controller, and nothing of it reaches a host.

from __future__ import annotations

DOCUMENTATION = r"""
module: tpm_credential
short_description: Check a TPM's key and certificate request, and challenge the TPM for a proof
version_added: 0.1.0
description:
  - Runs on the controller only and needs no TPM there. The host is not contacted.
  - Checks, in this order, that the key can never leave a TPM (its public area has exactly the attributes fixedTPM,
    fixedParent, sensitiveDataOrigin, userWithAuth, noDA and sign, and no policy); that the certificate request is
    signed by that key and asks for exactly the names and usages given here; that an endorsement key of the TPM is
    trusted; and that, by all its trusted endorsement keys, this is the TPM that the device was enrolled with and not
    another device's.
  - Then makes a credential for each trusted endorsement key, which only the TPM with that endorsement key can open, and
    only while it holds the device's key. M(edgesite.gpu.tpm_challenge) opens them on the host and
    M(edgesite.gpu.tpm_certificate) verifies the answer, after which all these endorsement keys belong to the device.
author:
  - The edgesite.gpu maintainers (@edgesite)
options:
  state_dir:
    description:
      - Directory on the controller where devices and pending proofs are recorded. It must be persistent. Several
        playbooks can use it at the same time.
      - It must belong to the user who runs the playbook or to root, and nobody else may be able to write to it.
    type: path
    required: true
  device:
    description: The name of the device, usually C(inventory_hostname).
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
      - V(certified) accepts endorsement keys whose certificates chain to one of O(tpm_roots) and are for endorsement
        keys (extended key usage 2.23.133.8.1).
      - V(pinned) accepts only the keys in O(ek_sha256), with or without certificates.
      - V(first_use) accepts the keys that are presented first, and records how they were accepted. Whoever answers for
        the device at that time is the device from then on. Keys that it presents later are not accepted unless they are
        pinned.
    type: str
    choices: [certified, pinned, first_use]
    default: certified
  ek_sha256:
    description:
      - SHA-256 (hex) of the SubjectPublicKeyInfo in DER of endorsement keys. If set, the device's TPM must present one
        of these keys. With V(certified), its other certified keys are accepted too; with V(pinned) and V(first_use), no
        others are.
      - A device whose TPM was replaced is refused until a key of the new one is listed.
    type: list
    elements: str
    default: []
  ek_certificates:
    description:
      - Certificates of endorsement keys, as their makers publish them, for TPMs that hold none; files in PEM or DER, or
        directories of such files. Each counts for the TPM that has its key only, and is checked like one from a TPM.
    type: list
    elements: path
    default: []
  tpm_roots:
    description: Root certificates of TPM manufacturers; files in PEM or DER, or directories of such files.
    type: list
    elements: path
    default: []
  tpm_intermediates:
    description: Certificates between these and the endorsement keys, if the TPMs do not contain them.
    type: list
    elements: path
    default: []
  subject:
    description: The subject that the request must have, as in M(edgesite.gpu.tpm_csr).
    type: dict
    default: {}
  subject_alt_name:
    description: The names that the request must have, as in M(edgesite.gpu.tpm_csr).
    type: list
    elements: str
    default: []
  key_usage:
    description: The key usage that the request must have.
    type: list
    elements: str
    default: [digitalSignature]
  extended_key_usage:
    description: The extended key usage that the request must have.
    type: list
    elements: str
    default: [serverAuth, clientAuth]
attributes:
  check_mode:
    support: full
    description: Checks everything and records nothing.
  diff_mode:
    support: none
    description: Only a record on the controller changes; see the return values.
seealso:
  - module: edgesite.gpu.tpm_challenge
  - module: edgesite.gpu.tpm_certificate
requirements:
  - cryptography and openssl on the controller
"""

EXAMPLES = r"""
- name: Check that the TPM and its key match the inventory
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
  description: The id of the challenge. Valid for four hours and for one answer.
  returned: success
  type: str
credentials:
  description: Credentials for M(edgesite.gpu.tpm_challenge), one for each trusted endorsement key.
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
      description: The credential in Base64, in the file format of tpm2_activatecredential.
      returned: always
      type: str
ek_sha256:
  description: SHA-256 of the trusted endorsement keys, in the form of O(ek_sha256).
  returned: success
  type: list
  elements: str
ek_trust:
  description: Why the endorsement keys are trusted.
  returned: success
  type: str
  sample: certified
ek_issuer:
  description: Issuers of their certificates, separated by semicolons; null if certificates were not required.
  returned: success
  type: str
name:
  description: The TPM's name of the device's key, in hexadecimal.
  returned: success
  type: str
"""
