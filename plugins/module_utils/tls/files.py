# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that have services use the key in a TPM."""

from __future__ import annotations

from typing import Dict, NamedTuple, Optional, Tuple

from ..common import effects, lines

PROXY_TEMPLATE = effects.UNITS + "/edgesite-tls-proxy@.service"
DROPIN = "50-edgesite-tls.conf"
CIPHERSUITES = "TLS_AES_256_GCM_SHA384"

_WRITTEN = "# Written by the Ansible collection edgesite.gpu; changes are overwritten.\n"
_PROXY_BEFORE, _PROXY_AFTER = "edgesite-tls-proxy@", ".service"


class Layout(NamedTuple):
    """Where things are, and how the TPM is reached."""

    directory: str
    identity: str
    tcti: str
    group: str

    @property
    def openssl(self) -> str:
        """OpenSSL's configuration."""
        return self.directory + "/openssl.cnf"

    @property
    def pair(self) -> str:
        """Certificate and, with .key after it, key, as haproxy wants them."""
        return self.directory + "/identity.pem"

    def dropin(self, unit: str) -> str:
        """What is added to a service's unit."""
        return "{0}/{1}.d/{2}".format(effects.UNITS, unit, DROPIN)

    def proxy_config(self, name: str) -> str:
        """The configuration of a proxy."""
        return "{0}/proxy-{1}.cfg".format(self.directory, name)


class Service(NamedTuple):
    """A service. user: whom it is started as, where it would else change to that user by itself."""

    unit: str
    change: str
    user: Optional[str]


class Proxy(NamedTuple):
    """A proxy. names: common names of those who may come in; empty for everybody with a certificate.

    server_name: one that goes out, speaks TLS to upstream and not to its clients; what upstream's certificate has to
    name. Empty for one that comes in.
    """

    name: str
    listen: str
    upstream: str
    client_certificates: str
    names: Tuple[str, ...]
    server_name: str = ""

    @property
    def served(self) -> str:
        """Where it serves the host's certificate; empty where it serves none."""
        return "" if self.server_name else self.listen


def proxy_unit(name: str) -> str:
    """The unit of a proxy."""
    return _PROXY_BEFORE + name + _PROXY_AFTER


def proxy_name(unit: str) -> Optional[str]:
    """The proxy that a unit is; None for other units."""
    if not unit.startswith(_PROXY_BEFORE):
        return None
    return unit[len(_PROXY_BEFORE) : -len(_PROXY_AFTER)]


def mode(path: str) -> int:
    """The mode of a file: one of them is a program."""
    return 0o755 if path.endswith("/nginx-reload") else 0o644


def openssl(prefer_tpm: bool) -> str:
    """OpenSSL's configuration for these services.

    prefer_tpm: before 1.2.0, tpm2-openssl gives the public half of its keys away as if it were the whole, so it has to
    be asked before others. It then verifies signatures of others as well, which a TPM takes long for.
    """
    preference = (
        "alg_section = edgesite_algorithms\n",
        "[edgesite_algorithms]\n"
        "default_properties = ?provider=tpm2,tpm2.digest!=yes,tpm2.cipher!=yes,tpm2.rand!=yes\n\n",
    )
    line, section = preference if prefer_tpm else ("", "")
    return (
        _WRITTEN + "openssl_conf = edgesite\n\n"
        "[edgesite]\nproviders = edgesite_providers\n" + line + "ssl_conf = edgesite_ssl\n\n"
        "[edgesite_providers]\ndefault = edgesite_provider\ntpm2 = edgesite_provider\n\n"
        "[edgesite_provider]\nactivate = 1\n\n" + section + "[edgesite_ssl]\nsystem_default = edgesite_tls\n\n"
        "[edgesite_tls]\nMinProtocol = TLSv1.3\nCiphersuites = " + CIPHERSUITES + "\n"
    )


_ENVIRONMENT = """\
Environment=OPENSSL_CONF={openssl}
Environment=TPM2OPENSSL_TCTI={tcti}
SupplementaryGroups={group}
"""


def _environment(layout: Layout) -> str:
    return lines.fill(_ENVIRONMENT, openssl=layout.openssl, tcti=layout.tcti, group=layout.group)


def dropin(layout: Layout, service: Service) -> str:
    """What is added to a service's unit."""
    text = _WRITTEN + "[Service]\n" + _environment(layout)
    if service.user is not None:
        # The steps before and after it stay with the unit's own user.
        text += lines.fill("User={user}\nPermissionsStartOnly=true\n", user=service.user)
    if service.change == "upgrade":
        text += lines.fill("ExecReload=\nExecReload={directory}/nginx-reload\n", directory=layout.directory)
    return text


