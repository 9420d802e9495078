#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# What it does is in plugins/action: it works on the controller, and nothing of it reaches a host.

from __future__ import annotations

DOCUMENTATION = r"""
module: tpm_certificate
short_description: Take a TPM's proof, and have its certificate request signed
version_added: 0.1.0
description:
  - Works on the controller. Takes the answer of M(edgesite.gpu.tpm_challenge) to a challenge of
    M(edgesite.gpu.tpm_credential). The challenge is gone afterwards, whether the answer was right or not.
  - After a right answer the request is signed, by the site's own CA, by a program or by a URL. What comes back is
    checked as well. It has to be for the same key and names, to allow the usages that were asked for and no others, to
    be good now and for no longer than O(days), and to lead to O(authority.roots) without MD5, SHA-1, RSA keys under
    2048 bits and elliptic curves under 256 bits. What a root itself is signed with does not count.
  - At most 256 KiB and 20 certificates are taken from a program or a URL. No message shows what a program writes to
    standard error, its arguments, headers, or the user, password and query of a URL.
author:
  - The edgesite.gpu maintainers (@edgesite)
options:
  state_dir:
    description: As in M(edgesite.gpu.tpm_credential).
    type: path
    required: true
  device:
    description: As in M(edgesite.gpu.tpm_credential).
    type: str
    required: true
  id:
    description: The challenge that is answered, as M(edgesite.gpu.tpm_credential) returned it.
    type: str
    required: true
  answer:
    description: The answer, as M(edgesite.gpu.tpm_challenge) returned it.
    type: str
    required: true
  csr:
    description: The certificate request that the challenge was made for.
    type: str
    required: true
  ek_sha256:
    description: As in M(edgesite.gpu.tpm_credential).
    type: list
    elements: str
    default: []
  days:
    description:
      - How long the certificate is good, in days. It begins an hour before it is signed, since clocks at the edge may
        be behind. Where O(authority.command) or O(authority.url) signs, the CA may give less, and is refused if it
        gives over two days more.
    type: int
    default: 90
  renew_before:
    description:
      - Days before its end that the certificate is renewed, a third of its life by default. One that ends earlier than
        that is refused, since every run would renew it.
    type: float
  authority:
    description: Who signs. One of O(authority.privatekey), O(authority.command) and O(authority.url).
    type: dict
    required: true
    suboptions:
      roots:
        description: The root certificates that hosts trust; files or folders.
        type: list
        elements: path
        required: true
      privatekey:
        description: The issuing CA's key, encrypted or not.
        type: path
      passphrase:
        description: The passphrase of the CA's key.
        type: str
      certificate:
        description: The issuing CA's certificate; needed with O(authority.privatekey).
        type: path
      chain:
        description: Certificates between O(authority.certificate) and the root.
        type: list
        elements: path
        default: []
      command:
        description:
          - A program and its arguments, run on the controller. It gets the request in PEM on standard input, and prints
            the certificate in PEM, followed by what lies between it and the root. Other processes of the controller see
            the arguments, so keep secrets in a file that the program reads.
        type: list
        elements: str
      url:
        description:
          - Where to POST the request in PEM (application/pkcs10), by HTTP or HTTPS. The answer is like that of a
            program; a redirect is not followed.
        type: str
      headers:
        description: Headers to send there, such as a token; each is one line of text.
        type: dict
        default: {}
      timeout:
        description: Seconds that a program or a URL may take.
        type: int
        default: 60
attributes:
  check_mode:
    support: full
    description: Says that a certificate would be issued, and does nothing.
  diff_mode:
    support: none
    description: What changes is a record on the controller; the result tells it.
seealso:
  - module: edgesite.gpu.tpm_credential
  - module: community.crypto.x509_certificate_pipe
requirements:
  - cryptography and openssl on the controller
  - the collection community.crypto, for O(authority.privatekey)
"""

EXAMPLES = r"""
- name: The certificate
  edgesite.gpu.tpm_certificate:
    state_dir: /srv/site/identity
    device: "{{ inventory_hostname }}"
    id: "{{ challenge.id }}"
    answer: "{{ proof.answer }}"
    csr: "{{ request.csr }}"
    authority:
      roots: [/srv/site/ca/root.pem]
      certificate: /srv/site/ca/issuing.pem
      privatekey: /srv/site/ca/issuing.key
      passphrase: "{{ vault_ca_passphrase }}"
  register: issued
"""

RETURN = r"""
certificate:
  description: The certificate, PEM.
  returned: success, but not in check mode
  type: str
chain:
  description: What lies between it and the root, PEM; may be empty.
  returned: success, but not in check mode
  type: str
serial:
  description: Its serial number, hex.
  returned: success, but not in check mode
  type: str
not_after:
  description: Until when it is good, in UTC.
  returned: success, but not in check mode
  type: str
  sample: "2027-02-20T06:30:00Z"
"""
