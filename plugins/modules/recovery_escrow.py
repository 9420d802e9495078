#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# What it does is in plugins/action: it works on the controller, and nothing of it reaches a host.

from __future__ import annotations

DOCUMENTATION = r"""
module: recovery_escrow
short_description: Keep the encrypted recovery keys of a host's volumes on the controller
version_added: 0.1.0
description:
  - Writes the recovery keys that M(edgesite.gpu.luks_volume) returns to a directory on the controller, as
    C(HOST/UUID.pem). Only the holder of the recovery certificate's private key can read them.
  - Does not trust hosts. Anything other than the UUID of a volume and one encrypted block (CMS) of at most 16 KiB is
    refused before anything is written.
  - A key is never overwritten. If the key of a volume has changed, earlier keys are kept as C(HOST/UUID.1.pem),
    C(HOST/UUID.2.pem) and so on, and C(HOST/UUID.pem) is the newest.
author:
  - The edgesite.gpu maintainers (@edgesite)
options:
  folder:
    description:
      - Directory on the controller. It is created if it is missing, and only its owner can read it. Back it up.
    type: path
    required: true
  volumes:
    description: The volumes as M(edgesite.gpu.luks_volume) returns them. Those without a recovery key are skipped.
    type: list
    elements: dict
    required: true
attributes:
  check_mode:
    support: full
    description: Reports what would be written.
  diff_mode:
    support: none
    description: Keys are not shown, even though they are encrypted.
seealso:
  - module: edgesite.gpu.luks_volume
"""

EXAMPLES = r"""
- name: Encrypt the volumes
  edgesite.gpu.luks_volume:
    volumes: "{{ storage_volumes }}"
    recovery_certificate: "{{ lookup('ansible.builtin.file', 'recovery.pem') }}"
  register: storage

- name: Keep their recovery keys in escrow
  edgesite.gpu.recovery_escrow:
    folder: /srv/site/escrow
    volumes: "{{ storage.volumes }}"
"""

RETURN = r"""
kept:
  description: The files written to the host's directory, each named C(UUID.pem).
  returned: success
  type: list
  elements: str
"""
