#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# What it does is in plugins/action: it works on the controller, and nothing of it reaches a host.

from __future__ import annotations

DOCUMENTATION = r"""
module: tpm_certificate
short_description: Verify a TPM's proof, and have its certificate request signed
version_added: 0.1.0
description:
  - Runs on the controller. Verifies the answer of M(edgesite.gpu.tpm_challenge) to a challenge of
    M(edgesite.gpu.tpm_credential). The challenge is used up afterwards, whether the answer was right or not.
  - After a right answer, the request is signed by the site's own CA, a program or a URL. The certificate is checked as
    well. It must be for the same key and names, allow exactly the requested usages, be valid now and for no longer than
    O(days), and chain to O(authority.roots) without MD5, SHA-1, RSA keys of less than 2048 bits or elliptic curves of
    less than 256 bits. The signature of the root itself is not checked for this.
  - At most 256 KiB and 20 certificates are accepted from a program or a URL. No message shows a program's arguments or
    standard error, headers, or the user, password and query of a URL.
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
    description: The id of the challenge, as returned by M(edgesite.gpu.tpm_credential).
    type: str
    required: true
  answer:
    description: The answer, as returned by M(edgesite.gpu.tpm_challenge).
    type: str
    required: true
  csr:
    description: The certificate request that the challenge is for.
    type: str
    required: true
  ek_sha256:
    description: As in M(edgesite.gpu.tpm_credential).
    type: list
    elements: str
    default: []
  days:
    description:
      - How many days the certificate is valid. It is valid from an hour before it is signed, because clocks at the edge
        may be slow. A CA behind O(authority.command) or O(authority.url) may issue it for less, but a certificate that
        is valid for over two days more is refused.
    type: int
    default: 90
  renew_before:
    description:
      - How many days before it expires the certificate is renewed. By default a third of its lifetime. A certificate
        that expires sooner than that is refused, because every run would renew it.
    type: float
  authority:
    description: Who signs. One of O(authority.privatekey), O(authority.command) and O(authority.url).
    type: dict
    required: true
    suboptions:
      roots:
        description: The root certificates that hosts trust; files or directories.
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
        description: The issuing CA's certificate; required with O(authority.privatekey).
        type: path
      chain:
        description: Certificates between O(authority.certificate) and the root.
        type: list
        elements: path
        default: []
      command:
        description:
          - A program and its arguments, run on the controller. It receives the request in PEM on standard input and
            must print the certificate in PEM, followed by its intermediate certificates. Other processes on the
            controller can see the arguments, so keep secrets in a file that the program reads.
        type: list
        elements: str
      url:
        description:
          - HTTP or HTTPS URL to POST the request in PEM to (application/pkcs10). The response has the form of a
            program's output. Redirects are not followed.
        type: str
      headers:
        description: Headers of that request, such as a token; each is one line of text.
        type: dict
        default: {}
      timeout:
        description: Seconds that the program or the URL may take.
        type: int
        default: 60
attributes:
  check_mode:
    support: full
    description: Reports that a certificate would be issued, and does nothing.
  diff_mode:
    support: none
    description: Only a record on the controller changes; see the return values.
seealso:
  - module: edgesite.gpu.tpm_credential
  - module: community.crypto.x509_certificate_pipe
requirements:
  - cryptography and openssl on the controller
  - the collection community.crypto, for O(authority.privatekey)
"""

EXAMPLES = r"""
- name: Have the certificate issued
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
  description: The certificate, in PEM.
  returned: success, but not in check mode
  type: str
chain:
  description: The certificates between it and the root, in PEM; may be empty.
  returned: success, but not in check mode
  type: str
serial:
  description: Its serial number, in hexadecimal.
  returned: success, but not in check mode
  type: str
not_after:
  description: When it expires, in UTC.
  returned: success, but not in check mode
  type: str
  sample: "2027-02-20T06:30:00Z"
"""
