# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Good options: those of the documentation's examples, and what these leave to a playbook to fill in."""

from __future__ import annotations

import base64

import yaml
from ansible_collections.edgesite.gpu.plugins.module_utils.identity import csr
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm import der, public, tss2_pem
from ansible_collections.edgesite.gpu.tests.unit.places import FIXTURES
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.driver.cases import mirror

TPM = FIXTURES / "tpm"


def _public(name):
    return public.parse((TPM / name).read_bytes())


DEVICE = _public("key-ecc.pub")
# by the names that tools have for them
PUBLICS = {"0x81000001": _public("storage.pub"), "0x81010001": _public("ek-p256.pub"), "key": DEVICE}
KEY_FILE = tss2_pem.encode(tss2_pem.KeyFile(DEVICE.tpm2b, b"private", 0x81000001))
_WANTED = csr.request({"common_name": "gpu-a"}, [], ["digitalSignature"], ["clientAuth"])
REQUEST = csr.pem(csr.assemble(csr.to_be_signed(_WANTED, DEVICE), DEVICE, b"signature"))
CERTIFICATE = der.pem("CERTIFICATE", (TPM / "ek-ecc.der").read_bytes())
CREDENTIAL = {"endorsement": "ecc_p256", "credential": base64.b64encode(b"credential").decode()}
_EMPTY = der.sequence()
# as much of a certificate for the device's key as tells whose it is
OWN = der.pem(
    "CERTIFICATE",
    der.sequence(der.sequence(der.integer(1), *[_EMPTY] * 4, DEVICE.spki), _EMPTY, der.bits(b"")),
)
PARTED = {
    "version": "v1",
    "mig-configs": {
        "small": [{"devices": "all", "mig-enabled": True, "mig-devices": {"1g.5gb": 7}}],
        "off": [{"device-filter": ["0x20B010DE"], "devices": [0], "mig-enabled": False}],
    },
}
SETTINGS = {
    "gpus": [{"index": 0}],
    "ecc": False,
    "compute_mode": "default",
    "gpu_clocks": {"min": 1110, "max": 1410, "locked": True},
}

# what is added to each example
FILLED_IN = {
    "host_tools": {"manifest": {"a.py": "0" * 64}},
    "identity_store": {"certificate": OWN, "chain": CERTIFICATE, "trust": CERTIFICATE, "crl": "x"},
    "luks_volume": {"recovery_certificate": CERTIFICATE, "pcrs": [7]},
    "tpm_challenge": {"credentials": [CREDENTIAL], "id": "0" * 32, "csr": REQUEST},
}
# further examples
MORE = {
    "gpu_settings": [{"settings": [SETTINGS]}],
    "mig_layout": [
        {"mig_parted": PARTED, "config": "small"},
        {"layouts": [{"gpus": "all", "instances": ["1g.5gb"]}, {"gpus": [{"index": 2}], "mig": "disabled"}]},
        {"layouts": [{"gpus": [{"model": "A100"}], "instances": {"3g.20gb": 1}}], "disruption": "force"},
        {"layouts": [{"gpus": [{"uuid": "GPU-0"}], "instances": [{"profile": "4g.20gb", "placement": 0}]}]},
    ],
    "nvidia_driver": [
        {"version": "550.163.01", "source": "mirror", "mirror": mirror(layout=one)}
        for one in ("distribution", "nvidia")
    ],
}


def of_module(name, text):
    """text: the module's EXAMPLES."""
    full = "edgesite.gpu." + name
    written = [_plain(task[full] or {}) for task in yaml.safe_load(text) if full in task]
    return [{**one, **FILLED_IN.get(name, {})} for one in written] + MORE.get(name, [])


def _plain(options):
    return {name: value for name, value in options.items() if "{{" not in str(value)}
