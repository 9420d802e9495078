#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# What it does is in plugins/action: it decides on the controller, and runs other modules on the host.

from __future__ import annotations

DOCUMENTATION = r"""
module: identity
short_description: Give a host a key that never leaves its TPM, and a certificate for it
version_added: 0.1.0
description:
  - Looks at the host's folder and at its keys in the TPM, decides on the controller whether they are as wanted, and if
    not, makes a key in the TPM, has the TPM prove that it holds it, has a certificate issued, and puts it into use.
    Nothing of that is done where the certificate is good for long enough. This takes two round trips.
  - The host also gets O(authority.roots) and O(crl_files).
  - Runs M(edgesite.gpu.identity_device), M(edgesite.gpu.identity_store), M(edgesite.gpu.tpm_info),
    M(edgesite.gpu.tpm_key), M(edgesite.gpu.tpm_csr), M(edgesite.gpu.tpm_credential), M(edgesite.gpu.tpm_challenge) and
    M(edgesite.gpu.tpm_certificate), each of which can be used by itself.
  - A host whose TPM is not the one that it was enrolled with is refused.
author:
  - The edgesite.gpu maintainers (@edgesite)
options:
  state_dir:
    description: As in M(edgesite.gpu.tpm_credential). The device is C(inventory_hostname).
    type: path
    required: true
  authority:
    description: Who signs, as in M(edgesite.gpu.tpm_certificate).
    type: dict
    required: true
    suboptions:
      roots:
        description: The root certificates that hosts trust and get, files on the controller.
        type: list
        elements: path
        required: true
      privatekey:
        description: As in M(edgesite.gpu.tpm_certificate).
        type: path
      passphrase:
        description: As in M(edgesite.gpu.tpm_certificate).
        type: str
      certificate:
        description: As in M(edgesite.gpu.tpm_certificate).
        type: path
      chain:
        description: As in M(edgesite.gpu.tpm_certificate).
        type: list
        elements: path
        default: []
      command:
        description: As in M(edgesite.gpu.tpm_certificate).
        type: list
        elements: str
      url:
        description: As in M(edgesite.gpu.tpm_certificate).
        type: str
      headers:
        description: As in M(edgesite.gpu.tpm_certificate).
        type: dict
        default: {}
      timeout:
        description: As in M(edgesite.gpu.tpm_certificate).
        type: int
        default: 60
  crl_files:
    description: Revocation lists that the host gets, files on the controller.
    type: list
    elements: path
    default: []
  directory:
    description: The folder on the host, as in M(edgesite.gpu.identity_store).
    type: path
    default: /etc/edgesite-gpu/identity
  subject:
    description: The subject of the certificate, as in M(edgesite.gpu.tpm_csr).
    type: dict
    default: {}
  subject_alt_name:
    description: The names in the certificate, as in M(edgesite.gpu.tpm_csr).
    type: list
    elements: str
    default: []
  key_usage:
    description: As in M(edgesite.gpu.tpm_csr).
    type: list
    elements: str
    default: [digitalSignature]
  extended_key_usage:
    description: As in M(edgesite.gpu.tpm_csr).
    type: list
    elements: str
    default: [serverAuth, clientAuth]
  key_type:
    description: The type of the key. Another one than the host has is a new key.
    type: str
    choices: [ecc_p256, rsa2048, rsa3072]
    default: ecc_p256
  key_group:
    description: The group that may read the key's file, which is of use with this TPM alone.
    type: str
    default: tss
  days:
    description: How long the certificate is good, in days, as in M(edgesite.gpu.tpm_certificate).
    type: int
    default: 90
  renew_before:
    description: Days before its end that the certificate is renewed, below O(days); a third of its life by default.
    type: str
  rotate:
    description: Make a new key and certificate in this run.
    type: bool
    default: false
  clock_tolerance:
    description: Seconds that the host's clock may be off from the controller's. Beyond that nothing is issued.
    type: int
    default: 300
  ek_trust:
    description: As in M(edgesite.gpu.tpm_credential).
    type: str
    choices: [certified, pinned, first_use]
    default: certified
  ek_sha256:
    description: As in M(edgesite.gpu.tpm_credential).
    type: list
    elements: str
    default: []
  tpm_roots:
    description: As in M(edgesite.gpu.tpm_credential).
    type: list
    elements: path
    default: []
  tpm_intermediates:
    description: As in M(edgesite.gpu.tpm_credential).
    type: list
    elements: path
    default: []
  owner_auth:
    description: The TPM owner's password, where it has one. Needed once, for the storage key.
    type: str
  tcti:
    description: How the TPM is reached, as in M(edgesite.gpu.tpm_info).
    type: str
  packages:
    description: What is installed where the host has a TPM and no programs for it; nothing where empty.
    type: list
    elements: str
    default: [tpm2-tools]
attributes:
  check_mode:
    support: full
    description: Says whether a certificate would be issued, and why. Reads the host, and changes nothing.
  diff_mode:
    support: full
    description: As in M(edgesite.gpu.identity_store).
seealso:
  - module: edgesite.gpu.tpm_credential
  - module: edgesite.gpu.tpm_certificate
requirements:
  - cryptography and openssl on the controller
  - the collection community.crypto, for O(authority.privatekey)
  - a TPM 2.0 on the host
"""

EXAMPLES = r"""
- name: The host has an identity
  edgesite.gpu.identity:
    state_dir: /srv/site/ca/state
    subject:
      common_name: "{{ inventory_hostname }}"
    subject_alt_name: ["DNS:{{ inventory_hostname }}"]
    tpm_roots: [/srv/site/tpm-roots]
    crl_files: [/srv/site/ca/crl.pem]
    authority:
      roots: [/srv/site/ca/root.pem]
      certificate: /srv/site/ca/issuing.pem
      privatekey: /srv/site/ca/issuing.key
      passphrase: "{{ vault_ca_passphrase }}"
  become: true
"""

RETURN = r"""
actions:
  description: What was done, or in check mode would be done; also of a run that failed later on.
  returned: always
  type: list
  elements: dict
  sample: [{"does": "write trust.pem"}, {"does": "enrol, since it has no certificate yet"}]
need:
  description:
    - What was to be done. C(action) is V(none), V(enrol), V(renew) (same key) or V(rotate); C(slot) is where the
      certificate goes; C(why) is for people; C(new_key) is whether a key is made.
  returned: success
  type: dict
  sample: {"action": "renew", "slot": "a", "why": "the certificate is good for 29.8 more days", "new_key": false}
serial:
  description: Serial number of the certificate that was issued, hex.
  returned: when one was issued
  type: str
not_after:
  description: Until when it is good, in UTC.
  returned: when one was issued
  type: str
  sample: "2027-02-20T06:30:00Z"
before:
  description: As in M(edgesite.gpu.identity_store).
  returned: success
  type: dict
after:
  description: As in M(edgesite.gpu.identity_store).
  returned: success
  type: dict
active:
  description: As in M(edgesite.gpu.identity_store).
  returned: success
  type: str
slots:
  description: As in M(edgesite.gpu.identity_store).
  returned: success
  type: dict
clock_off:
  description: As in M(edgesite.gpu.identity_store).
  returned: success
  type: int
"""
