# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Enrolments from beginning to end, on the controller: TPMs with several endorsement keys, in software."""

from __future__ import annotations

import base64
import json
from types import SimpleNamespace

import pytest
from ansible_collections.edgesite.gpu.plugins.action import identity_device, tpm_certificate, tpm_credential
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.identity import challenge as tpm_challenge
from ansible_collections.edgesite.gpu.plugins.module_utils.identity import csr
from ansible_collections.edgesite.gpu.tests.unit.plugins.plugin_utils.identity.bench import (
    Authority,
    DeviceKey,
    NotMine,
    Tpm,
    activate,
)
from cryptography import x509

MAKER = Authority("Good TPMs")
SITE = Authority("Site")
RSA, ECC, OTHER = Tpm(MAKER), Tpm(MAKER, kind="ecc_p256"), Tpm(MAKER, kind="ecc_p256")
KEY = DeviceKey()


def both(*tpms):
    return [shown for tpm in tpms for shown in tpm.shows()]


class Controller:
    """A site's folder, and what the role identity does with it for one host after the other."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "state").mkdir(mode=0o700)
        (folder / "maker.pem").write_text(MAKER.pem)

    def act(self, plugin, check=False, **options):
        action = plugin.ActionModule.__new__(plugin.ActionModule)
        action._task = SimpleNamespace(check_mode=check)
        return action.work({"state_dir": str(self.folder / "state"), **options}, {})

    def enrol(self, device, shown, held=(RSA, ECC), trust="certified", pins=()):
        """held: the keys that are really in the host's TPM."""
        names = {"subject": {"common_name": device}, "subject_alt_name": []}
        usages = {"key_usage": ["digitalSignature"], "extended_key_usage": ["serverAuth"]}
        request = KEY.request(csr.request(*names.values(), *usages.values()))
        challenge = self.act(
            tpm_credential,
            **names,
            **usages,
            device=device,
            public=KEY.encoded,
            csr=request,
            endorsement=shown,
            ek_trust=trust,
            ek_sha256=list(pins),
            tpm_roots=[str(self.folder / "maker.pem")],
            tpm_intermediates=[],
            ek_certificates=[],
        )
        secrets = [opened(held, one["endorsement"], one["credential"]) for one in challenge["credentials"]]
        self.act(
            tpm_certificate,
            device=device,
            id=challenge["id"],
            answer=tpm_challenge.answer(secrets, challenge["id"], csr.unpem(request)),
            csr=request,
            ek_sha256=list(pins),
            authority={},
            days=1,
            renew_before=None,
        )
        return self.keys(device)

    def end(self, device, how="decommissioned"):
        return self.act(identity_device, device=device, state=how)["device"]

    def keys(self, device):
        known = json.loads((self.folder / "state" / "devices" / (device + ".json")).read_text())
        return known["ek_sha256"]


def opened(held, kind, credential):
    for tpm in held:
        if tpm.public.kind == kind:
            return activate(tpm, KEY.public.name, base64.b64decode(credential))
    raise NotMine


@pytest.fixture
def controller(tmp_path, monkeypatch):
    certificate = SITE.issue(KEY.private.public_key())
    issued = SimpleNamespace(
        certificate=certificate, chain="", parsed=x509.load_pem_x509_certificate(certificate.encode())
    )
    monkeypatch.setattr(tpm_certificate.authority, "sign", lambda *_arguments: issued)
    return Controller(tmp_path)


def test_a_look_at_what_is_known_makes_nothing_on_the_controller(controller):
    """A pipeline that only plans may have no right to write there."""
    told = controller.act(identity_device, check=True, device="gpu-a", state="known")
    assert told == {"changed": False, "device": None, "revoked": []}
    assert list((controller.folder / "state").iterdir()) == []
    controller.enrol("gpu-a", both(RSA))
    controller.end("gpu-a", "revoked")
    (controller.folder / "state/lock").unlink()
    told = controller.act(identity_device, check=True, device="gpu-a", state="known")
    assert told["device"]["certificates"] and told["revoked"] and not (controller.folder / "state/lock").exists()


def test_decommissioned_tpm_is_refused_by_its_second_key(controller):
    assert len(controller.enrol("gpu-a", both(RSA, ECC))) == 2
    controller.end("gpu-a")
    for shown in (both(ECC), both(RSA), both(OTHER, ECC)):
        with pytest.raises(EdgesiteError, match="was decommissioned as gpu-a"):
            controller.enrol("gpu-b", shown)
    assert controller.end("gpu-a", "readmitted")["retired"] == []
    assert controller.enrol("gpu-b", both(ECC))


