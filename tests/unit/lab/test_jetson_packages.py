# SPDX-License-Identifier: GPL-3.0-or-later
"""The releases and packages of the emulated Jetsons agree with the sites, and with each other."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson import board, bootloader
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson.nvpmodel_conf import parse_conf
from edgelab import definition, jetson, jetson_packages, jetson_releases, paths

SITES = [*definition.SITES.glob("*.yml"), paths.LAB / "tests" / "jetson.yml"]


def test_jetsons_of_the_sites_have_the_line_that_their_package_brings() -> None:
    seen = set()
    for path in SITES:
        for host in definition.load(str(path)).hosts:
            release = jetson.release(host)
            if host.hardware.jetson and release:
                assert host.hardware.jetson.tegra_release == release.tegra_release
                seen.add(release.l4t)
    assert {"35.6.1", "36.4.4", "36.4.7"} <= seen


def test_release_without_packages_is_none() -> None:
    assert jetson_releases.find("# R36 (release), REVISION: 3.0, GCID: 1, BOARD: generic") is None
    assert jetson_releases.find("garbage") is None


@pytest.mark.parametrize("release", jetson_releases.RELEASES, ids=lambda release: release.l4t)
def test_packages_of_a_release_fit_together(release: jetson_releases.Release) -> None:
    packages = jetson_packages.of_release(release, b"key")
    names = {package.name for package in packages}
    for package in packages:
        assert {depends.split()[0] for depends in package.depends} <= names
    versions = {package.name: package.version for package in packages}
    assert versions["nvidia-l4t-core"] == release.version
    assert versions["nvidia-jetpack"] == release.jetpack
    assert board.parse_package_version(release.version).version == release.l4t
    # 36.5.0 is written 36.5.0 in the package and 5.0 in the file
    assert board.parse_tegra_release(release.tegra_release).version == release.l4t


@pytest.mark.parametrize("name", ["agx-orin", "orin-nano", "agx-xavier"])
def test_bootloader_package_knows_the_boards_of_the_lab(name: str) -> None:
    script = (jetson_packages.SOURCES / "files" / "bootloader.postinst").read_text()
    conf = f"COMPATIBLE_SPEC {jetson._BOARD_SPECS[name]}\n"
    assert bootloader.unknown_board(conf, script) is None
    assert bootloader.unknown_board(conf.replace("devkit", "carrier"), script)


def test_hub_of_a_site_without_jetsons_serves_nothing() -> None:
    site = definition.load("bench")
    assert jetson.hub_files(site, site.host("hub")) == {} == jetson.hub_links(site, site.host("hub"))
    assert jetson.names(site, site.host("gpu-1")) == ""


@pytest.mark.parametrize(
    ("name", "modes", "default"),
    [
        ("p3701_0000", ["MAXN", "MODE_15W", "MODE_30W", "MODE_50W"], 2),
        ("p3767_0003_super", ["15W", "25W", "MAXN_SUPER", "7W"], 1),
        ("t194", ["MAXN", "MODE_10W", "MODE_15W", "MODE_30W_ALL", "MODE_15W_DESKTOP"], 7),
    ],
)
def test_power_modes(name: str, modes: list, default: int) -> None:
    conf = parse_conf((jetson_packages.SOURCES / "files" / f"nvpmodel_{name}.conf").read_text())
    assert ([mode.name for mode in conf.modes], conf.default) == (modes, default)
