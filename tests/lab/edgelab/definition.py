# SPDX-License-Identifier: GPL-3.0-or-later
"""The definition file of a site: read, checked, and turned into plain data."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from .errors import LabError
from .paths import SITES, shown

RELEASES = ("bookworm", "trixie")
DEFAULT_MANUFACTURER = "lab"
FLAVOURS = ("open", "proprietary")
# No dots: they separate site and host in the names of containers.
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?")
_HEX4 = re.compile(r"[0-9a-f]{4}")
_HEX6 = re.compile(r"[0-9a-f]{6}")
_PCI_ADDRESS = re.compile(r"[0-9a-f]{4}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]")
_DRIVER = re.compile(r"\d+(\.\d+){1,2}")


@dataclass(frozen=True)
class Gpus:
    """The NVIDIA cards of a host and the driver that is loaded for them."""

    models: tuple[tuple[str, int], ...]
    driver: str
    flavour: str


@dataclass(frozen=True)
class PciCard:
    """A card of another maker."""

    vendor: str
    device: str
    pci_class: str
    address: str


@dataclass(frozen=True)
class Jetson:
    """What identifies a Jetson board."""

    model: str
    compatible: tuple[str, ...]
    tegra_release: str


@dataclass(frozen=True)
class Hardware:
    """All emulated hardware of a host; the default is a plain machine without EFI."""

    gpus: Gpus | None = None
    pci: tuple[PciCard, ...] = ()
    tpm_manufacturer: str | None = None
    # whether the TPM has certificates of its endorsement keys
    tpm_certificate: bool = True
    secure_boot: bool | None = None
    jetson: Jetson | None = None


@dataclass(frozen=True)
class Host:
    """One emulated host."""

    name: str
    release: str
    address: str
    hub: bool
    hardware: Hardware


@dataclass(frozen=True)
class Site:
    """A site and where it was read from."""

    name: str
    subnet: ipaddress.IPv4Network
    hosts: tuple[Host, ...]
    source: Path = field(compare=False)

    def moved(self, subnet: ipaddress.IPv4Network) -> Site:
        """The site in another subnet of the same size, where each host has the same place."""
        distance = int(subnet.network_address) - int(self.subnet.network_address)
        hosts = tuple(replace(host, address=str(ipaddress.IPv4Address(host.address) + distance)) for host in self.hosts)
        return replace(self, subnet=subnet, hosts=hosts)

    def host(self, name: str) -> Host:
        """The host of that name."""
        for host in self.hosts:
            if host.name == name:
                return host
        names = ", ".join(host.name for host in self.hosts)
        raise LabError(f"site {self.name} has no host '{name}'", f"take one of: {names}")


def is_name(text: str) -> bool:
    """Whether the text can be the name of a site."""
    return bool(_NAME.fullmatch(text))


def find(site: str) -> Path:
    """The definition file for what the user typed: a name of a site, or a path."""
    path = Path(site) if "/" in site or site.endswith((".yml", ".yaml")) else SITES / f"{site}.yml"
    if path.is_file():
        return path.resolve()
    known = ", ".join(sorted(p.stem for p in SITES.glob("*.yml"))) or "none"
    raise LabError(
        f"there is no site '{site}' ({shown(path)} does not exist)", f"known sites: {known}; a path works too"
    )


def load(site: str) -> Site:
    """Read and check the definition of a site."""
    path = find(site)
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise LabError(f"{shown(path)} is not valid YAML: {error}") from error
    return _Reader(shown(path)).site(data, path)


class _Reader:
    """Turns parsed YAML into a Site; every error names the file, the key and what is allowed."""

    def __init__(self, file: str) -> None:
        self.file = file

    def bad(self, where: str, problem: str, fix: str = "") -> LabError:
        return LabError(f"{self.file}: {where}: {problem}", fix)

    def mapping(
        self, where: str, value: Any, allowed: tuple[str, ...], required: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self.bad(where, f"must be a mapping, not {value!r}")
        for key in value:
            if key not in allowed:
                raise self.bad(where, f"unknown key '{key}'", f"allowed: {', '.join(allowed)}")
        for key in required:
            if key not in value:
                raise self.bad(where, f"'{key}' is missing")
        return value

    def matching(self, where: str, value: Any, pattern: re.Pattern[str], example: str) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            quote = " (quote it, so that YAML reads it as text)" if not isinstance(value, str) else ""
            raise self.bad(where, f"{value!r} is not valid{quote}", f"for example: {example}")
        return value

    def one_of(self, where: str, value: Any, allowed: tuple[str, ...]) -> str:
        if value not in allowed:
            raise self.bad(where, f"{value!r} is not known", f"allowed: {', '.join(allowed)}")
        return str(value)

    def boolean(self, where: str, value: Any) -> bool:
        if not isinstance(value, bool):
            raise self.bad(where, f"must be true or false, not {value!r}")
        return value

    def listing(self, where: str, value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise self.bad(where, f"must be a list, not {value!r}")
        return value

    def site(self, data: Any, path: Path) -> Site:
        top = self.mapping("top level", data, ("site", "subnet", "hosts"), ("site", "subnet", "hosts"))
        name = self.matching("site", top["site"], _NAME, "demo")
        try:
            subnet = ipaddress.IPv4Network(top["subnet"])
        except ValueError as error:
            raise self.bad("subnet", str(error), "for example: 10.213.10.0/24") from error
        if not subnet.is_private or subnet.prefixlen > 28:
            raise self.bad("subnet", f"{subnet} must be private and /28 or larger", "for example: 10.213.10.0/24")
        if not isinstance(top["hosts"], dict) or not top["hosts"]:
            raise self.bad("hosts", "must be a mapping of at least one host")
        hosts = tuple(self.host(name_, entry) for name_, entry in top["hosts"].items())
        self.addresses(subnet, hosts)
        return Site(name, subnet, hosts, path)

    def addresses(self, subnet: ipaddress.IPv4Network, hosts: tuple[Host, ...]) -> None:
        gateway = str(next(subnet.hosts()))
        taken = {gateway: "the gateway"}
        for host in hosts:
            where = f"hosts.{host.name}.address"
            try:
                inside = ipaddress.IPv4Address(host.address) in subnet
            except ValueError as error:
                raise self.bad(where, str(error)) from error
            if not inside or host.address in (str(subnet.network_address), str(subnet.broadcast_address)):
                raise self.bad(where, f"{host.address} is not a host address of {subnet}")
            if host.address in taken:
                raise self.bad(where, f"{host.address} is already used by {taken[host.address]}")
            taken[host.address] = host.name

    def host(self, name: Any, entry: Any) -> Host:
        where = f"hosts.{name}"
        self.matching(where, name, _NAME, "gpu-a")
        values = self.mapping(where, entry, ("release", "address", "hub", "hardware"), ("release", "address"))
        return Host(
            name=name,
            release=self.one_of(f"{where}.release", values["release"], RELEASES),
            address=str(values["address"]),
            hub=self.boolean(f"{where}.hub", values.get("hub", False)),
            hardware=self.hardware(f"{where}.hardware", values.get("hardware", {})),
        )

    def hardware(self, where: str, value: Any) -> Hardware:
        values = self.mapping(where, value, ("gpus", "pci", "tpm", "secure_boot", "jetson"))
        gpus = self.gpus(f"{where}.gpus", values["gpus"]) if "gpus" in values else None
        jetson = self.jetson(f"{where}.jetson", values["jetson"]) if "jetson" in values else None
        if gpus and jetson:
            raise self.bad(where, "a Jetson has no discrete GPUs", "take away 'gpus' or 'jetson'")
        cards = self.listing(f"{where}.pci", values.get("pci", []))
        pci = tuple(self.card(f"{where}.pci[{index}]", card, index) for index, card in enumerate(cards))
        slots = [card.address for card in pci]
        if len(set(slots)) != len(slots):
            raise self.bad(f"{where}.pci", "two cards have the same address")
        secure_boot = values.get("secure_boot")
        if secure_boot is not None:
            self.boolean(f"{where}.secure_boot", secure_boot)
        return Hardware(gpus, pci, *self.tpm(f"{where}.tpm", values.get("tpm", False)), secure_boot, jetson)

    def gpus(self, where: str, value: Any) -> Gpus:
        values = self.mapping(where, value, ("models", "driver", "flavour"), ("models", "driver"))
        models = []
        for entry in self.listing(f"{where}.models", values["models"]):
            model, _colon, count = str(entry).rpartition(":")
            if not model or not count.isdigit() or not 1 <= int(count) <= 16:
                raise self.bad(f"{where}.models", f"{entry!r} is not MODEL:COUNT", "for example: A100-40:2")
            models.append((model, int(count)))
        if not models:
            raise self.bad(f"{where}.models", "is empty", "leave 'gpus' away for a host without GPUs")
        driver = self.matching(f"{where}.driver", values["driver"], _DRIVER, '"570.172.08"')
        return Gpus(tuple(models), driver, self.one_of(f"{where}.flavour", values.get("flavour", "open"), FLAVOURS))

    def card(self, where: str, value: Any, index: int) -> PciCard:
        values = self.mapping(where, value, ("vendor", "device", "class", "address"), ("vendor", "device"))
        return PciCard(
            vendor=self.matching(f"{where}.vendor", values["vendor"], _HEX4, '"19e5"'),
            device=self.matching(f"{where}.device", values["device"], _HEX4, '"d500"'),
            # 12 00 00: processing accelerator
            pci_class=self.matching(f"{where}.class", values.get("class", "120000"), _HEX6, '"120000"'),
            # buses from c1 on: away from those of the simulated NVIDIA cards
            address=self.matching(
                f"{where}.address",
                values.get("address", f"0000:{0xC1 + index:02x}:00.0"),
                _PCI_ADDRESS,
                '"0000:c1:00.0"',
            ),
        )

    def tpm(self, where: str, value: Any) -> tuple[str | None, bool]:
        if isinstance(value, bool):
            return (DEFAULT_MANUFACTURER if value else None, True)
        values = self.mapping(where, value, ("manufacturer", "certificate"))
        manufacturer = values.get("manufacturer", DEFAULT_MANUFACTURER)
        return (
            self.matching(f"{where}.manufacturer", manufacturer, _NAME, "acme"),
            self.boolean(f"{where}.certificate", values.get("certificate", True)),
        )

    def jetson(self, where: str, value: Any) -> Jetson:
        keys = ("model", "compatible", "tegra_release")
        values = self.mapping(where, value, keys, keys)
        compatible = self.listing(f"{where}.compatible", values["compatible"])
        return Jetson(str(values["model"]), tuple(str(entry) for entry in compatible), str(values["tegra_release"]))
