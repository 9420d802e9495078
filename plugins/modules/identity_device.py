#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# What it does is in plugins/action: it works on the controller, and nothing of it reaches a host.

from __future__ import annotations

DOCUMENTATION = r"""
module: identity_device
short_description: Show what the controller knows about a device, and revoke its certificates
version_added: 0.1.0
description:
  - Runs on the controller only, in the directory where M(edgesite.gpu.tpm_credential) and
    M(edgesite.gpu.tpm_certificate) record devices. The host is not contacted, so a stolen or broken one can be revoked
    too.
author:
  - The edgesite.gpu maintainers (@edgesite)
options:
  state_dir:
    description: As in M(edgesite.gpu.tpm_credential).
    type: path
    required: true
  device:
    description: The name of the device, usually C(inventory_hostname). Required to change something.
    type: str
  state:
    description:
      - V(known) only reads.
      - V(revoked) records that all certificates issued to the device so far are revoked. With a new proof it can get a
        new one.
      - V(decommissioned) also records that its TPM is no longer accepted, by any of its known endorsement keys and
        under any device name, even if the inventory pins it.
      - V(readmitted) accepts that TPM again, by all of its endorsement keys.
    type: str
    choices: [known, revoked, decommissioned, readmitted]
    default: known
attributes:
  check_mode:
    support: full
    description: Reports whether the record would change, and writes nothing.
  diff_mode:
    support: none
    description: Only a record on the controller changes; see the return values.
seealso:
  - module: community.crypto.x509_crl
"""

EXAMPLES = r"""
- name: Decommission a stolen machine
  edgesite.gpu.identity_device:
    state_dir: /srv/site/identity
    device: shop-17-a
    state: decommissioned
  register: gone
  delegate_to: localhost
"""

RETURN = r"""
device:
  description: What is recorded about the device; null if it was never enrolled.
  returned: success
  type: dict
  contains:
    ek_sha256:
      description: The endorsement keys of its TPM; empty once the device is decommissioned.
      type: list
      elements: str
    ek_trust:
      description: Why the endorsement keys of its last proof were trusted.
      type: str
    ek_issuer:
      description: Issuers of their certificates, separated by semicolons; null if certificates were not required.
      type: str
    enrolled:
      description: When it received its first certificate, in UTC.
      type: str
    decommissioned:
      description: When it was decommissioned; otherwise null.
      type: str
    retired:
      description: Endorsement keys that are no longer accepted.
      type: list
      elements: str
    certificates:
      description: Its certificates, each with C(serial), C(issued), C(not_after) and, if it was revoked, C(revoked).
      type: list
      elements: dict
revoked:
  description: All revoked certificates of all devices, in the form that M(community.crypto.x509_crl) expects.
  returned: success
  type: list
  elements: dict
"""
