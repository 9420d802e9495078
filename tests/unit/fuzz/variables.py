# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of each role, as site_check judges them before a run."""

from __future__ import annotations

from ansible_collections.edgesite.gpu.plugins.module_utils.site import problem
from ansible_collections.edgesite.gpu.plugins.module_utils.site.layers import LAYERS
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site import judgement, specifications
from ansible_collections.edgesite.gpu.tests.unit.fuzz.examples import SETTINGS
from ansible_collections.edgesite.gpu.tests.unit.fuzz.generator import Plugin

_VOLUME = {"name": "data", "device": "/dev/sdb", "mount": "/srv/data"}
_GOOD = {
    "driver": [
        {"driver_branch": "550"},
        {"driver_version": "580.95.05", "driver_extra_packages": ["libnvidia-encode1"]},
    ],
    "jetpack": [{"jetpack_version": "6.2.1", "jetpack_power_mode": "MAXN", "jetpack_packages": ["tensorrt"]}],
    "gpu": [{"gpu_settings": [SETTINGS]}, {"gpu_settings": [{"gpus": "all", "power_limit": "default"}]}],
    "mig": [
        {"mig_layouts": [{"gpus": "all", "instances": {"1g.5gb": 7}}]},
        {"mig_from_file": "parted.yaml"},
        {"mig_config": "all-balanced"},
    ],
    "storage": [
        {"storage_volumes": [_VOLUME], "storage_escrow_dir": "/tmp", "storage_recovery_certificate": "/nowhere.pem"}
    ],
    "identity": [{"identity_ca_dir": "/nowhere", "identity_ek_trust": "first_use", "identity_ca_passphrase": "secret"}],
    "tls": [{"tls_services": [{"unit": "nginx.service"}], "tls_proxies": []}],
}
_SCOPE = judgement.Scope([layer.name for layer in LAYERS], False, str, lambda _host: None)


def roles():
    """Every role with variables, for the generator."""
    return {
        "variables of " + name: Plugin("variables of " + name, dict(spec), _GOOD.get(name, [{}]), _judge)
        for name, spec in specifications.of_roles().items()
        if spec
    }


def _judge(variables, _rng):
    """The lines that are shown of them; not behind the guard that takes errors for a host's nonsense."""
    host = judgement._Host("gpu-1", variables)
    judgement._by_variables(host, _SCOPE)
    return {"lines": problem.told(problem.once(host.problems))}
