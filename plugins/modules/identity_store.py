#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: identity_store
short_description: Keep a host's certificate, its chain and what it trusts
version_added: 0.1.0
description:
  - Looks after a folder with two slots, C(a) and C(b), each with C(key.pem) (from M(edgesite.gpu.tpm_key)),
    C(cert.pem), C(chain.pem) and C(fullchain.pem); with C(trust.pem) and C(crl.pem); and with C(current), a link to the
    slot in use.
  - Each file is replaced in one step, and the link last, so that a service sees a key and its own certificate, or the
    pair before. A step that fails is taken back with all before it.
  - Without O(slot) it reads the certificates, and writes no more than O(trust) and O(crl).
author:
  - The edgesite.gpu maintainers (@edgesite)
options:
  directory:
    description: The folder; made with mode 0755 where it is missing.
    type: path
    default: /etc/edgesite-gpu/identity
  trust:
    description: Root certificates by which the site's services know each other, PEM. What is there stays by default.
    type: str
  crl:
    description: The certificate revocation lists, PEM. What is there stays by default.
    type: str
  slot:
    description: The slot that O(certificate) is for. It has to have a key, and is in use afterwards.
    type: str
    choices: [a, b]
  certificate:
    description: The certificate, PEM.
    type: str
  chain:
    description: What lies between it and the root, PEM.
    type: str
    default: ""
  clock:
    description:
      - What the controller's clock says, in seconds since 1970, as C(now().timestamp()). RV(clock_off) compares the
        host's with it, since a clock that is wrong makes certificates look bad.
    type: float
attributes:
  check_mode:
    support: full
    description: Says what would be written, and writes nothing.
  diff_mode:
    support: full
    description: Shows the SHA-256 of each file and the slot in use, before and after.
seealso:
  - module: edgesite.gpu.tpm_key
  - module: edgesite.gpu.tpm_certificate
"""

EXAMPLES = r"""
- name: The certificate is in use
  edgesite.gpu.identity_store:
    slot: a
    certificate: "{{ issued.certificate }}"
    chain: "{{ issued.chain }}"
    trust: "{{ lookup('ansible.builtin.file', '/srv/site/ca/root.pem') }}"
  become: true
"""

RETURN = r"""
actions:
  description: What was done, or in check mode would be done.
  returned: success, or when a step failed
  type: list
  elements: dict
  sample: [{"does": "write a/cert.pem"}, {"does": "use the key and certificate in slot a"}]
before:
  description: The slot in use (C(active)) and the SHA-256 of each file, before.
  returned: success
  type: dict
after:
  description: The same, after; in check mode, what it would be.
  returned: success
  type: dict
active:
  description: The slot in use; null for none.
  returned: success
  type: str
  sample: a
slots:
  description: For each slot whether it has a C(key), and its C(certificate) and C(chain) in PEM, null for none.
  returned: success
  type: dict
clock_off:
  description: By how many seconds the host's clock is ahead of O(clock); null where that was not given.
  returned: success
  type: int
undone:
  description: Whether what was done before the failure was taken back, so that the host is as it was.
  returned: when a step failed
  type: bool
"""

from ..module_utils.basic import AnsibleModule
from ..module_utils.identity.host.domain import IdentityStoreDomain
from ..module_utils.identity.store import SLOTS, Wanted
from ..module_utils.runner import run


def main():
    module = AnsibleModule(
        argument_spec={
            "directory": {"type": "path", "default": "/etc/edgesite-gpu/identity"},
            "trust": {"type": "str"},
            "crl": {"type": "str"},
            "slot": {"type": "str", "choices": list(SLOTS)},
            "certificate": {"type": "str"},
            "chain": {"type": "str", "default": ""},
            "clock": {"type": "float"},
        },
        required_together=[("slot", "certificate")],
        supports_check_mode=True,
    )
    options = dict(module.params)
    folder, clock = options.pop("directory"), options.pop("clock")
    run(module, lambda: IdentityStoreDomain(folder, Wanted(**options), clock))


if __name__ == "__main__":
    main()
