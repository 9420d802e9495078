#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: identity_store
short_description: Manage a host's certificate, its chain and the roots that it trusts
version_added: 0.1.0
description:
  - Manages a directory with two slots, C(a) and C(b). Each has C(key.pem) (from M(edgesite.gpu.tpm_key)), C(cert.pem),
    C(chain.pem) and C(fullchain.pem). The directory also has C(trust.pem), C(crl.pem) and the link C(current) to the
    slot in use.
  - Each file is replaced atomically, and the link last, so that a service sees either the new key and certificate or
    the previous pair. If a step fails, it and all steps before it are undone.
  - Without O(slot) it reads the certificates and writes only O(trust) and O(crl).
author:
  - The edgesite.gpu maintainers (@edgesite)
options:
  directory:
    description: The directory; created with mode 0755 if it is missing.
    type: path
    default: /etc/edgesite-gpu/identity
  trust:
    description: Root certificates that the site's services trust, in PEM. By default the file is left as it is.
    type: str
  crl:
    description: The certificate revocation lists, in PEM. By default the file is left as it is.
    type: str
  slot:
    description: The slot for O(certificate). It must contain a key, and becomes the slot in use.
    type: str
    choices: [a, b]
  certificate:
    description: The certificate, in PEM.
    type: str
  chain:
    description: The certificates between it and the root, in PEM.
    type: str
    default: ""
  clock:
    description:
      - The controller's time in seconds since 1970, such as C(now().timestamp()). RV(clock_off) compares the host's
        clock with it, because certificates appear invalid if the clock is wrong.
    type: float
attributes:
  check_mode:
    support: full
    description: Reports what would be written, and writes nothing.
  diff_mode:
    support: full
    description: Shows the SHA-256 of each file and the slot in use, before and after.
seealso:
  - module: edgesite.gpu.tpm_key
  - module: edgesite.gpu.tpm_certificate
"""

EXAMPLES = r"""
- name: Activate the certificate
  edgesite.gpu.identity_store:
    slot: a
    certificate: "{{ issued.certificate }}"
    chain: "{{ issued.chain }}"
    trust: "{{ lookup('ansible.builtin.file', '/srv/site/ca/root.pem') }}"
  become: true
"""

RETURN = r"""
actions:
  description:
    - What was done, or would be done in check mode.
    - C(does) describes an action. C(disruption) says what it interrupts, V(none), V(restart) (services), V(destroy)
      (MIG instances), V(reset) (GPUs), V(reboot) or V(wipe) (data on a disk), and C(of) lists what that affects.
  returned: success, or when a step failed
  type: list
  elements: dict
  sample:
    - {does: write a/cert.pem, disruption: none, of: []}
    - {does: use the key and certificate in slot a, disruption: none, of: []}
before:
  description: The slot in use (C(active)) and the SHA-256 of each file, before.
  returned: success
  type: dict
after:
  description: The same, after; in check mode, the expected state.
  returned: success
  type: dict
active:
  description: The slot in use; null if there is none.
  returned: success
  type: str
  sample: a
slots:
  description:
    - For each slot, whether it has a C(key), the C(public) part of that (a TPM2B_PUBLIC in base64), and its
      C(certificate) and C(chain) in PEM; null if missing.
  returned: success
  type: dict
clock_off:
  description: By how many seconds the host's clock is ahead of O(clock); null if O(clock) is not set.
  returned: success
  type: int
undone:
  description: Whether the steps before the failure were undone, so that the host is as it was.
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
