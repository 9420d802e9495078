#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# What it does is in plugins/action: it works on the controller, and nothing of it reaches a host.

from __future__ import annotations

DOCUMENTATION = r"""
module: identity_device
short_description: What the controller knows of a device, and the end of its certificates
version_added: 0.1.0
description:
  - Works on the controller, in the folder where M(edgesite.gpu.tpm_credential) and M(edgesite.gpu.tpm_certificate)
    remember devices; nothing reaches the host, so that a stolen or broken one can be revoked too.
author:
  - The edgesite.gpu maintainers (@edgesite)
options:
  state_dir:
    description: As in M(edgesite.gpu.tpm_credential).
    type: path
    required: true
  device:
    description: The name of the device, mostly C(inventory_hostname). Needed to change something.
    type: str
  state:
    description:
      - V(known) reads.
      - V(revoked) notes that all certificates of the device so far are revoked. It may get a new one by a new proof.
      - V(decommissioned) notes that too, and that its TPM is not to be taken any more, by any of the endorsement keys
        that it showed, under whatever name, even where the inventory pins it.
      - V(readmitted) lets that TPM be taken again, by all of them.
    type: str
    choices: [known, revoked, decommissioned, readmitted]
    default: known
attributes:
  check_mode:
    support: full
    description: Says whether it would be news, and writes nothing.
  diff_mode:
    support: none
    description: What changes is a record on the controller; the result tells it.
seealso:
  - module: community.crypto.x509_crl
"""

EXAMPLES = r"""
- name: The machine was stolen
  edgesite.gpu.identity_device:
    state_dir: /srv/site/identity
    device: shop-17-a
    state: decommissioned
  register: gone
  delegate_to: localhost
"""

RETURN = r"""
device:
  description: What is known of the device; null for one that was never enrolled.
  returned: success
  type: dict
  contains:
    ek_sha256:
      description: The endorsement keys of its TPM; empty after it was decommissioned.
      type: list
      elements: str
    ek_trust:
      description: How those of its last proof were known to be a TPM's.
      type: str
    ek_issuer:
      description: Who issued the certificates of those, separated by semicolons; null where that was not asked for.
      type: str
    enrolled:
      description: When it got its first certificate, in UTC.
      type: str
    decommissioned:
      description: When it was decommissioned; else null.
      type: str
    retired:
      description: Endorsement keys that are not taken any more.
      type: list
      elements: str
    certificates:
      description: Its certificates, each with C(serial), C(issued), C(not_after), and C(revoked) where it is.
      type: list
      elements: dict
revoked:
  description: All revoked certificates of all devices, as M(community.crypto.x509_crl) takes them.
  returned: success
  type: list
  elements: dict
"""
