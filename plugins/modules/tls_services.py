#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tls_services
short_description: Make services use the key in a host's TPM and its current certificate
version_added: 0.1.0
description:
  - Gives systemd services what OpenSSL needs to use a key in the TPM, with a drop-in for each unit and never for the
    whole system. They use TLS 1.3 with AES-256-GCM.
  - Runs TLS proxies (haproxy, one worker each) for servers and clients that cannot use such keys, including all
    programs written in Go.
  - Reloads services and proxies if the host's certificate, key, trusted roots or revocation list changed since they
    loaded them, even in an earlier run, and restarts them if their settings changed. Proxies, haproxy and nginx do this
    without a failed request.
  - Which certificate a service uses is set in its own configuration; see docs/identity.md for each service.
author:
  - The edgesite.gpu maintainers (@edgesite)
extends_documentation_fragment:
  - edgesite.gpu.installs
options:
  identity:
    description:
      - The directory of M(edgesite.gpu.identity_store). Because the path becomes part of units and proxy
        configurations, it may contain only letters, digits and C(._:+@=,~-).
    type: path
    default: /etc/edgesite-gpu/identity
  directory:
    description: Directory for the files that this module writes. The same characters are allowed as in O(identity).
    type: path
    default: /etc/edgesite-gpu/tls
  tcti:
    description:
      - How programs reach the TPM. Several programs must be able to use it at the same time.
      - Begins with the name of a TCTI library, such as C(device) or C(tabrmd). May contain letters, digits and
        C(_./:=,@+-).
    type: str
    default: device:/dev/tpmrm0
  group:
    description: The group that may use the TPM and read the key file. Services get it as a supplementary group.
    type: str
    default: tss
  services:
    description: Services whose configuration names the host's key and certificate. Stopped services are not started.
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
          - How the service loads a new certificate. V(upgrade) is for nginx and also replaces its master process,
            because with a key in a TPM nginx's own reload makes requests fail. Reloading the unit then does the same.
          - By default V(upgrade) for C(nginx.service) and V(reload) for others.
        type: str
        choices: [reload, restart, upgrade]
      user:
        description:
          - User to start the service as. For programs that start as root and switch to a user without its supplementary
            groups before they read their key, such as mosquitto (user C(mosquitto)).
        type: str
  proxies:
    description: TLS proxies. Those that are no longer listed are removed.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the proxy, whose unit is C(edgesite-tls-proxy@NAME.service).
        type: str
        required: true
      listen:
        description:
          - Address and port to listen on, such as V(0.0.0.0:9443) or V([::]:9443). With O(proxies[].side=client) it
            must be a loopback address.
        type: str
        required: true
      upstream:
        description:
          - The program behind the proxy, such as V(127.0.0.1:9100). It should listen on a loopback address only.
          - With O(proxies[].side=client), the server, such as V(gpu-1:9443).
        type: str
        required: true
      side:
        description:
          - V(server) uses TLS towards its clients. V(client) accepts plain connections from programs on this host, such
            as Prometheus, and uses TLS with this host's certificate towards its upstream.
        type: str
        choices: [server, client]
        default: server
      server_name:
        description:
          - Name that the certificate of the upstream must have, for O(proxies[].side=client). By default the host name
            in O(proxies[].upstream).
        type: str
      client_certificates:
        description: Whether clients must present a certificate of the site's CA that is not revoked.
        type: str
        choices: [required, optional, none]
        default: required
      names:
        description: Common names of the clients that may connect. Empty allows every client with such a certificate.
        type: list
        elements: str
        default: []
attributes:
  check_mode:
    support: full
    description: Reports what would be written and reloaded, and changes nothing.
  diff_mode:
    support: full
    description: Shows digests of files, units and whether they have loaded the current files, before and after.
seealso:
  - module: edgesite.gpu.identity_store
  - module: edgesite.gpu.tpm_key
"""

EXAMPLES = r"""
- name: Serve nginx and mosquitto with the host's identity, and run a server's and a client's proxy
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
  description:
    - What was done, or would be done in check mode.
    - C(does) describes an action. C(disruption) says what it interrupts, V(none), V(restart) (services), V(destroy)
      (MIG instances), V(reset) (GPUs), V(reboot) or V(wipe) (data on a disk), and C(of) lists what that affects.
  returned: success, or when a step failed
  type: list
  elements: dict
  sample:
    - {does: restart mosquitto.service, disruption: restart, of: [mosquitto.service]}
before:
  description: Files by digest (C(files)), C(links), and C(units) with C(active), C(enabled) and C(current), before.
  returned: success
  type: dict
after:
  description: The same, after; in check mode, the expected state.
  returned: success
  type: dict
missing_packages:
  description: Missing packages, by their names in Debian.
  returned: success, or when some are missing
  type: list
  elements: str
  sample: [tpm2-openssl]
unknown_services:
  description: Services that this host does not have. They get their drop-in and use it once they are installed.
  returned: success
  type: list
  elements: str
undone:
  description: Whether the steps before the failure were undone, so that the host is as it was.
  returned: when a step failed
  type: bool
"""

from ..module_utils.basic import AnsibleModule
from ..module_utils.runner import end
from ..module_utils.tls.host import layer
from ..module_utils.tls.spec import OPTIONS


def main():
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    end(module, layer.run(module.params, module.check_mode, module._verbosity))


if __name__ == "__main__":
    main()
