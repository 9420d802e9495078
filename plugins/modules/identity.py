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
  - Reads the host's directory and its keys in the TPM, and decides on the controller whether anything has to be done.
    If so, it creates a key in the TPM, has the TPM prove that it holds the key, has a certificate issued and activates
    it. If the certificate is valid for long enough, nothing is done, and the task takes two round trips.
  - The host also gets O(authority.roots) and O(crl_files).
  - Runs M(edgesite.gpu.identity_device), M(edgesite.gpu.identity_store), M(edgesite.gpu.tpm_info),
    M(edgesite.gpu.tpm_key), M(edgesite.gpu.tpm_csr), M(edgesite.gpu.tpm_credential), M(edgesite.gpu.tpm_challenge) and
    M(edgesite.gpu.tpm_certificate), each of which can also be used on its own.
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
        description: Files on the controller with the root certificates that hosts trust. They are copied to the host.
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
    description: Files on the controller with the revocation lists to copy to the host.
    type: list
    elements: path
    default: []
  directory:
    description: The directory on the host, as in M(edgesite.gpu.identity_store).
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
    description: The type of the key. If the host's key is of another type, a new key is created.
    type: str
    choices: [ecc_p256, rsa2048, rsa3072]
    default: ecc_p256
  key_group:
    description: The group that may read the key file, which can only be used with this TPM.
    type: str
    default: tss
  days:
    description: How many days the certificate is valid, as in M(edgesite.gpu.tpm_certificate).
    type: int
    default: 90
  renew_before:
    description:
      - How many days before it expires the certificate is renewed; must be less than O(days). By default a third of its
        lifetime.
    type: str
  rotate:
    description: Create a new key and certificate in this run.
    type: bool
    default: false
  clock_tolerance:
    description:
      - By how many seconds the host's clock may differ from the controller's. If it differs by more, no certificate is
        issued.
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
  ek_certificates:
    description: As in M(edgesite.gpu.tpm_credential).
    type: list
    elements: path
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
    description: The TPM's owner password, if one is set. Needed once, to create the storage key.
    type: str
  tcti:
    description: How to reach the TPM, as in M(edgesite.gpu.tpm_info).
    type: str
  packages:
    description: Packages to install if the host has a TPM but no programs for it. Empty installs nothing.
    type: list
    elements: str
    default: [tpm2-tools]
attributes:
  check_mode:
    support: full
    description: Reports whether a certificate would be issued, and why. Reads the host and changes nothing.
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
- name: Give the host an identity
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
  description:
    - What was done, or would be done in check mode; also returned by a run that failed later.
    - C(does) describes an action. C(disruption) says what it interrupts, V(none), V(restart) (services), V(destroy)
      (MIG instances), V(reset) (GPUs), V(reboot) or V(wipe) (data on a disk), and C(of) lists what that affects.
    - C(steps) lists what was done for a certificate, such as creating the key and issuing; not in check mode, as the
      authority decides part of it. If a run failed, these steps are actions of their own.
  returned: always
  type: list
  elements: dict
  sample:
    - {does: write trust.pem, disruption: none, of: []}
    - {does: "enrol, since it has no certificate yet", disruption: none, of: []}
need:
  description:
    - What had to be done. C(action) is V(none), V(enrol), V(renew) (same key) or V(rotate), C(slot) is the slot of the
      certificate, C(why) is the reason in words, and C(new_key) is whether a key is created.
  returned: success
  type: dict
  sample: {"action": "renew", "slot": "a", "why": "the certificate is valid until 2027-02-20", "new_key": false}
serial:
  description: Serial number of the issued certificate, in hexadecimal.
  returned: when a certificate was issued
  type: str
not_after:
  description: When it expires, in UTC.
  returned: when a certificate was issued
  type: str
  sample: "2027-02-20T06:30:00Z"
tls13:
  description:
    - Whether the key can be used for TLS 1.3, as M(edgesite.gpu.tpm_csr) found; a warning says so if not.
  returned: when a certificate was issued
  type: bool
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
