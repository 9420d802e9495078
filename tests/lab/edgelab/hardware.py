# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulated hardware as files: what a host finds below /sys and /proc, apart from NVIDIA's cards.

Those come from the NVML simulator, which writes the files of its own fleet.
"""

from __future__ import annotations

from pathlib import Path

from .definition import Hardware, PciCard

SECURE_BOOT = "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
# EFI_VARIABLE_BOOTSERVICE_ACCESS | EFI_VARIABLE_RUNTIME_ACCESS, as firmware sets it
_ATTRIBUTES = (6).to_bytes(4, "little")


def files(hardware: Hardware) -> dict[str, bytes]:
    """Path below / to content, for everything that lab-init puts in place at boot."""
    tree: dict[str, bytes] = {}
    for card in hardware.pci:
        base = f"sys/bus/pci/devices/{card.address}"
        tree.update({f"{base}/{name}": content for name, content in _card(card).items()})
    if hardware.secure_boot is not None:
        tree[SECURE_BOOT] = _ATTRIBUTES + bytes([hardware.secure_boot])
    if hardware.jetson:
        base = "sys/firmware/devicetree/base"
        tree[f"{base}/model"] = hardware.jetson.model.encode() + b"\0"
        tree[f"{base}/compatible"] = b"".join(entry.encode() + b"\0" for entry in hardware.jetson.compatible)
    return tree


def disk_files(hardware: Hardware) -> dict[str, bytes]:
    """Path below / to content, for what lies on the host's disk: written once, the host may change it."""
    if not hardware.jetson:
        return {}
    return {"etc/nv_tegra_release": hardware.jetson.tegra_release.strip().encode() + b"\n"}


def write(tree: dict[str, bytes], root: Path) -> None:
    """Write files below a directory."""
    for name, content in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _card(card: PciCard) -> dict[str, bytes]:
    vendor, device, klass = (int(value, 16) for value in (card.vendor, card.device, card.pci_class))
    # the header that lspci reads: ids, class, and a type of 0 (an ordinary device)
    config = bytearray(64)
    config[0:2] = vendor.to_bytes(2, "little")
    config[2:4] = device.to_bytes(2, "little")
    config[9:12] = klass.to_bytes(3, "little")
    config[44:46] = vendor.to_bytes(2, "little")
    config[46:48] = device.to_bytes(2, "little")
    texts = {
        "vendor": f"0x{vendor:04x}",
        "device": f"0x{device:04x}",
        "subsystem_vendor": f"0x{vendor:04x}",
        "subsystem_device": f"0x{device:04x}",
        "class": f"0x{klass:06x}",
        "revision": "0x00",
        "irq": "0",
        "enable": "1",
        "numa_node": "-1",
        "resource": "\n".join(["0x0000000000000000 0x0000000000000000 0x0000000000000000"] * 7),
        "uevent": f"PCI_CLASS={klass:X}\nPCI_ID={vendor:04X}:{device:04X}\nPCI_SLOT_NAME={card.address}",
    }
    return {**{name: f"{text}\n".encode() for name, text in texts.items()}, "config": bytes(config)}
