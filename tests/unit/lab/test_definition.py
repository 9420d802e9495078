# SPDX-License-Identifier: GPL-3.0-or-later
"""A definition is read into plain data, and what is wrong in one is said with its place and the fix."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import yaml
from edgelab import definition
from edgelab.errors import LabError

GOOD = {
    "site": "probe",
    "subnet": "10.213.77.0/24",
    "hosts": {
        "a": {
            "release": "trixie",
            "address": "10.213.77.11",
            "hardware": {
                "gpus": {"models": ["A100-SXM4-40GB:2", "T4:1"], "driver": "570.172.08", "flavour": "open"},
                "pci": [{"vendor": "19e5", "device": "d500"}, {"vendor": "cabc", "device": "0370"}],
                "tpm": {"manufacturer": "acme"},
                "secure_boot": True,
            },
        },
        "b": {"release": "bookworm", "address": "10.213.77.2", "hub": True},
    },
}


def load(tmp_path: Path, data: object) -> definition.Site:
    file = tmp_path / "probe.yml"
    file.write_text(yaml.safe_dump(data), encoding="utf-8")
    return definition.load(str(file))


def changed(path: str, value: object) -> dict:
    data = copy.deepcopy(GOOD)
    *parents, last = path.split("/")
    place = data
    for parent in parents:
        place = place[parent]
    place[last] = value
    return data


def test_good(tmp_path: Path) -> None:
    site = load(tmp_path, GOOD)
    a, b = site.hosts
    assert a.hardware.gpus == definition.Gpus((("A100-SXM4-40GB", 2), ("T4", 1)), "570.172.08", "open")
    assert [card.address for card in a.hardware.pci] == ["0000:c1:00.0", "0000:c2:00.0"]
    assert (a.hardware.tpm_manufacturer, a.hardware.tpm_certificate) == ("acme", True)
    assert a.hardware.secure_boot is True
    assert b.hub and b.hardware == definition.Hardware()


@pytest.mark.parametrize(
    ("value", "manufacturer", "certificate"),
    [
        (True, "lab", True),
        (False, None, True),
        ({"manufacturer": "shady"}, "shady", True),
        ({"certificate": False}, "lab", False),
    ],
)
def test_tpm(tmp_path: Path, value: object, manufacturer: str | None, certificate: bool) -> None:
    hardware = load(tmp_path, changed("hosts/a/hardware/tpm", value)).host("a").hardware
    assert (hardware.tpm_manufacturer, hardware.tpm_certificate) == (manufacturer, certificate)


def test_every_site_of_the_repository_is_good() -> None:
    sites = [definition.load(str(path)) for path in definition.SITES.glob("*.yml")]
    assert "demo" in {site.name for site in sites}
    subnets = [site.subnet for site in sites]
    assert not any(x.overlaps(y) for i, x in enumerate(subnets) for y in subnets[:i]), "sites may be up together"


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("site", "De.mo", "site: 'De.mo' is not valid"),
        ("subnet", "10.213.77.1/24", "subnet: 10.213.77.1/24 has host bits set"),
        ("subnet", "8.8.8.0/24", "must be private"),
        ("hosts", {}, "at least one host"),
        ("hosts/a/release", "sid", "hosts.a.release: 'sid' is not known\n  -> allowed: bookworm, trixie"),
        ("hosts/a/address", "10.213.78.1", "is not a host address of 10.213.77.0/24"),
        ("hosts/a/address", "10.213.77.1", "already used by the gateway"),
        ("hosts/a/address", "10.213.77.2", "10.213.77.2 is already used by a"),
        ("hosts/a/colour", "red", "hosts.a: unknown key 'colour'\n  -> allowed: release"),
        ("hosts/a/hardware/gpus/models", ["T4"], "'T4' is not MODEL:COUNT"),
        ("hosts/a/hardware/gpus/models", [], "is empty"),
        ("hosts/a/hardware/gpus/driver", 570.1, "quote it"),
        ("hosts/a/hardware/gpus/flavour", "free", "allowed: open, proprietary"),
        ("hosts/a/hardware/pci", [{"vendor": 1234, "device": "d500"}], "pci[0].vendor: 1234 is not valid (quote it"),
        ("hosts/a/hardware/pci", [{"vendor": "19e5"}], "'device' is missing"),
        ("hosts/a/hardware/secure_boot", "on", "must be true or false, not 'on'"),
        ("hosts/a/hardware/tpm", "infineon", "must be a mapping"),
        ("hosts/a/hardware/tpm", {"manufacturer": "In fineon"}, "tpm.manufacturer: 'In fineon' is not valid"),
        ("hosts/a/hardware/tpm", {"certificate": "no"}, "tpm.certificate: must be true or false"),
        ("hosts/a/hardware/tpm", {"certificates": False}, "allowed: manufacturer, certificate"),
    ],
)
def test_bad(tmp_path: Path, path: str, value: object, words: str) -> None:
    with pytest.raises(LabError) as error:
        load(tmp_path, changed(path, value))
    assert words in str(error.value)
    assert "probe.yml" in str(error.value)


def test_not_yaml(tmp_path: Path) -> None:
    file = tmp_path / "probe.yml"
    file.write_text("site: [", encoding="utf-8")
    with pytest.raises(LabError, match="not valid YAML"):
        definition.load(str(file))


def test_unknown_site() -> None:
    with pytest.raises(LabError, match=r"no site 'nowhere'(?s:.)*known sites:.*demo"):
        definition.load("nowhere")


def test_unknown_host(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"no host 'c'(?s:.)*a, b"):
        load(tmp_path, GOOD).host("c")
