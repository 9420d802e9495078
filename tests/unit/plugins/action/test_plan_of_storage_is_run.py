# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""luks_volume does what check mode says: on the disk, in the files, and in the folder with the recovery keys."""

from __future__ import annotations

import random

import pytest
from ansible_collections.edgesite.gpu.plugins.action.luks_volume import ActionModule
from ansible_collections.edgesite.gpu.plugins.module_utils.common import effects
from ansible_collections.edgesite.gpu.plugins.module_utils.converge import converge
from ansible_collections.edgesite.gpu.plugins.module_utils.outcome import result
from ansible_collections.edgesite.gpu.plugins.module_utils.storage.host import domain
from ansible_collections.edgesite.gpu.plugins.module_utils.storage.host.domain import LuksVolumeDomain
from ansible_collections.edgesite.gpu.plugins.module_utils.storage.volume import Volume, Wanted
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm import der
from ansible_collections.edgesite.gpu.plugins.plugin_utils.recovery_escrow import _ENVELOPED
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.plan_is_run import same
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.storage.host import test_domain
from ansible_collections.edgesite.gpu.tests.unit.plugins.plugin_utils.host_task import HostTask

host = test_domain.host
DRIFTS = 80


class Task(HostTask):
    """luks_volume on a host in memory, with its recovery keys on a controller. lacks: packages."""

    def __init__(self, host, check, lacks, certificate, folder, **options):
        super().__init__(ActionModule, [], check=check, escrow_dir=str(folder), **options)
        self.host, self.check, self.lacks, self.certificate = host, check, lacks, certificate

    def _module(self, _more):
        host, chance = self.host, self.host.chance
        uuid = "%08x-0000-4000-8000-000000000000" % chance.getrandbits(32)
        volume = Volume(
            test_domain.NAME, test_domain.DEVICE, test_domain.MOUNT, "ext4", "aes-256-xts", "defaults", uuid
        )
        wanted = Wanted((volume,), (7,), self.certificate)
        host.fault = None
        keys = [key.decode() for key in host.known]
        made = LuksVolumeDomain(None, wanted, self.certificate, keys, installs=self.check)
        return result(lambda: converge(made, self.check))

    def _other(self, name, arguments):
        self.lacks.clear()
        return {"changed": True}


def envelope(_run, certificate, key):
    content = der.sequence(_ENVELOPED, der.octets(certificate.encode() + b":" + key))
    return der.pem("CMS", content)


def drift(chance, host, lacking):
    """What somebody did to a volume. Whether a TPM opens it is seen by the programs that may be missing alone."""
    swapped = {} if lacking else {"tpm": "other"}
    for change in chance.sample(
        [
            lambda: host.files.update({effects.CRYPTTAB: ""}),
            lambda: host.files.update({effects.FSTAB: ""}),
            lambda: host.__dict__.update(open=False, mounted=False),
            lambda: host.__dict__.update(mounted=False),
            lambda: host.__dict__.update(**swapped, open=False, mounted=False),
            lambda: host.__dict__.update(old="ext4", uuid=None, open=False, mounted=False),
        ],
        chance.choice([0, 1, 1, 2]),
    ):
        change()


def task(host, lacks, certificate, folder):
    return lambda check: Task(host, check, lacks, certificate, folder).result()


@pytest.mark.parametrize("lacking", [(), ("cryptsetup",)])
def test_check_mode_says_what_a_run_does(host, monkeypatch, tmp_path, lacking):
    lacks = []
    monkeypatch.setattr(domain.luks, "encrypt", envelope)
    monkeypatch.setattr(domain.requirements, "missing_packages", lambda _filesystems: list(lacks))
    monkeypatch.setattr(domain.requirements, "can_try", lambda: not lacks, raising=False)
    acted = 0
    for number in range(DRIFTS // 2):
        chance = random.Random(number)
        blank = test_domain.Host()
        host.__dict__.update({name: value for name, value in blank.__dict__.items() if name not in ("files", "made")})
        host.files.update(blank.files)
        host.chance, host.known, folder = chance, [], tmp_path / str(number)
        if chance.random() < 0.8:
            assert not task(host, [], "operators", folder)(False).get("failed")
            host.known = [key for key in host.slots.values() if isinstance(key, bytes)]
            drift(chance, host, lacking)
        lacks[:] = lacking
        acted += bool(same(task(host, lacks, chance.choice(["operators", "others"]), folder)))
    assert acted > DRIFTS // 8