def test_one_tpm_is_not_two_hosts(controller):
    controller.enrol("gpu-a", both(RSA, ECC))
    with pytest.raises(EdgesiteError, match="that gpu-b shows belongs to gpu-a"):
        controller.enrol("gpu-b", both(ECC))


def test_device_is_known_by_either_key(controller):
    keys = controller.enrol("gpu-a", both(RSA, ECC))
    assert controller.enrol("gpu-a", both(ECC)) == keys
    assert controller.enrol("gpu-a", both(ECC, RSA)) == keys


def test_key_that_is_shown_later_belongs_to_the_device(controller):
    assert len(controller.enrol("gpu-a", both(RSA))) == 1
    assert len(controller.enrol("gpu-a", both(ECC, RSA))) == 2
    controller.end("gpu-a")
    with pytest.raises(EdgesiteError, match="was decommissioned as gpu-a"):
        controller.enrol("gpu-b", both(ECC))


def test_key_of_another_host_is_refused_beside_ones_own(controller):
    controller.enrol("gpu-b", both(OTHER), held=[OTHER])
    controller.enrol("gpu-a", both(RSA))
    with pytest.raises(EdgesiteError, match="that gpu-a shows belongs to gpu-b"):
        controller.enrol("gpu-a", both(RSA, OTHER))


def test_key_of_a_tpm_elsewhere_cannot_be_claimed(controller):
    """Its certificate is no secret; the host would keep that machine out, or have it retired with its own."""
    with pytest.raises(NotMine):
        controller.enrol("gpu-a", both(RSA, OTHER), held=[RSA, ECC])
    assert not list((controller.folder / "state" / "devices").iterdir())


def test_key_without_a_certificate_does_not_count(controller):
    assert controller.enrol("gpu-a", both(RSA) + ECC.shows(certificate=None)) == [RSA.sha256]


@pytest.mark.parametrize("pinned", [RSA, ECC])
def test_pin_of_one_key_takes_the_others_that_are_certified(controller, pinned):
    assert controller.enrol("gpu-a", both(RSA, ECC), pins=[pinned.sha256]) == [RSA.sha256, ECC.sha256]
    with pytest.raises(EdgesiteError, match="the inventory gives this host " + pinned.sha256):
        controller.enrol("gpu-a", both(RSA if pinned is ECC else ECC), pins=[pinned.sha256])


def test_swapped_board_is_taken_with_all_its_keys(controller):
    controller.enrol("gpu-a", both(OTHER), held=[OTHER])
    with pytest.raises(EdgesiteError, match="known by {0}, and shows {1}, ".format(OTHER.sha256, RSA.sha256)):
        controller.enrol("gpu-a", both(RSA, ECC))
    assert controller.enrol("gpu-a", both(RSA, ECC), pins=[ECC.sha256]) == [RSA.sha256, ECC.sha256]
    assert controller.enrol("gpu-c", both(OTHER), held=[OTHER])


def test_a_name_that_was_never_enrolled_is_refused_with_the_place_of_the_names(controller):
    with pytest.raises(EdgesiteError, match="^gpu-x was never enrolled.*Set device to .*: the files in .*/devices"):
        controller.end("gpu-x")
    with pytest.raises(EdgesiteError, match="^A device without a name was never enrolled"):
        controller.end(None)


def test_damaged_record_stops_everything_before_another_one_changes(controller):
    controller.enrol("gpu-a", both(RSA))
    (controller.folder / "state" / "devices" / "other.json").write_text("{}")
    for act in (
        lambda: controller.enrol("gpu-a", both(RSA, ECC)),
        lambda: controller.end("gpu-a"),
        lambda: controller.end("gpu-a", "known"),
    ):
        with pytest.raises(EdgesiteError, match="devices/other.json is damaged: ek_sha256 is missing"):
            act()
    assert controller.keys("gpu-a") == [RSA.sha256]


def test_first_use_takes_all_keys_at_once_and_none_later(controller):
    assert len(controller.enrol("gpu-a", both(RSA, ECC), trust="first_use")) == 2
    known = controller.enrol("gpu-a", both(RSA, OTHER), held=[RSA, OTHER], trust="first_use")
    assert known == [RSA.sha256, ECC.sha256]
    with pytest.raises(EdgesiteError, match="not the one that was enrolled"):
        controller.enrol("gpu-a", both(OTHER), held=[OTHER], trust="first_use")
