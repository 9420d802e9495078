#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tls_services
short_description: Have services use the key in a host's TPM, and their new certificates
version_added: 0.1.0
description:
  - Gives systemd services what OpenSSL needs to use a key in the TPM, each by a drop-in for its unit and never
    for the whole system. TLS 1.3 with AES-256-GCM is what is spoken.
  - Runs TLS proxies (haproxy, one worker each) for programs that cannot use such keys, among them all that are
    written in Go, as servers and as clients.
  - Reloads services and proxies when the host's certificate, key, trusted roots or revocation list changed since they
    loaded them, also where that was in an earlier run, and restarts them when their settings changed. Proxies, haproxy
    and nginx do so without a failed request.
  - What a service serves with is its own configuration's matter; see docs/identity.md for each.
author:
  - The edgesite.gpu maintainers (@edgesite)
extends_documentation_fragment:
  - edgesite.gpu.installs
options:
  identity:
    description:
      - The folder of M(edgesite.gpu.identity_store). It becomes a part of units and of the configuration of proxies, so
        that its path has letters, digits and C(._:+@=,~-) only.
    type: path
    default: /etc/edgesite-gpu/identity
  directory:
    description: The folder for what this module writes; as O(identity), letters, digits and C(._:+@=,~-) only.
    type: path
    default: /etc/edgesite-gpu/tls
  tcti:
    description:
      - How programs reach the TPM. It has to be one that several can use at once.
      - Letters, digits and C(_./:=,@+-).
    type: str
    default: device:/dev/tpmrm0
  group:
    description: The group that may use the TPM and read the key's file; services are given it.
    type: str
    default: tss
  services:
    description: Services whose configuration names the host's key and certificate. None is started that is stopped.
    type: list
    elements: dict
    default: []
    suboptions:
      unit:
        description: The unit, such as C(nginx.service).
        type: str
        required: true
      change:
        description:
          - How it gets to know a new certificate. C(upgrade) is for nginx, and replaces its master process too, since
            nginx's own reload lets requests fail on a key in a TPM; it is what a reload of the unit then does.
          - C(upgrade) for C(nginx.service), C(reload) for others.
        type: str
        choices: [reload, restart, upgrade]
      user:
        description:
          - Start it as this user. For programs that start as root, and change to a user without its groups before
            they read their key, as mosquitto does (C(mosquitto)).
        type: str
  proxies:
    description: TLS proxies. Those that are not here any more are taken away.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: A name for the unit C(edgesite-tls-proxy@NAME.service).
        type: str
        required: true
      listen:
        description:
          - Where it listens, such as C(0.0.0.0:9443) or C([::]:9443). For O(proxies[].side=client) on the loopback.
        type: str
        required: true
      upstream:
        description:
          - The program behind it, such as C(127.0.0.1:9100). Have that listen on the loopback only.
          - For O(proxies[].side=client) the server, such as C(gpu-1:9443).
        type: str
        required: true
      side:
        description:
          - C(server) speaks TLS to its clients. C(client) takes what programs on this host send without TLS, Prometheus
            for one, and speaks TLS to its upstream, with this host's certificate.
        type: str
        choices: [server, client]
        default: server
      server_name:
        description:
          - The name that the certificate of the upstream has to have, for O(proxies[].side=client). Its host name by
            default.
        type: str
      client_certificates:
        description: Whether clients have to show a certificate of the site's CA that is not revoked.
        type: str
        choices: [required, optional, none]
        default: required
      names:
        description: The common names of the clients that may come in; empty for all that have such a certificate.
        type: list
        elements: str
        default: []
attributes:
  check_mode:
    support: full
    description: Says what would be written and reloaded, and does nothing.
  diff_mode:
    support: full
    description: Shows files by digest, units, and whether they have loaded what is there.
seealso:
  - module: edgesite.gpu.identity_store
  - module: edgesite.gpu.tpm_key
"""

EXAMPLES = r"""
- name: nginx uses the host's identity, node_exporter is behind a proxy, and a client asks through one
  edgesite.gpu.tls_services:
    services:
      - unit: nginx.service
      - unit: mosquitto.service
        user: mosquitto
    proxies:
      - name: node
        listen: 0.0.0.0:9443
        upstream: 127.0.0.1:9100
        names: [prometheus.plant.example]
      - name: gpu-2
        side: client
        listen: 127.0.0.1:9444
        upstream: gpu-2.plant.example:9443
  become: true
"""

RETURN = r"""
actions:
  description: What was done, or in check mode would be done.
  returned: success, or when a step failed
  type: list
  elements: dict
  sample: [{"does": "reload nginx.service"}]
before:
  description: Files by digest (C(files)), C(links), and C(units) with C(active), C(enabled) and C(current), before.
  returned: success
  type: dict
after:
  description: The same, after; in check mode, what it would be.
  returned: success
  type: dict
missing_packages:
  description: Packages, by their names in Debian, that are wanted and not there.
  returned: success, or when some are missing
  type: list
  elements: str
  sample: [tpm2-openssl]
unknown_services:
  description: Services that this host does not have. They get their drop-in, and use it once they are there.
  returned: success
  type: list
  elements: str
undone:
  description: Whether what was done before the failure was taken back, so that the host is as it was.
  returned: when a step failed
  type: bool
"""

from ..module_utils.basic import AnsibleModule
from ..module_utils.common import action_options
from ..module_utils.common.host import command
from ..module_utils.runner import run
from ..module_utils.tls.host.domain import TlsServicesDomain
from ..module_utils.tls.options import wanted


def main():
    module = AnsibleModule(
        argument_spec={
            **action_options.INSTALLS,
            "identity": {"type": "path", "default": "/etc/edgesite-gpu/identity"},
            "directory": {"type": "path", "default": "/etc/edgesite-gpu/tls"},
            "tcti": {"type": "str", "default": "device:/dev/tpmrm0"},
            "group": {"type": "str", "default": "tss"},
            "services": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "unit": {"type": "str", "required": True},
                    "change": {"type": "str", "choices": ["reload", "restart", "upgrade"]},
                    "user": {"type": "str"},
                },
            },
            "proxies": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "name": {"type": "str", "required": True},
                    "listen": {"type": "str", "required": True},
                    "upstream": {"type": "str", "required": True},
                    "side": {"type": "str", "choices": ["server", "client"], "default": "server"},
                    "server_name": {"type": "str"},
                    "client_certificates": {
                        "type": "str",
                        "choices": ["required", "optional", "none"],
                        "default": "required",
                    },
                    "names": {"type": "list", "elements": "str", "default": []},
                },
            },
        },
        supports_check_mode=True,
    )
    options = {name: value for name, value in module.params.items() if name not in action_options.INSTALLS}
    run(module, lambda: TlsServicesDomain(command.run, wanted(**options)))


if __name__ == "__main__":
    main()