_NGINX_RELOAD = """\
# A new worker of the same master would share its connection to the TPM with the old one, and requests would fail. So
# the master is replaced too: nginx's change of its program, with the same program.
set -eu
pidfile=/run/nginx.pid
say() {{ echo "nginx-reload: $*" >&2; }}
nginx -t -q
for wait in $(seq 100); do
    [ -e $pidfile.oldbin ] || break
    sleep 0.1
done
old=$(cat $pidfile)
kill -USR2 "$old"
for wait in $(seq 200); do
    new=$(cat $pidfile 2>/dev/null || true)
    if [ -n "$new" ] && [ "$new" != "$old" ] && grep -q . "/proc/$new/task/$new/children" 2>/dev/null; then
        kill -QUIT "$old"
        exit 0
    fi
    sleep 0.1
done
say "the new nginx did not start, the old one goes on; does nginx.conf include {main}?"
exit 1
"""

_NGINX_MAIN = """\
# For the top of nginx.conf, which then must not set worker_processes.
# Two workers would share one connection to the TPM.
worker_processes 1;
worker_shutdown_timeout 15m;
# else nginx keeps them from the process that replaces it
env OPENSSL_CONF;
env TPM2OPENSSL_TCTI;
"""

_NGINX_SERVER = """\
# For a server block.
ssl_certificate {identity}/current/fullchain.pem;
ssl_certificate_key {identity}/current/key.pem;
ssl_client_certificate {identity}/trust.pem;
ssl_crl {identity}/crl.pem;
ssl_verify_client on;
ssl_verify_depth 3;
ssl_protocols TLSv1.3;
"""


def nginx(layout: Layout) -> Dict[str, str]:
    """What nginx needs, by path."""
    main = layout.directory + "/nginx-main.conf"
    return {
        main: _WRITTEN + _NGINX_MAIN,
        layout.directory + "/nginx-server.conf": _WRITTEN + lines.fill(_NGINX_SERVER, identity=layout.identity),
        layout.directory + "/nginx-reload": "#!/bin/sh\n" + _WRITTEN + lines.fill(_NGINX_RELOAD, main=main),
    }


_PROXY_UNIT = """\
[Unit]
Description=TLS on the key in the TPM, before a program that cannot use it: %i
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=notify
"""

_PROXY_COMMANDS = """\
ExecStart=haproxy -Ws -f {directory}/proxy-%i.cfg
ExecReload=haproxy -Ws -c -q -f {directory}/proxy-%i.cfg
ExecReload=kill -USR2 $MAINPID
KillMode=mixed
SuccessExitStatus=143
Restart=always
RestartSec=2

[Install]
WantedBy=multi-user.target
"""


def proxy_template(layout: Layout) -> str:
    """The unit of all proxies."""
    commands = lines.fill(_PROXY_COMMANDS, directory=layout.directory)
    return _WRITTEN + _PROXY_UNIT + _environment(layout) + commands


_PROXY_GLOBAL = """\
global
    # tpm2-openssl before 1.3.0 fails with several threads
    nbthread 1
    user haproxy
    group haproxy
    # how long a replaced worker may go on with the connections it has
    hard-stop-after 15m

defaults
    mode tcp
    timeout connect 5s
    timeout client 1h
    timeout server 1h

"""

_PROXY_LISTEN = """\
listen {name}
    bind {listen}{listen_tls}
"""

_PROXY_NAMES = """\
    tcp-request content reject unless {{ ssl_c_s_dn(cn) -m str {names} }}
"""

_PROXY_UPSTREAM = """\
    server upstream {upstream}{upstream_tls}
"""


def proxy_config(layout: Layout, proxy: Proxy) -> str:
    """The configuration of one proxy."""
    tls = " ssl crt {0} ssl-min-ver TLSv1.3 ciphersuites {1}".format(layout.pair, CIPHERSUITES)
    trust = " ca-file {0}/trust.pem crl-file {0}/crl.pem verify ".format(layout.identity)
    listen_tls = upstream_tls = ""
    if proxy.server_name:
        # A name that is not known at boot must not keep the proxy from starting.
        upstream_tls = (
            tls + trust + "required verifyhost {0} sni str({0}) init-addr last,libc,none".format(proxy.server_name)
        )
    elif proxy.client_certificates == "none":
        listen_tls = tls
    else:
        listen_tls = tls + trust + proxy.client_certificates
    return (
        _WRITTEN
        + _PROXY_GLOBAL
        + lines.fill(_PROXY_LISTEN, name=proxy.name, listen=proxy.listen, listen_tls=listen_tls)
        + (lines.fill(_PROXY_NAMES, names=" ".join(proxy.names)) if proxy.names else "")
        + lines.fill(_PROXY_UPSTREAM, upstream=proxy.upstream, upstream_tls=upstream_tls)
    )
